"""The PDF of an issued document: made from its event's data and signed, once, by the worker or the first reader."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from functools import lru_cache
from uuid import UUID

from django.conf import settings
from django.urls import reverse

from kiban.access import bodies
from kiban.access.scope import scope
from kiban.definitions import editions
from kiban.documents import signers, signing
from kiban.documents.mark import Mark, printed
from kiban.documents.models import Document
from kiban.documents.render import Renderer


class UnknownDocument(LookupError):
    """No such document in this body."""


def pdf(body: str, document_id: UUID | str) -> Document:
    """The document with its `pdf` and `sha256`. Opens its own scopes.

    Raises UnknownDocument, render.TemplateError, signers.SigningProblem (it waits until it can be signed). Of two who
    make it at once the first one's is kept. Characters that no font prints stand in `unprintable` and are printed as
    〓: the clerk is told.
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
    """Makes the PDF, signs it and keeps it, unless somebody was quicker. Opens its own scope. Raises as `pdf`."""
    template = editions.get(document.edition).documents[document.name].template
    renderer = _renderer(document.edition)
    lost = renderer.unprintable(document.data)
    seen = mark(document.body, document.code)
    made = renderer.render(
        template.removesuffix(".typ"), document.data, at=document.at, missing="replace", mark=seen
    )
    made, signed_at = _signed(made, document.body, seen)
    with scope(document.body):
        Document.objects.filter(body=document.body, id=document.id, pdf=None).update(
            pdf=made,
            signed_at=signed_at,
            sha256=hashlib.sha256(made).hexdigest(),
            unprintable=[{"path": u.path, "text": u.missing.text, "reason": u.missing.reason} for u in lost],
        )
        return Document.objects.get(body=document.body, id=document.id)


def mark(body: str, code: str) -> Mark:
    """Where the document of this code can be verified."""
    site = settings.BASE_URL
    return Mark(
        url=site + reverse("verify-document", args=[body, code]), home=site + reverse("verify"),
        code=printed(body, code),
    )  # fmt: skip


def _signed(made: bytes, body: str, seen: Mark) -> tuple[bytes, datetime | None]:
    """The file as it is issued and when it was signed: without a key unsigned, unless signatures are required."""
    signer, now = signers.signer_for(body), datetime.now(UTC)
    if signer is not None:
        return signing.sign(made, signer, at=now, contact=seen.url, place=bodies.row(body).name), now
    if settings.KIBAN_SIGNATURES == "required":
        raise signers.SigningProblem(
            f"{body}: no key is set and KIBAN_SIGNATURES=required: put one into KIBAN_HOME/secrets/signing"
        )
    return made, None


@lru_cache(maxsize=32)
def _renderer(edition: str) -> Renderer:
    return Renderer(editions.template_folder(edition) / "documents")
