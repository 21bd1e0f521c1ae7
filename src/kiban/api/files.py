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
from kiban.kernel.problems import REQUIRED, Problem
from kiban.ops import clock

router = Router(auth=Caller(), tags=["attachments"])


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
    user = caller(request)
    partition = _partition(user, body)
    try:
        if file.size is not None and file.size > storage.LIMIT:
            raise storage.FileRefused("too_large")
        with scope(partition, viewer=str(user.id)):
            kept = storage.store(file.name or "file", file.read(), at=clock.now())
    except storage.FileRefused as refused:
        raise wrong_input([refused.problem("file")]) from None
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
