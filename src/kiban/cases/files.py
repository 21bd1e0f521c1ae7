"""Attachments: bytes stand once in KIBAN_HOME/files by their SHA-256, outside any web root; rows say whose they are."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from django.db.models import F, Func, Value

from kiban.access.scope import current
from kiban.cases import scanner
from kiban.cases.models import Attachment
from kiban.kernel.definitions.model import Label
from kiban.kernel.facts import Decision, Refusal
from kiban.kernel.problems import INVALID, TOO_LONG, Problem
from kiban.ops.home import folder

LIMIT = 10 * 1024 * 1024
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")
_HELD = "SELECT sha256, type, size FROM kiban_held(%s, %s, %s)"
_ANSWER = frozenset({"value", "text", "mark"})
_UNSENT = Label(
    ja="このファイルは届いていません。もう一度添付してください。",
    en="This file has not arrived. Please attach it again.",
)
_INPUT = Label(ja="入力に直していただきたい所があります。", en="Please correct your input.")
_KINDS = ((b"%PDF-", "application/pdf"), (b"\x89PNG\r\n\x1a\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg"))


_REFUSED = {
    "empty": (INVALID, Label(ja="ファイルの中身がありません。", en="The file is empty.")),
    "too_large": (
        TOO_LONG,
        Label(
            ja="ファイルが10MBを超えています。小さくしてから選び直してください。",
            en="The file is larger than 10 MB. Please choose a smaller one.",
        ),
    ),
    "type": (
        INVALID,
        Label(ja="PDF・JPEG・PNGのファイルを選んでください。", en="Please choose a PDF, JPEG or PNG file."),
    ),
    "infected": (
        INVALID,
        Label(
            ja="ファイルからウイルスなどの有害なプログラムが検出されました。このファイルは受け取れません。",
            en="Malicious software was found in the file. It can't be taken.",
        ),
    ),
    "unknown": (
        INVALID,
        Label(
            ja="ファイルの安全を確認できませんでした。時間をおいて、もう一度添付してください。",
            en="The file could not be checked for malicious software. Please attach it again later.",
        ),
    ),
}


class FileRefused(ValueError):
    """The file can't be taken: `reason` is too_large, empty, type, infected, or unknown (not to be checked now)."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)

    def problem(self, path: str) -> Problem:
        """The problem of the field at `path`, in words."""
        code, message = _REFUSED[self.reason]
        return Problem(path, code, message)


def store(name: str, content: bytes, *, at: datetime) -> dict[str, Any]:
    """Keeps a file for the open scope and its viewer; the value of a file field: name, sha256, size (bytes), type.

    PDF, JPEG and PNG by their first bytes, at most 10 MB, and clean where a scanner is set. Raises FileRefused.
    """
    if not content:
        raise FileRefused("empty")
    if len(content) > LIMIT:
        raise FileRefused("too_large")
    kind = _kind(content[:16])
    if kind is None:
        raise FileRefused("type")
    verdict = scanner.scan(content)
    if verdict != "clean":
        raise FileRefused(verdict)
    sha256 = hashlib.sha256(content).hexdigest()
    _write(path_of(sha256), content)
    name = Path(name.replace("\\", "/")).name[-200:] or "file"
    _hold(sha256, name, kind, len(content), at)
    return {"name": name, "sha256": sha256, "size": len(content), "type": kind}


def read(sha256: str) -> tuple[Attachment, bytes] | None:
    """A file that the open scope holds, else None."""
    row = (
        Attachment.objects.filter(body=current().body, sha256=sha256).first()
        if _SHA256.match(sha256)
        else None
    )
    if row is None:
        return None
    try:
        return row, path_of(sha256).read_bytes()
    except FileNotFoundError:
        return None


def path_of(sha256: str) -> Path:
    """Where the bytes with this digest stand (whether or not they are there)."""
    if not _SHA256.match(sha256):
        raise ValueError("not a SHA-256")
    return folder("files") / sha256[:2] / sha256


def named_in(value: object) -> Iterator[dict[str, Any]]:
    """The stored files that a JSON value names, as rows of `attachment`: name, sha256, type, size."""
    if isinstance(value, Mapping):
        sha256 = value.get("sha256")
        if isinstance(sha256, str) and _SHA256.match(sha256):
            with contextlib.suppress(FileNotFoundError), path_of(sha256).open("rb") as stream:
                kind = _kind(stream.read(16)) or "application/octet-stream"
                name, size = str(value.get("name") or "file")[-200:], os.fstat(stream.fileno()).st_size
                yield {"name": name, "sha256": sha256, "type": kind, "size": size}
            return
        for item in value.values():
            yield from named_in(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from named_in(item)


def named_by(input: Mapping[str, object]) -> list[tuple[str, str]]:
    """The files that an input names: path of the field, SHA-256."""
    return [pair for name, value in input.items() for pair in _named(value, name)]


def question(place: str, holder: str, named: list[tuple[str, str]]) -> tuple[str, list[Any]]:
    """SQL and values that ask which of the named files `holder` may attach in its place: (SHA-256, type, size).

    A party all that its partition holds, staff and machines what they have sent to the body themselves.
    """
    return _HELD, [place, holder, sorted({digest for _, digest in named})]


def held(sha256: str, holder: str) -> dict[str, Any] | None:
    """The value of a file field for a file of the open scope that `holder` may attach, else None."""
    rows = Attachment.objects.filter(body=current().body, sha256=sha256)
    if not current().body.startswith("p-"):
        rows = rows.filter(holders__contains=[holder])
    row = rows.first()
    return None if row is None else {"name": row.name, "sha256": sha256, "size": row.size, "type": row.type}


def attached(value: object, held: Mapping[str, tuple[str, int]]) -> Iterator[dict[str, Any]]:
    """The files that a value names and that its actor holds (`held`: type and size by SHA-256), as `named_in`."""
    if isinstance(value, Mapping):
        sha256 = value.get("sha256")
        if isinstance(sha256, str) and sha256 in held:
            kind, size = held[sha256]
            name = str(value.get("name") or "file")[-200:]
            yield {"name": name, "sha256": sha256, "type": kind, "size": size}
            return
        for item in value.values():
            yield from attached(item, held)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from attached(item, held)


def refuse_unsent(
    found: Decision | Refusal,
    named: list[tuple[str, str]],
    held: Collection[str],
    values: Mapping[str, object],
) -> Decision | Refusal:
    """A decision on input that names files which are neither `held` by the actor nor in the case is a refusal.

    Nobody gets at a file of others by naming its digest.
    """
    missing = [(path, digest) for path, digest in named if digest not in held]
    if not missing or (isinstance(found, Refusal) and found.code != INVALID):
        return found
    here = {digest for name, value in values.items() for _, digest in _named(value, name)}
    lost = tuple(Problem(path, INVALID, _UNSENT) for path, digest in missing if digest not in here)
    if not lost:
        return found
    if isinstance(found, Refusal):
        return Refusal(found.code, found.message, (*found.problems, *lost), found.suggest)
    return Refusal(INVALID, _INPUT, lost)


def _named(value: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        digest = value.get("sha256")
        if isinstance(digest, str) and _SHA256.match(digest.lower()):
            yield path, digest.lower()
        elif "value" in value and _ANSWER.issuperset(value):
            yield from _named(value["value"], path)
        else:
            for name, item in value.items():
                yield from _named(item, f"{path}.{name}")
    elif isinstance(value, list | tuple):
        for place, item in enumerate(value, start=1):
            yield from _named(item, f"{path}[{place}]")


def _hold(sha256: str, name: str, kind: str, size: int, at: datetime) -> None:
    here, holder = current().body, current().viewer
    row, made = Attachment.objects.get_or_create(
        body=here, sha256=sha256,
        defaults={"name": name, "type": kind, "size": size, "at": at, "holders": [holder] if holder else []},
    )  # fmt: skip
    if not made and holder and holder not in row.holders:
        rows = Attachment.objects.filter(body=here, sha256=sha256).exclude(holders__contains=[holder])
        rows.update(holders=Func(F("holders"), Value(holder), function="array_append"))


def _kind(head: bytes) -> str | None:
    return next((kind for start, kind in _KINDS if head.startswith(start)), None)


def _write(path: Path, content: bytes) -> None:
    if path.exists():
        return
    path.parent.mkdir(mode=0o700, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with temporary.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)
