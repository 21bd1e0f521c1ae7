"""The worker's part of an import: rows are tried out, and after the administrator's word taken, a few at a time.

Nothing is taken twice: a row is known by the columns of its `key`, whoever sends it in whichever file; the door's
idempotency key follows from that, and the imports of a body run one after the other.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Q

from kiban.access.actors import actor_for
from kiban.access.models import User
from kiban.access.scope import scope
from kiban.cases import door
from kiban.cases.facts import facts_for
from kiban.cases.world import looking
from kiban.definitions import editions
from kiban.imports.models import (
    CANCELLED,
    CHECKED,
    DONE,
    FRESH,
    KNOWN,
    READ,
    REFUSED,
    RIGHT,
    RUNNING,
    TAKEN,
    WAITING,
    WRONG,
    Upload,
    UploadRow,
)
from kiban.imports.uploads import place, told
from kiban.kernel.definitions.compiled import CompiledService
from kiban.kernel.definitions.model import Label
from kiban.kernel.facts import ActorFacts
from kiban.kernel.imports import CompiledImport, imports_of
from kiban.kernel.problems import INVALID, Problem
from kiban.ops import clock

_log = logging.getLogger("kiban.imports")
ROUTE = "import"
_AT_ONCE = 100  # rows in one round: others get their turn between
_KEPT = timedelta(days=30)


def run(now: datetime, body: str | None = None) -> int:
    """One round of each upload that waits; how many rows were looked at or taken. `body` names one (for tests)."""
    done = 0
    for upload in _waiting(now, body):
        try:
            with _alone(upload) as mine:
                done += _round(upload) if mine else 0
        except Exception as error:  # one file must not hold up the others
            _log.exception("an import waits", extra={"upload": str(upload.id)})
            with scope(upload.body):
                Upload.objects.filter(body=upload.body, id=upload.id).update(
                    attempts=upload.attempts + 1, retry_at=now + _pause(upload.attempts),
                    problem=type(error).__name__,
                )  # fmt: skip
    return done


def _pause(attempts: int) -> timedelta:
    return timedelta(seconds=min(3600, 10 * 2 ** min(attempts, 10)))


def forget_old(now: datetime, body: str | None = None) -> int:
    """Gives up what was never confirmed, and takes away the cells of old uploads; how many uploads were looked at."""
    old = Upload.objects.filter(at__lt=now - _KEPT, at__gt=now - 2 * _KEPT).exclude(state=RUNNING)
    found = _listed(old, body)
    for upload in found:
        with scope(upload.body):
            here = {"body": upload.body, "upload": upload.id}
            UploadRow.objects.filter(**here).exclude(state=TAKEN).delete()
            if upload.state in (READ, CHECKED):
                Upload.objects.filter(body=upload.body, id=upload.id).update(state=CANCELLED, ended_at=now)
    return len(found)


def _waiting(now: datetime, body: str | None) -> list[Upload]:
    rows = Upload.objects.filter(state__in=WAITING).filter(Q(retry_at=None) | Q(retry_at__lte=now))
    return _listed(rows.order_by("at")[:20] if body is None else rows.order_by("at"), body)


def _listed(rows: Any, body: str | None) -> list[Upload]:
    """Uploads of one body, or as the worker sees them, of all."""
    if body is not None:
        with scope(body):
            return list(rows.filter(body=body))
    if settings.DB_ROLE != "worker":
        raise ValueError("only the worker looks into all partitions: name a body")
    return list(rows)


@contextmanager
def _alone(upload: Upload) -> Iterator[bool]:
    """Whether no other worker is at an import of this service in this body; held until the block ends."""
    digest = hashlib.sha256(f"import/{upload.body}/{upload.service}".encode()).digest()
    place = int.from_bytes(digest[:8], "big", signed=True)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [place])
        mine = bool(cursor.fetchone()[0])
    try:
        yield mine
    finally:
        if mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [place])


def _round(upload: Upload) -> int:
    wanted = FRESH if upload.state == READ else RIGHT
    with scope(upload.body):
        rows = list(
            UploadRow.objects.filter(body=upload.body, upload=upload.id, state=wanted).order_by("row")[
                :_AT_ONCE
            ]
        )
    if not rows:
        _end(upload)
        return 1
    compiled = editions.current(upload.service, clock.today())
    item = imports_of(compiled).get(upload.name)
    user = User.objects.filter(id=upload.by, is_active=True).first()
    if item is None or user is None:
        _all_wrong(rows, _GONE)
    else:
        actor = actor_for(user, upload.body, compiled.service, on=clock.today())
        (_try_out if upload.state == READ else _take)(upload, compiled, item, actor, rows)
    with scope(upload.body):
        UploadRow.objects.bulk_update(
            rows, ["cells", "state", "problems", "case_id", "number"], batch_size=_AT_ONCE
        )
    return len(rows)


_GONE = Label(
    ja="この取込みは、いまの版にないか、確認した人がもう権限を持っていません。取込みをやり直してください。",
    en="This import is no longer part of the service, or its administrator has no role any more. Please start again.",
)


def _all_wrong(rows: Iterable[UploadRow], message: Label) -> None:
    for row in rows:
        row.state = WRONG if row.state == FRESH else REFUSED
        row.problems = [told(Problem("", INVALID, message), place({}, "", row.row))]


def _end(upload: Upload) -> None:
    after: dict[str, Any] = (
        {"state": CHECKED} if upload.state == READ else {"state": DONE, "ended_at": clock.now()}
    )
    with scope(upload.body):
        Upload.objects.filter(body=upload.body, id=upload.id, state=upload.state).update(**after)


# -- trying out ------------------------------------------------------------------------------------------------------


def _try_out(
    upload: Upload, compiled: CompiledService, item: CompiledImport, actor: ActorFacts, rows: list[UploadRow]
) -> None:
    facts = facts_for(compiled, upload.body, actor, clock.now())
    rows = _unknown(upload, item, rows, WRONG)
    with looking(upload.body, compiled) as world:
        for row in rows:
            spoken = {problem["column"] for problem in row.problems}
            found = item.judge(row.cells, facts, world)
            row.problems += [
                _told(upload, problem, row)
                for problem in found
                if problem.field not in spoken or not problem.field
            ]
            row.state = WRONG if row.problems else RIGHT


def _unknown(upload: Upload, item: CompiledImport, rows: list[UploadRow], refused: str) -> list[UploadRow]:
    """The rows that no earlier file has brought; the others are known, or refused where they say something else."""
    earlier = _earlier(upload.body, [row.identity for row in rows if row.identity])
    for row in rows:
        known = earlier.get(row.identity)
        if known is None:
            continue
        if known.content == row.content:
            row.state, row.case_id, row.number, row.cells = KNOWN, known.case_id, known.number, {}
        else:
            problem = Problem(item.word.key[0], INVALID, _other(known))
            row.state, row.problems = refused, [*row.problems, _told(upload, problem, row)]
    return [row for row in rows if row.identity not in earlier]


def _earlier(body: str, identities: list[str]) -> dict[str, UploadRow]:
    with scope(body):
        rows = UploadRow.objects.filter(body=body, identity__in=identities, state=TAKEN)
        return {row.identity: row for row in rows}


def _other(known: UploadRow) -> Label:
    return Label(
        ja=f"別の内容で、すでに取り込まれています（受付番号 {known.number}）。その案件で訂正してください。",
        en=f"This was taken already with other content (case {known.number}). Please correct it in that case.",
    )


def _told(upload: Upload, problem: Problem, row: UploadRow) -> dict[str, str]:
    return told(problem, place(upload.letters, problem.field, row.row))


# -- taking ----------------------------------------------------------------------------------------------------------


def _take(
    upload: Upload, compiled: CompiledService, item: CompiledImport, actor: ActorFacts, rows: list[UploadRow]
) -> None:
    for row in _unknown(upload, item, rows, REFUSED):
        identity = row.identity or f"{upload.id}/{row.row}"
        try:
            outcome = door.act(
                upload.body, upload.service, item.procedure.name, None, item.word.action, actor,
                {name: text for name, text in row.cells.items() if text}, idempotency_key=identity,
                route=f"{ROUTE}.{upload.name}",
            )  # fmt: skip
        except door.KeyConflict:
            row.state, row.problems = REFUSED, [_told(upload, Problem("", INVALID, _TWICE), row)]
            continue
        if outcome.refusal is not None:
            told_of = item.told(outcome.refusal)
            row.state, row.problems = REFUSED, [_told(upload, problem, row) for problem in told_of]
            continue
        row.state, row.cells, row.problems = TAKEN, {}, []
        row.case_id, row.number = outcome.answer["case"], outcome.answer["number"]


_TWICE = Label(
    ja="同じものが、別の内容ですでに取り込まれています。", en="The same was taken already with other content."
)
