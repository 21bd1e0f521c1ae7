"""Cursor pages: where the next page begins, as a word that callers hand back unread."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import orjson

T = TypeVar("T")


class BadCursor(ValueError):
    """A cursor that was not given by the page before (400)."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Rows of a list and the cursor of the next page; None on the last one."""

    rows: Sequence[T]
    next: str | None


def encode(values: Sequence[object]) -> str:
    """A cursor from the sort values of a page's last row."""
    return base64.urlsafe_b64encode(orjson.dumps(list(values))).decode().rstrip("=")


def decode(cursor: str, *kinds: type) -> list[object]:
    """The sort values of a cursor, of these types (or None). Raises BadCursor."""
    try:
        raw = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        values = orjson.loads(raw)
    except (binascii.Error, orjson.JSONDecodeError, UnicodeEncodeError, ValueError):
        raise BadCursor("unreadable") from None
    fits = isinstance(values, list) and len(values) == len(kinds)
    if not fits or not all(v is None or isinstance(v, kind) for v, kind in zip(values, kinds, strict=True)):
        raise BadCursor("of another list")
    return list(values)
