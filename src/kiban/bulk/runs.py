"""Runs over many cases: begun once, carried on until every case has its outcome, looked at by their body.

`begin` writes what is to be done; `carry_on` does it, a few cases at a time, for whoever calls: the page that has
just begun it, then the worker (`run`). Nothing is done twice: each case's idempotency key follows from the run.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Count, Q

from kiban.access.actors import actor_for
from kiban.access.models import User
from kiban.access.scope import scope
from kiban.bulk.models import DONE, REFUSED, WAITING, Given, Item, Run
from kiban.cases.door import Outcome
from kiban.cases.many import act_many
from kiban.definitions import editions
from kiban.kernel.definitions.compile import CompiledService
from kiban.kernel.facts import ActorFacts
from kiban.ops import clock

_log = logging.getLogger("kiban.bulk")
ROUTE = "bulk"
MOST = 5000
"""Cases of one run: beyond that a choice says too little to be meant."""

_AT_ONCE = 50  # cases in one round: others get their turn between
_KEPT = timedelta(days=90)


def begin(
    compiled: CompiledService, body: str, procedure: str, action: str, cases: Sequence[UUID], user: User,
    data: Mapping[str, Any], reasons: Mapping[str, str], run: UUID,
) -> Run:  # fmt: skip
    """A new run under the id `run`, or the one that was begun under it before (a second click). Opens its own scope.

    Raises ValueError for no case or more than `MOST`, and for an id that somebody else has used.
    """
    chosen = list(dict.fromkeys(cases))
    if not 0 < len(chosen) <= MOST:
        raise ValueError(f"a run has 1 to {MOST} cases")
    with scope(body, viewer=str(user.id)):
        known = Run.objects.filter(body=body, id=run).first()
        if known is not None:
            if known.by != user.id or (known.service, known.action) != (compiled.service.slug, action):
                raise ValueError("this run is another one")
            return known
        made = Run.objects.create(
            body=body, id=run, service=compiled.service.slug, procedure=procedure, action=action, by=user.id,
            by_name=user.display_name, at=clock.now(), total=len(chosen),
        )  # fmt: skip
        Given.objects.create(body=body, run=run, data=dict(data), reasons=dict(reasons))
        Item.objects.bulk_create(
            Item(body=body, run=run, place=place, case_id=case) for place, case in enumerate(chosen, start=1)
        )
    return made


def carry_on(body: str, run: UUID, *, most: int = _AT_ONCE) -> int:
    """Does up to `most` cases of a run; how many. Does nothing while another process is at it. Opens its own scopes."""
    with _alone(body, run) as mine:
        if not mine:
            return 0
        with scope(body):
            found = Run.objects.filter(body=body, id=run, ended_at=None).first()
            given = Given.objects.filter(body=body, run=run).first()
            items = list(Item.objects.filter(body=body, run=run, state=WAITING).order_by("place")[:most])
        if found is None or given is None:
            return 0
        done = _do(found, given, items)
        with scope(body):
            if not Item.objects.filter(body=body, run=run, state=WAITING).exists():
                Run.objects.filter(body=body, id=run).update(ended_at=clock.now(), problem="")
                Given.objects.filter(body=body, run=run).delete()
        return done


def _do(run: Run, given: Given, items: list[Item]) -> int:
    by_case = {str(item.case_id): item for item in items}
    outcomes = act_many(
        run.body, run.service, run.procedure, by_case, run.action, _actor(run), given.data, key=str(run.id),
        route=ROUTE, reasons=given.reasons,
    )  # fmt: skip
    for case, outcome in outcomes:
        with scope(run.body):
            Item.objects.filter(body=run.body, run=run.id, place=by_case[case].place).update(
                **_became(outcome)
            )
    return len(items)


def _actor(run: Run) -> ActorFacts:
    """Who has asked for it, with the roles of today: who has lost a role since is refused case by case."""
    user = User.objects.get(id=run.by)
    today = clock.today()
    actor = actor_for(user, run.body, editions.current(run.service, today).service, on=today)
    return actor if user.is_active else ActorFacts(actor.id, actor.kind, frozenset(), actor.place)


def _became(outcome: Outcome) -> dict[str, Any]:
    refusal = outcome.refusal
    if refusal is None:
        return {"state": DONE}
    return {
        "state": REFUSED,
        "code": refusal.code,
        "message": refusal.message.model_dump(),
        "problems": [
            {"field": p.field, "code": p.code, "severity": p.severity, "message": p.message.model_dump()}
            for p in refusal.problems
            if p.blocks
        ],
    }


@contextmanager
def _alone(body: str, run: UUID) -> Iterator[bool]:
    """Whether no other process is at this run; held until the block ends."""
    place = int.from_bytes(hashlib.sha256(f"bulk/{body}/{run}".encode()).digest()[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [place])
        mine = bool(cursor.fetchone()[0])
    try:
        yield mine
    finally:
        if mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [place])


def counts(body: str, run: UUID) -> dict[str, int]:
    """How many cases of a run wait, are done, were refused. In the open scope."""
    found = Item.objects.filter(body=body, run=run).values_list("state").annotate(count=Count("place"))
    return {WAITING: 0, DONE: 0, REFUSED: 0, **dict(found.order_by())}


def run(now: datetime, body: str | None = None) -> int:
    """One round of each run that waits; how many cases were done. `body` names one (for tests and the demo)."""
    done = 0
    for found in _waiting(now, body):
        try:
            done += carry_on(found.body, found.id)
        except Exception as error:  # one run must not hold up the others
            _log.exception("a run waits", extra={"run": str(found.id)})
            wait = timedelta(seconds=min(3600, 10 * 2 ** min(found.attempts, 10)))
            with scope(found.body):
                Run.objects.filter(body=found.body, id=found.id).update(
                    attempts=found.attempts + 1, retry_at=now + wait, problem=type(error).__name__
                )
    return done


def forget_old(now: datetime, body: str | None = None) -> int:
    """Takes away the lists of runs that ended long ago: the events of the cases say what was done. How many runs."""
    found = _listed(Run.objects.filter(ended_at__lt=now - _KEPT), body)
    for old in found:
        with scope(old.body):
            Item.objects.filter(body=old.body, run=old.id).delete()
            Run.objects.filter(body=old.body, id=old.id).delete()
    return len(found)


def _waiting(now: datetime, body: str | None) -> list[Run]:
    rows = Run.objects.filter(Q(retry_at=None) | Q(retry_at__lte=now), ended_at=None).order_by("at")
    return _listed(rows[:20] if body is None else rows, body)


def _listed(rows: Any, body: str | None) -> list[Run]:
    if body is not None:
        with scope(body):
            return list(rows.filter(body=body))
    if settings.DB_ROLE != "worker":
        raise ValueError("only the worker looks into all partitions: name a body")
    return list(rows)
