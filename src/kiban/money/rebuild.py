"""The ledger compared with the events, written anew where it differs, and filled once in an older installation.

Whatever an event says of charges stands in the ledger, with the actor and the time of the event. The day under which
an entry is booked is a fact of its own: it depends on what was closed at that moment, and is kept.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import orjson
from django.db import connection

from kiban.access import bodies
from kiban.access.scope import scope
from kiban.cases.events import MATTER
from kiban.cases.ledger import Said, Span, read, said, spans_of
from kiban.money.entries import rows
from kiban.money.models import Entry

Made = dict[tuple[str, int], list[dict[str, Any]]]
"""By case and event: the rows that the event makes."""

_FILLED = "filled from the events"
# The span stands on each side of the joins: one pass over each table, not a look for each entry.
_HERE = "body = %(body)s AND case_id BETWEEN %(first)s AND %(last)s"
_ENTRIES = f"""
    SELECT case_id::text, seq, m.line, m.charge, m."do", m.amount, m.method, m.reference, m.receipt,
           (m.at, m.actor, m.day, m.service) IS NOT DISTINCT FROM
           (e.at, e.actor, (e.at AT TIME ZONE 'Asia/Tokyo')::date, c.service)
      FROM (SELECT * FROM money_entry WHERE {_HERE}) AS m
      JOIN (SELECT * FROM cases_event WHERE {_HERE}) AS e USING (case_id, seq)
      JOIN (SELECT id AS case_id, service FROM cases_case
             WHERE body = %(body)s AND id BETWEEN %(first)s AND %(last)s) AS c USING (case_id)
"""  # noqa: S608
_ENTER = """
    SELECT kiban_enter_money(e.body, c.service, c.procedure, e.case_id, e.seq, e.at, e.actor,
                             (e.at AT TIME ZONE 'Asia/Tokyo')::date, %s::jsonb)
      FROM cases_event e JOIN cases_case c ON (c.body, c.id) = (e.body, e.case_id)
     WHERE e.body = %s AND e.case_id = %s AND e.seq = %s
"""


def made_by(groups: Said) -> list[dict[str, Any]]:
    """The rows that an event makes; none when what it said was disposed of."""
    return rows(groups[MATTER].get("effects", ())) if MATTER in groups else []


def against_events(span: Span, made: Made, folded: Collection[str], *, check: bool) -> Iterator[str]:
    """What of a span's ledger differs from the events of the folded cases, in words; mended unless only checked."""
    found: dict[tuple[str, int], set[tuple[Any, ...]]] = {}
    for case, seq, *values, same in read(_ENTRIES, span):
        if case in folded:
            found.setdefault((case, seq), set()).add((*values, same))
    for case, seq in sorted(found.keys() | made.keys()):
        wanted = {(*row.values(), True) for row in made.get((case, seq), ())}
        if found.get((case, seq), set()) == wanted:
            continue
        yield f"case {case}: the ledger of money differs from event {seq}"
        if not check:
            Entry.objects.filter(body=span.body, case_id=case, seq=seq).delete()
            _enter(span.body, {(case, seq): made.get((case, seq), [])})


def fill() -> None:
    """Fills the ledger of an installation whose events are older than it; once (role owner). Opens its own scopes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT obj_description('money_entry'::regclass), pg_relation_size('cases_event')")
        known, size = cursor.fetchone()
    if known == _FILLED:
        return
    for span in (span for code in bodies.codes() for span in spans_of(code)) if size else ():
        with scope(span.body):
            _fill(span)
    with connection.cursor() as cursor:
        cursor.execute(f"COMMENT ON TABLE money_entry IS '{_FILLED}'")


def _fill(span: Span) -> None:
    there = {(case, seq) for case, seq, *_rest in read(_ENTRIES, span)}
    made = {
        (case, seq): found
        for case, events in said(span)
        for seq, groups in events
        if (case, seq) not in there and (found := made_by(groups))
    }
    _enter(span.body, made)


def _enter(body: str, made: Mapping[tuple[str, int], Iterable[Mapping[str, Any]]]) -> None:
    with connection.cursor() as cursor:
        for (case, seq), wanted in made.items():
            cursor.execute(_ENTER, [orjson.dumps(list(wanted)).decode(), body, case, seq])
