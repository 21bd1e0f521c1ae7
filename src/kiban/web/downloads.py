"""Documents and attached files of a case, for those who may see it."""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID

from django.http import Http404, HttpResponse

from kiban.access.scope import scope
from kiban.cases import files, queries
from kiban.cases.queries import CaseView
from kiban.documents import issue
from kiban.web.viewer import Place


def document(place: Place, found: CaseView, document_id: UUID) -> HttpResponse:
    """The PDF of a document of this case. Raises Http404."""
    try:
        made = issue.pdf(place.body.code, document_id)
    except issue.UnknownDocument:
        raise Http404 from None
    word = found.procedure.service.documents.get(made.name)
    if (
        made.case_id != found.row.id
        or word is None
        or word.name not in queries.sees(found, place.actor).documents
    ):
        raise Http404
    with scope(place.body.code, viewer=place.actor.id):
        queries.log_access("document", found.row.id)
    return _answer(bytes(made.pdf or b""), "application/pdf", f"{word.label.ja}-{made.number}.pdf")


def file(place: Place, found: CaseView, sha256: str) -> HttpResponse:
    """A file named in a section of this case that the viewer may read. Raises Http404."""
    values = queries.sees(found, place.actor).only(found.state.values)
    named = {one["sha256"]: one for one in files.named_in(values)}
    if sha256 not in named:
        raise Http404
    with scope(place.body.code, viewer=place.actor.id):
        stored = files.read(sha256)
        queries.log_access("file", found.row.id)
    if stored is None:
        raise Http404
    row, content = stored
    return _answer(content, row.type, named[sha256]["name"])


def _answer(content: bytes, kind: str, name: str) -> HttpResponse:
    """Shown in the browser as what it is and as nothing else (nosniff)."""
    answer = HttpResponse(content, content_type=kind)
    answer["Content-Disposition"] = f"inline; filename*=UTF-8''{quote(name)}"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
