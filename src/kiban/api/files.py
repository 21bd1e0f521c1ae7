"""Attachments: sent first, then named by their digest in the data of an act."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import File, Query, Router, UploadedFile

from kiban.access.actors import bodies_of
from kiban.access.models import User
from kiban.access.scope import scope
from kiban.api import shapes
from kiban.api.answers import answer, not_allowed, wrong_input
from kiban.api.auth import Caller, caller
from kiban.cases import files as storage
from kiban.kernel.definitions.model import Label
from kiban.kernel.problems import INVALID, REQUIRED, TOO_LONG, Problem
from kiban.ops import clock

router = Router(auth=Caller(), tags=["attachments"])
_REFUSED = {
    "empty": (INVALID, Label(ja="空のファイルです。", en="The file is empty.")),
    "too_large": (TOO_LONG, Label(ja="ファイルは10MBまでです。", en="A file has at most 10 MB.")),
    "type": (
        INVALID,
        Label(ja="PDF・JPEG・PNGのファイルを送ってください。", en="Send a PDF, JPEG or PNG file."),
    ),
}


@router.post(
    "/attachments",
    response={201: shapes.AttachmentItem, 422: shapes.ProblemDocument},
    summary="Store a file",
)
def upload(
    request: HttpRequest,
    file: UploadedFile = File(...),  # noqa: B008
    body: str = Query("", max_length=32, description="Staff and machines: the body that keeps the file"),
) -> HttpResponse:
    """Keeps a file of the caller's; the answer is the value of a `file` field. PDF, JPEG or PNG, at most 10 MB."""
    partition = _partition(caller(request), body)
    if file.size is not None and file.size > storage.LIMIT:
        raise _refused("too_large")
    content = file.read()
    with scope(partition):
        try:
            kept = storage.store(file.name or "file", content, at=clock.now())
        except storage.FileRefused as error:
            raise _refused(error.reason) from None
    return answer(kept, 201)


def _partition(user: User, body: str) -> str:
    if user.kind == "party":
        return user.partition
    if not body:
        message = Label(
            ja="ファイルを保管する団体（body）を指定してください。", en="Say which body keeps the file."
        )
        raise wrong_input([Problem("body", REQUIRED, message)])
    if all(code != body for code, _service in bodies_of(user, on=clock.today())):
        raise not_allowed()
    return body


def _refused(reason: str) -> Exception:
    code, message = _REFUSED[reason]
    return wrong_input([Problem("file", code, message)])
