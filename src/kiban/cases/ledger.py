"""Reading events with what they say: those of a case, or of a body in spans of cases, for audit and rebuilding.

A span is small enough to be held in memory as a whole, and several processes can take spans of one body: what is
held does not grow with the body, and what it takes grows as its events do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

import orjson
import psycopg
from django.db import connection

from kiban.access.scope import scope
from kiban.cases import sealing
from kiban.cases.events import ChainedEvent, Content, content_place

_CASES = 2000
_LEAST, _MOST = str(UUID(int=0)), str(UUID(int=2**128 - 1))
_FIRSTS = """
    SELECT id::text FROM (
        SELECT id, row_number() OVER (ORDER BY id) AS place FROM cases_case WHERE body = %s
    ) AS listed WHERE place > 1 AND (place - 1) %% %s = 0 ORDER BY id
"""
_TABLES = ("cases_case", "cases_event", "cases_root", "documents_document", "registries_record")
_ANYTHING = " OR ".join(f"EXISTS (SELECT FROM {table} WHERE body = %(body)s)" for table in _TABLES)
# The span stands on both sides of the join, so that it is one pass over each table and not a look for each event.
_CONTENTS = """
      FROM (SELECT * FROM cases_event WHERE body = %(body)s AND case_id BETWEEN %(first)s AND %(last)s) AS e
      LEFT JOIN (SELECT * FROM cases_eventcontent
                  WHERE body = %(body)s AND case_id BETWEEN %(first)s AND %(last)s) AS c USING (case_id, seq)
     ORDER BY e.case_id, e.seq, c."group"
"""
_EVENTS = f"""
    SELECT case_id::text, seq, e.act, e.actor, e.place, e.department, e.at, e.edition, e.digests::text, e.prev,
           e.hash, c."group", c.salt, c.key_id, c.nonce, c.sealed {_CONTENTS}
"""
_SAID = f'SELECT case_id::text, seq, c."group", c.key_id, c.nonce, c.sealed {_CONTENTS}'


@dataclass(frozen=True, slots=True)
class Span:
    """The cases of a body from one id to another, both included. The spans of a body cover every id there is."""

    body: str
    first: str = _LEAST
    last: str = _MOST

    @property
    def begins(self) -> bool:
        """Whether this is the first span of its body: what concerns the body as a whole is done with it."""
        return self.first == _LEAST


def spans_of(body: str) -> list[Span]:
    """The spans of a body, some 2,000 cases each; none where nothing stands. Opens its own scope."""
    with scope(body), connection.cursor() as cursor:
        cursor.execute(f"SELECT {_ANYTHING}", {"body": body})
        if not cursor.fetchone()[0]:
            return []
        cursor.execute(_FIRSTS, [body, _CASES])
        firsts = [_LEAST, *(row[0] for row in cursor.fetchall())]
    lasts = [*(str(UUID(int=UUID(first).int - 1)) for first in firsts[1:]), _MOST]
    return [Span(body, first, last) for first, last in zip(firsts, lasts, strict=True)]


def read(sql: str, span: Span) -> list[tuple[Any, ...]]:
    """The rows of a query with the places `body`, `first` and `last` of a span, in the open scope.

    In binary form: bytes and times are not written out as text and read again.
    """
    with psycopg.Cursor(connection.connection) as cursor:
        places = {"body": span.body, "first": span.first, "last": span.last}
        return cursor.execute(sql, places, prepare=False, binary=True).fetchall()


Said = dict[str, dict[str, Any]]
"""What an event says, by group; a group that was disposed of is absent."""


def said(span: Span) -> Iterator[tuple[str, list[tuple[int, Said]]]]:
    """Every case of a span in order, with what each of its events says. Raises sealing.ContentUnreadable."""
    body, unseal, place = span.body, sealing.unseal, content_place
    for case, rows in groupby(read(_SAID, span), key=itemgetter(0)):
        found: dict[int, Said] = {}
        for _case, seq, group, key_id, nonce, sealed in rows:
            groups = found.setdefault(seq, {})
            if group is not None:
                content = unseal(key_id, nonce, sealed, place(body, case, seq, group))
                groups[group] = orjson.loads(content)
        yield case, list(found.items())


def stored_events(span: Span) -> Iterator[ChainedEvent]:
    """Every event of a span, case by case, in order."""
    for _, group in groupby(read(_EVENTS, span), key=itemgetter(0, 1)):
        lines = list(group)
        contents = tuple(Content(*line[11:]) for line in lines if line[11] is not None)
        *head, digests, prev, own = lines[0][:11]
        yield ChainedEvent(span.body, *head, orjson.loads(digests), prev, own, contents)
