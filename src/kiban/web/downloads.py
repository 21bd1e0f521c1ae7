"""Documents and attached files of a case, for those who may see it."""

from __future__ import annotations

from urllib.parse import quote
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from kiban.access.scope import scope
from kiban.cases import files, queries
from kiban.cases.queries import CaseView
from kiban.documents import issue
from kiban.web.viewer import Place, case_for, party_only, staff_only, user_of


def _document(place: Place, found: CaseView, document_id: UUID) -> HttpResponse:
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


def _file(place: Place, found: CaseView, sha256: str) -> HttpResponse:
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


def document(request: HttpRequest, body: str, case: UUID, document: UUID) -> HttpResponse:
    """The PDF of a document of a case."""
    return _document(*_opened(request, body, case), document)


def file(request: HttpRequest, body: str, case: UUID, sha256: str) -> HttpResponse:
    """A file that stands in a case."""
    return _file(*_opened(request, body, case), sha256)


def _opened(request: HttpRequest, body: str, case: UUID) -> tuple[Place, CaseView]:
    user = user_of(request)
    assert user is not None  # the views are for those who are signed in
    return case_for(user, body, case)


my_document, my_file = require_safe(party_only(document)), require_safe(party_only(file))
desk_document, desk_file = require_safe(staff_only(document)), require_safe(staff_only(file))


def _answer(content: bytes, kind: str, name: str) -> HttpResponse:
    """Shown in the browser as what it is and as nothing else (nosniff)."""
    answer = HttpResponse(content, content_type=kind)
    answer["Content-Disposition"] = f"inline; filename*=UTF-8''{quote(name)}"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer
