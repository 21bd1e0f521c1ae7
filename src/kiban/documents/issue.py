"""The PDF of an issued document: made once, by the worker or the first reader, from the data of its event."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from uuid import UUID

from kiban.access.scope import scope
from kiban.definitions import editions
from kiban.documents.models import Document
from kiban.documents.render import Renderer


class UnknownDocument(LookupError):
    """No such document in this body."""


def pdf(body: str, document_id: UUID | str) -> Document:
    """The document with its `pdf` and `sha256`. Opens its own scopes. Raises UnknownDocument, render.TemplateError.

    The same data, template and time give the same bytes, so that two who make it at once make the same. Characters
    that no font prints stand in `unprintable` and are printed as 〓: the clerk is told.
    """
    try:
        wanted = UUID(str(document_id))
    except ValueError:
        raise UnknownDocument(document_id) from None
    with scope(body):
        found = Document.objects.filter(body=body, id=wanted).first()
    if found is None:
        raise UnknownDocument(document_id)
    return found if found.pdf is not None else render(found)


def render(document: Document) -> Document:
    """Makes the PDF and keeps it, unless somebody was quicker. Opens its own scope."""
    template = editions.get(document.edition).documents[document.name].template
    renderer = _renderer(document.edition)
    lost = renderer.unprintable(document.data)
    made = renderer.render(template.removesuffix(".typ"), document.data, at=document.at, missing="replace")
    with scope(document.body):
        Document.objects.filter(body=document.body, id=document.id, pdf=None).update(
            pdf=made,
            sha256=hashlib.sha256(made).hexdigest(),
            unprintable=[{"path": u.path, "text": u.missing.text, "reason": u.missing.reason} for u in lost],
        )
        return Document.objects.get(body=document.body, id=document.id)


@lru_cache(maxsize=32)
def _renderer(edition: str) -> Renderer:
    return Renderer(editions.template_folder(edition) / "documents")
