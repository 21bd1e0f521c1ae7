"""Files that come with a form: kept at once in the partition of the one who fills it, named by their SHA-256."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest

from kiban.access.scope import scope
from kiban.cases import files
from kiban.ops import clock
from kiban.web.filling import Filling
from kiban.web.forms.posted import Posted, Raw, storable


def posted_raw(request: HttpRequest, filling: Filling, partition: str) -> Raw:
    """The raw input after this post; problems of files stand in `filling.upload_problems`.

    A file that was sent before is taken where its person sent it, or where the case holds it already.
    """
    holder = filling.place.actor.id
    in_case = {one["sha256"]: one for one in files.named_in(filling.case.values if filling.case else {})}

    def store(uploaded: UploadedFile[Any], path: str) -> Mapping[str, Any] | None:
        try:
            if uploaded.size is not None and uploaded.size > files.LIMIT:
                raise files.FileRefused("too_large")
            with scope(partition, viewer=holder):
                return files.store(storable(uploaded.name or "file"), uploaded.read(), at=clock.now())
        except files.FileRefused as refused:
            filling.upload_problems.append(refused.problem(path))
            return None

    def file_of(sha256: str) -> Mapping[str, Any] | None:
        with scope(partition):
            return files.held(sha256, holder) or in_case.get(sha256)

    posted = Posted(request.POST, request.FILES, file_of, store)
    return posted.read(filling.fields, filling.raw)
