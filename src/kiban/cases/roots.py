"""The daily root of a body: one hash over the heads of all chains that grew since the root before it.

`root = SHA-256(canonical JSON of v, body, day, prev, covered)` with `covered` = [[case, seq, hash in hex], …] in the
order of the case ids, of one snapshot. Whoever keeps a root elsewhere can show later that no covered event was
changed or taken away.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from datetime import date

from django.db import connection

from kiban.access.scope import scope
from kiban.cases.events import NO_PREV, VERSION, canonical
from kiban.cases.models import Root
from kiban.ops import clock


def root_hash(body: str, day: date, prev: bytes, covered: Iterable[tuple[str, int, str]]) -> bytes:
    """The root over these heads, which are hashed as they come."""
    found = hashlib.sha256(b'{"body":' + canonical(body) + b',"covered":[')
    for place, head in enumerate(covered):
        found.update((b"," if place else b"") + canonical(list(head)))
    found.update(b"]," + canonical({"day": day.isoformat(), "prev": prev.hex(), "v": VERSION})[1:])
    return found.digest()


def seal_day(body: str, day: date) -> Root | None:
    """Makes the root of a body for a day, once; None when nothing grew or the day has its root. Opens its own scope."""
    with scope(body), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('root ' || %s, 0))", [body])
        if Root.objects.filter(body=body, day__gte=day).exists():
            return None
        cursor.execute(
            "UPDATE cases_case SET rooted = seq WHERE body = %s AND rooted < seq "
            "RETURNING id::text, seq, encode(head, 'hex')",
            [body],
        )
        covered = sorted(cursor.fetchall())
        if not covered:
            return None
        last = Root.objects.filter(body=body).order_by("-day").first()
        prev = bytes(last.root) if last is not None else NO_PREV
        return Root.objects.create(
            body=body,
            day=day,
            covered=[[case, seq] for case, seq, _head in covered],
            prev=prev,
            root=root_hash(body, day, prev, covered),
            at=clock.now(),
        )
