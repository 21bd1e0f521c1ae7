"""Reading a body's events in bulk, in order, with their content: for audit and rebuilding. Runs in an open scope."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from django.db import connection

from kiban.access.scope import current
from kiban.cases import events, sealing

_CHUNK = 2000
_SQL = """
    SELECT e.case_id::text, e.seq, e.act, e.actor, e.place, e.department, e.at, e.edition, e.digests::text, e.prev,
           e.hash, c."group", c.salt, c.key_id, c.nonce, c.sealed
      FROM cases_event e
      LEFT JOIN cases_eventcontent c ON (c.body, c.case_id, c.seq) = (e.body, e.case_id, e.seq)
     WHERE e.body = %s ORDER BY e.case_id, e.seq, c."group"
"""


@dataclass(slots=True)
class StoredContent:
    """A group of an event as stored."""

    group: str
    salt: bytes
    key_id: str
    nonce: bytes
    sealed: bytes


@dataclass(slots=True)
class StoredEvent:
    """An event row with its contents."""

    case: str
    seq: int
    act: str
    actor: str
    place: str
    department: str
    at: datetime
    edition: str
    digests: dict[str, str]
    prev: bytes
    hash: bytes
    contents: list[StoredContent]

    def computed_hash(self, body: str) -> bytes:
        """The hash that the row's columns give."""
        return events.chain_hash(
            body=body, case=self.case, seq=self.seq, act=self.act, actor=self.actor, place=self.place,
            department=self.department, at=self.at, edition=self.edition, digests=self.digests, prev=self.prev,
        )  # fmt: skip

    def open(self, body: str, stored: StoredContent) -> bytes:
        """The content of a group. Raises sealing.ContentUnreadable."""
        place = events.content_place(body, self.case, self.seq, stored.group)
        return sealing.unseal(stored.key_id, stored.nonce, stored.sealed, place)


def stored_events() -> Iterator[StoredEvent]:
    """Every event of the open scope, case by case, in order."""
    import orjson

    body = current().body
    with connection.chunked_cursor() as cursor:
        cursor.cursor.itersize = _CHUNK
        cursor.execute(_SQL, [body])
        rows: Iterator[tuple[Any, ...]] = iter(cursor)
        for _, group in groupby(rows, key=lambda row: row[:2]):
            lines = list(group)
            head = lines[0]
            contents = [
                StoredContent(line[11], bytes(line[12]), line[13], bytes(line[14]), bytes(line[15]))
                for line in lines
                if line[11] is not None
            ]
            yield StoredEvent(*head[:8], orjson.loads(head[8]), bytes(head[9]), bytes(head[10]), contents)  # type: ignore[call-arg]
