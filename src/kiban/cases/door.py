"""The one door: `act` is the only way in which the state of cases and registries changes.

    act(body, service, procedure, case_id, action, actor, input, *, idempotency_key, route,
        reasons=None, edition=None, if_seq=None, draft=None, now=None) -> Outcome

It locks the case, gathers facts, decides, appends the event with its projections, and commits: whatever is
acknowledged is durable, whatever is refused changes nothing. The same key (of an actor on a route) with the same
request gives the first answer again; with another request it raises `KeyConflict` (422). What the actor may not
see raises `NotVisible` (404), as if it did not exist.

`actor` comes from `kiban.access.actors.actor_for`; a party acts from its own partition (`actor.place`), which owns
the cases it opens. `fire` lets a clock act as `system`. Times are aware; `now` defaults to `kiban.ops.clock.now()`.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

import orjson
from psycopg import errors
from uuid_utils.compat import uuid7

from kiban.access import bodies
from kiban.cases import claims, files, filing, granting, numbers, secrets
from kiban.cases.asking import BadKey, KeyConflict, NotVisible, case_uuid, key_of, named
from kiban.cases.facts import facts_for
from kiban.cases.queries import may_see
from kiban.cases.session import Row, Session, session
from kiban.cases.staff import staff_of
from kiban.cases.standing import ended_by
from kiban.cases.world import PostgresWorld
from kiban.cases.writing import APPEND, Before, Key, Writing
from kiban.definitions import editions, local
from kiban.kernel import office
from kiban.kernel.dates import today_in_tokyo
from kiban.kernel.decide import decide
from kiban.kernel.decide import fire as decide_fire
from kiban.kernel.definitions.compile import CompiledProcedure, CompiledService
from kiban.kernel.definitions.model import Label
from kiban.kernel.effects import UndecidedEffect
from kiban.kernel.facts import SYSTEM, ActorFacts, Decision, Facts, Refusal
from kiban.kernel.problems import INVALID, STALE
from kiban.kernel.state import state_from_json
from kiban.kernel.text import refuse
from kiban.ops import clock as ops_clock

_log = logging.getLogger("kiban.door")
_ANSWER = (
    "SELECT digest, answer::text FROM cases_idempotency i "
    "WHERE i.body = %s AND i.actor = %s AND i.route = %s AND i.key = %s"
)
_LOCK = (
    "SELECT service, procedure, edition, number, document::text, party, seq, head, updated_at "
    "FROM cases_case WHERE body = %s AND id = %s FOR UPDATE"
)
_TRIES = 3
_LONGEST_REASON = 2000

_STALE = Label(
    ja="この案件は、画面を開いたあとに他の人が変更しました。最新の状態をご確認のうえ、もう一度操作してください。",
    en="Somebody has changed this case since you opened it. Please look at its present state and try again.",
)
_BUSY = Label(
    ja="ほかの人がこの案件を操作しています。しばらくしてから、もう一度お試しください。",
    en="Somebody else is acting on this case. Please try again in a moment.",
)
_UNDECIDED = Label(
    ja="この操作に必要な値が決まっていないため、進められません。担当の窓口にお問い合わせください。",
    en="This cannot go on: a value that it needs is not known. Please ask the office.",
)
_REASON = Label(
    ja="理由に使えない文字があるか、長すぎます（2,000文字まで）。",
    en="A reason holds characters that cannot be used, or is too long (2,000 characters).",
)
BUSY = "busy"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an act. `answer` (JSON-ready) is complete when `status` is done; `refusal` when refused.

    `answer`: case, number, service, procedure, action, state, seq, at, documents [{id, name, number}], notices
    [{to, kind}], problems (infos). A repeated key gives the first answer with `replayed`.
    """

    status: Literal["done", "refused"]
    answer: Mapping[str, Any]
    decision: Decision | None = None
    refusal: Refusal | None = None
    replayed: bool = False

    @property
    def case_id(self) -> str:
        """The id of the case; empty when an opening act was refused."""
        return str(self.answer.get("case", ""))


@dataclass(frozen=True, slots=True)
class _Request:
    body: str
    service: str
    procedure: str | None
    case_id: str | None
    action: str
    actor: ActorFacts
    input: Mapping[str, object]
    reasons: Mapping[str, str]
    edition: str | None
    if_seq: int | None
    now: datetime
    key: Key
    draft: str | None
    named: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class _Locked:
    """A case row under lock, with the edition it was opened under."""

    before: Before
    compiled: CompiledService
    procedure: CompiledProcedure
    edition: str
    party: str
    updated_at: datetime


def act(
    body: str,
    service: str,
    procedure: str | None,
    case_id: UUID | str | None,
    action: str,
    actor: ActorFacts,
    input: Mapping[str, object],
    *,
    idempotency_key: str,
    route: str,
    reasons: Mapping[str, str] | None = None,
    edition: str | None = None,
    if_seq: int | None = None,
    draft: UUID | str | None = None,
    now: datetime | None = None,
) -> Outcome:
    """One act on a case, or one that opens a case (`case_id` None). Raises NotVisible, KeyConflict, BadKey.

    `edition` names another edition than the one in force (opening) or the case's own; `if_seq` refuses (`stale`)
    when the case has moved on; `draft` is the draft of the actor that this act submits, deleted afterwards.
    """
    if not bodies.exists(body):
        raise NotVisible(body)
    request = _Request(
        body, service, procedure, case_uuid(case_id), action, actor, named(input), dict(reasons or {}), edition,
        if_seq, now or ops_clock.now(), key_of(actor, route, idempotency_key, service, procedure, case_id, action,
        input, reasons), case_uuid(draft), files.named_by(input),
    )  # fmt: skip
    if any(len(text) > _LONGEST_REASON or refuse(text) for text in request.reasons.values()):
        return Outcome("refused", {}, refusal=Refusal(INVALID, _REASON))
    for attempt in range(1, _TRIES + 1):
        try:
            outcome = _open(request) if request.case_id is None else _act(request)
        except (errors.DeadlockDetected, errors.SerializationFailure, errors.UniqueViolation) as error:
            # Another act took the same number, or two acts waited for each other: once more from the beginning.
            _log.info("an act starts again", extra={"reason": type(error).__name__, "attempt": attempt})
            if attempt == _TRIES:
                return Outcome("refused", {}, refusal=Refusal(BUSY, _BUSY))
            continue
        except errors.LockNotAvailable:
            return Outcome("refused", {}, refusal=Refusal(BUSY, _BUSY))
        return outcome
    raise AssertionError("unreachable")


def fire(body: str, case_id: UUID | str, clock: str, at: datetime) -> Outcome | None:
    """Lets a clock of a case act as `system` at the instant on which it was due; None when it is not due (any more).

    Fires once: the agenda row is locked with the case, and the key is (case, clock, instant). The event's time is
    the due instant, or the time of the last event where that is later.
    """
    name, moment = str(case_id), at.isoformat()
    key = Key("system", "clock", f"{name}/{clock}/{moment}", hashlib.sha256(moment.encode()).digest())
    with session(body) as opened:
        rows, due = opened.fetch_each(
            f"{_LOCK}; SELECT 1 FROM cases_agenda "  # noqa: S608
            "WHERE body = %s AND case_id = %s AND clock = %s AND at = %s AND NOT fired",
            [body, name, body, name, clock, at],
        )
        locked = _locked(opened, rows, name)
        if not due:
            return None
        if locked is None:
            raise LookupError(f"case {name} can't be read under its edition")
        now = max(at, locked.updated_at)
        facts = facts_for(locked.compiled, body, SYSTEM, now, locked.before.state)
        world = PostgresWorld(opened, locked.compiled)
        decision = decide_fire(locked.procedure, locked.before.state, clock, facts, world)
        if decision is None:
            opened.fetch(
                "UPDATE cases_agenda SET fired = true WHERE body = %s AND case_id = %s AND clock = %s",
                [body, name, clock],
            )
            opened.commit()
            return None
        writing = Writing(
            body, locked.procedure, locked.edition, decision, locked.before, facts, key, locked.party, now,
            ended=ended_by(opened, body, name, decision),
        )  # fmt: skip
        return _append(opened, writing)


def _open(request: _Request) -> Outcome:
    """An act that opens a case."""
    today = today_in_tokyo(request.now)
    try:
        edition = request.edition or editions.current_id(request.service, today)
        compiled = local.edition(edition, request.body, today)
    except editions.UnknownService as unknown:
        raise NotVisible(request.service) from unknown
    procedure = compiled.procedures.get(request.procedure or "")
    if procedure is None or compiled.service.slug != request.service:
        raise NotVisible(request.procedure)
    facts = facts_for(compiled, request.body, request.actor, request.now)
    party = request.actor.place if request.actor.kind == "party" else ""
    with session(request.body) as opened:
        _ask_files(opened, request)
        world = PostgresWorld(opened, compiled)
        decision = _decided(procedure, None, request, facts, world, opened)
        if isinstance(decision, Refusal):
            return _refused(opened, request, decision)
        writing = Writing(
            request.body, procedure, edition, decision, None, facts, request.key, party, request.now,
            _held(opened),
        )  # fmt: skip
        _file(opened, request, writing)
        return _append(opened, writing)


def _act(request: _Request) -> Outcome:
    """An act on a case that is open."""
    assert request.case_id is not None
    with session(request.body) as opened:
        _ask_files(opened, request)
        answers, rows = opened.fetch_each(
            f"{_ANSWER}; {_LOCK}", [*_place(request.body, request.key), request.body, request.case_id]
        )
        if answers:
            return _answered(answers, request.key)
        locked = _locked(opened, rows, request.case_id, edition=request.edition)
        if locked is None or not _visible(request, locked):
            raise NotVisible(request.case_id)
        state = locked.before.state
        if request.if_seq is not None and office.moved_on(state, request.if_seq):
            return _refused(opened, request, Refusal(STALE, _STALE))
        facts = facts_for(locked.compiled, request.body, request.actor, request.now, state)
        world = PostgresWorld(opened, locked.compiled)
        decision = _decided(locked.procedure, locked, request, facts, world, opened)
        if isinstance(decision, Refusal):
            return _refused(opened, request, decision)
        writing = Writing(
            request.body, locked.procedure, locked.edition, decision, locked.before, facts, request.key,
            claims.owner(request.action, request.actor, locked.party), request.now, _held(opened),
            ended_by(opened, request.body, state.id, decision),
        )  # fmt: skip
        _file(opened, request, writing)
        return _append(opened, writing)


def _decided(
    procedure: CompiledProcedure,
    locked: _Locked | None,
    request: _Request,
    facts: Facts,
    world: PostgresWorld,
    opened: Session,
) -> Decision | Refusal:
    opening = locked is None
    before = None if locked is None else locked.before
    if before is not None and request.action == claims.CLAIM:
        return claims.decide_claim(procedure, before.state)
    if before is not None and office.is_office(request.action):
        staff = staff_of(request.body, request.service, facts.today)
        return office.decide_office(procedure, before.state, request.action, request.input, facts, staff)
    try:
        found = decide(
            procedure, before.state if before else None, request.action, request.input, facts, world,
            reasons=request.reasons, case_id=str(uuid7()) if opening else "",
            number=numbers.case_number() if opening else "",
        )  # fmt: skip
    except UndecidedEffect as mistake:
        _log.error("a definition leaves an effect undecided: %s", mistake)
        return Refusal(INVALID, _UNDECIDED)
    if isinstance(found, Decision) and (refusal := granting.refuse_unknown(found)) is not None:
        return refusal
    if not request.named:
        return found
    return files.refuse_unsent(
        found, request.named, _held(opened), before.document["values"] if before else {}
    )


def _held(opened: Session) -> dict[str, tuple[str, int]]:
    """Type and size of the named files that the actor holds, by SHA-256."""
    return {sha256: (kind, size) for sha256, kind, size in opened.asked()}


def _ask_files(opened: Session, request: _Request) -> None:
    """Which of the files that the input names does the actor hold? Asked with the first statement of the act."""
    if request.named:
        opened.ahead(
            request.actor.place, *files.question(request.actor.place, request.actor.id, request.named)
        )


def _visible(request: _Request, locked: _Locked) -> bool:
    """Of this service and procedure, and not hidden from the actor (`queries.may_see`)."""
    if locked.compiled.service.slug != request.service:
        return False
    if request.procedure is not None and request.procedure != locked.procedure.name:
        return False
    if request.action == claims.CLAIM:
        return claims.may_claim(request.body, locked.before.state, locked.party, request.actor, request.input)
    return may_see(locked.compiled.service, locked.party, locked.before.state, request.actor)


def _locked(opened: Session, rows: list[Row], case_id: str, *, edition: str | None = None) -> _Locked | None:
    if not rows:
        return None
    _service, procedure, own, number, document, party, seq, head, updated_at = rows[0]
    edition, stored = edition or own, orjson.loads(document)
    compiled = local.edition(edition, opened.body, date.fromisoformat(stored["opened_on"]))
    if procedure not in compiled.procedures:
        return None
    found = compiled.procedures[procedure]
    whole = secrets.unsealed(found, stored, opened.body, case_id, opened.fetch)
    state = state_from_json(found, whole, id=case_id, number=number, seq=seq)
    return _Locked(Before(state, bytes(head), stored), compiled, found, edition, party, updated_at)


def _append(opened: Session, writing: Writing) -> Outcome:
    arguments, answer = writing.payload(opened.seal)
    try:
        opened.finish(APPEND, arguments)
    except errors.Error as error:
        if opened.lost:
            raise
        opened.rollback()
        answers = opened.fetch(_ANSWER, _place(writing.body, writing.key))
        if not answers:
            raise
        if error.sqlstate == "KB001":
            return _answered(answers, writing.key)
        if orjson.loads(answers[0][1]) != orjson.loads(orjson.dumps(answer)):
            raise
        # The act is committed; only what follows it in the party's partition is not: the outbox makes up for it.
        _log.warning("a filed case is listed later by the worker", extra={"why": type(error).__name__})
    return Outcome("done", answer, decision=writing.decision)


def _refused(opened: Session, request: _Request, refusal: Refusal) -> Outcome:
    """A refusal undoes everything; a repetition of an act that was done is answered as it was."""
    opened.rollback()
    answers = opened.fetch(_ANSWER, _place(request.body, request.key))
    if answers:
        return _answered(answers, request.key)
    return Outcome("refused", {"case": request.case_id or ""}, refusal=refusal)


def _place(body: str, key: Key) -> list[Any]:
    return [body, key.actor, key.route, key.key]


def _answered(rows: list[Row], key: Key) -> Outcome:
    """The first answer to a key, from its row. Raises KeyConflict when something else was asked then."""
    digest, answer = rows[0]
    if bytes(digest) != key.digest:
        raise KeyConflict("this idempotency key was used for another request")
    return Outcome("done", orjson.loads(answer), replayed=True)


def _file(opened: Session, request: _Request, writing: Writing) -> None:
    """Puts the case on its party's list and takes the draft away, in the party's partition.

    A transaction of its own behind the act's; should it fail, the outbox makes up for the list, and the draft
    answers with the case when it is submitted again.
    """
    party = request.actor.kind == "party"
    if party or request.draft is not None:
        partition = request.actor.place if party else request.body
        line = writing.line() if party else None
        opened.after(partition, *filing.statements(partition, line, request.draft))


__all__ = ["BUSY", "BadKey", "KeyConflict", "NotVisible", "Outcome", "act", "fire"]
