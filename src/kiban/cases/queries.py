"""Reading cases. Functions that say "open scope" run inside `with scope(body):`; the others open their own.

    inbox(compiled, …) -> Page[Case]            the desk's list: what is due first
    view(case_id, service=…) -> CaseView | None one case with its edition, ready to show
    history(view) -> list[EventView]            what happened, decrypted
    documents(case_id), notices(case_id)        what was issued and sent
    possible(view.procedure, view.state, actor) the actions that the actor may take now
    sees(view, actor)                           what of the case the actor may see
    log_access(what, case_id)                   who read what

Visibility is row-level security first; then a party sees a case when `view.party` is its own partition, and staff
when they hold a role of the service that reaches the body, or one to which the case was granted (`visible`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import connection
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from uuid_utils.compat import uuid7

from kiban.access.actors import sees_body
from kiban.access.scope import current
from kiban.cases import content, secrets
from kiban.cases.events import ChainedEvent
from kiban.cases.ledger import Span, stored_events
from kiban.cases.models import AccessLog, Case, CaseValue, Event, Notice
from kiban.cases.paging import Page, decode, encode
from kiban.cases.search import matching
from kiban.definitions import editions, local
from kiban.documents.models import Document
from kiban.kernel.definitions.compile import CompiledAction, CompiledProcedure, CompiledService
from kiban.kernel.definitions.model import Service
from kiban.kernel.facts import ActorFacts, CaseState
from kiban.kernel.grants import holding
from kiban.kernel.office import is_office
from kiban.kernel.sight import Sight, granted, sight
from kiban.kernel.state import sealed_names, state_from_json
from kiban.ops import clock

_MOST = 200


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case as it stands: its row, its edition and its state in internal values."""

    row: Case
    compiled: CompiledService
    procedure: CompiledProcedure
    state: CaseState

    @property
    def party(self) -> str:
        """The partition of the party whose case this is; empty when staff opened it."""
        return self.row.party


@dataclass(frozen=True, slots=True)
class EventView:
    """One event with what it says: changes, before, input, reasons, problems, effects, notices, lookups.

    `disposed` names the groups whose content is no longer there.
    """

    seq: int
    act: str
    actor: str
    place: str
    department: str
    at: datetime
    edition: str
    said: Mapping[str, Any]
    disposed: tuple[str, ...]


def inbox(
    compiled: CompiledService,
    *,
    procedure: str | None = None,
    state: str | None = None,
    text: str = "",
    due_by: date | None = None,
    final: bool | None = False,
    actor: str | None = None,
    assigned: Collection[str] | None = None,
    department: str | None = None,
    party: str | None = None,
    roles: Collection[str] = (),
    limit: int = 50,
    cursor: str | None = None,
) -> Page[Case]:
    """Cases of a service in the open scope, open ones before closed ones, the earliest due first, then the oldest.

    `final`: False open ones, True closed ones, None both. `due_by`: due on or before. `actor`: cases on which this
    actor has acted. `assigned`: cases handled by one of these people, with none of them cases that nobody handles.
    `department`: cases that were handed over to it. `party`: cases of this partition. `text`: see
    `kiban.cases.search`; it looks only into what the `roles` may read. Raises paging.BadCursor.
    """
    body = current().body
    rows = Case.objects.filter(body=body, service=compiled.service.slug)
    if procedure is not None:
        rows = rows.filter(procedure=procedure)
    if state is not None:
        rows = rows.filter(state=state)
    if final is not None:
        rows = rows.filter(final=final)
    if due_by is not None:
        rows = rows.filter(due_on__lte=due_by)
    if party is not None:
        rows = rows.filter(party=party)
    if actor is not None:
        rows = rows.filter(id__in=Event.objects.filter(body=body, actor=actor).values("case_id"))
    if assigned is not None:
        rows = _handled_by(rows, compiled, body, assigned)
    if department is not None:
        rows = rows.filter(id__in=_office_values(compiled, body, "department").filter(value=department[:200]))
    if text.strip():
        rows = matching(rows, compiled, body, text, _hidden(compiled, roles))
    if cursor is not None:
        rows = rows.filter(_after(cursor))
    limit = max(1, min(limit, _MOST))
    found = list(rows.order_by("final", F("due_on").asc(nulls_last=True), "id")[: limit + 1])
    if len(found) <= limit:
        return Page(found, None)
    last = found[limit - 1]
    due = last.due_on.isoformat() if last.due_on else None
    return Page(found[:limit], encode([last.final, due, str(last.id)]))


def _office_values(compiled: CompiledService, body: str, name: str) -> QuerySet[Any]:
    """The ids of the cases of which the office knows this (kernel.office), to be narrowed by `value`."""
    rows = CaseValue.objects.filter(body=body, service=compiled.service.slug, field=f"office.{name}")
    return rows.values_list("case_id")


def _handled_by(
    rows: QuerySet[Case], compiled: CompiledService, body: str, people: Collection[str]
) -> QuerySet[Case]:
    if people:
        return rows.filter(id__in=_office_values(compiled, body, "assignee").filter(value__in=people))
    handled = CaseValue.objects.filter(body=body, case_id=OuterRef("id"), field="office.assignee")
    return rows.filter(~Exists(handled))


def counts(compiled: CompiledService) -> dict[tuple[str, str], int]:
    """How many open cases stand in each (procedure, state) in the open scope: closed ones are without number."""
    from django.db.models import Count

    rows = Case.objects.filter(body=current().body, service=compiled.service.slug, final=False)
    grouped = rows.values_list("procedure", "state").annotate(count=Count("*")).order_by()
    return {(procedure, state): count for procedure, state, count in grouped}


def view(case_id: UUID | str, *, service: str | None = None) -> CaseView | None:
    """A case of the open scope; None when there is none (or it is of another service)."""
    try:
        wanted = UUID(str(case_id))
    except ValueError:
        return None
    row = Case.objects.filter(body=current().body, id=wanted).first()
    if row is None or (service is not None and row.service != service):
        return None
    return _view(row, editions.get(row.edition))


def with_local(found: CaseView, actor: ActorFacts) -> CaseView:
    """The case with the fields that its body has added: for the body's own people and for its party.

    Others (a ministry, a prefecture, another body) read it by the edition alone, which does not know them.
    """
    if actor.kind != "party" and actor.place != found.row.body:
        return found
    compiled = local.edition(found.row.edition, found.row.body, found.state.opened_on)
    return found if compiled is found.compiled else _view(found.row, compiled)


def visible(found: CaseView, actor: ActorFacts) -> bool:
    """Whether this actor may see the case at all; otherwise it is as if it did not exist."""
    return may_see(found.compiled.service, found.party, found.state, actor)


def may_see(service: Service, party: str, state: CaseState, actor: ActorFacts) -> bool:
    """As `visible`, for a case that is not read as a whole: its party's partition and its state."""
    if actor.kind == "party":
        return bool(party) and party == actor.place
    return sees_body(service, actor) or holding(state.grants, actor.granted, clock.today()) is not None


def opened_by_parties(procedure: CompiledProcedure) -> frozenset[str]:
    """The roles in which a party may open a case of this procedure; none where it is the office's own."""
    roles = procedure.service.roles
    return frozenset(
        name
        for action in procedure.actions.values()
        for name in action.action.roles
        if action.action.opens and name in roles and roles[name].kind == "party"
    )


def possible(procedure: CompiledProcedure, state: CaseState, actor: ActorFacts) -> list[CompiledAction]:
    """The actions that the actor's roles may take in this state, in the order of the definition."""
    return [
        action
        for action in procedure.actions.values()
        if state.state in action.action.from_
        and not (action.action.opens and state.seq == 0)
        and actor.roles & set(action.action.roles)
    ]


def sees(found: CaseView, actor: ActorFacts) -> Sight:
    """What of a case the actor may see; asked by all that shows it."""
    if actor.kind != "party" and not sees_body(found.compiled.service, actor):
        grant = holding(found.state.grants, actor.granted, clock.today())
        if grant is not None:
            return granted(found.procedure, grant)
    return sight(found.procedure, actor.roles)


def _hidden(compiled: CompiledService, roles: Iterable[str]) -> frozenset[str]:
    """The names of what none of the roles may see, in whichever procedure."""
    held = frozenset(roles)
    return frozenset[str]().union(*(sight(one, held).hidden for one in compiled.procedures.values()))


def history(found: CaseView, *, office: bool = False) -> list[EventView]:
    """The events of a case in the open scope, in order, with their content.

    `office`: also the acts that are the office's own (kernel.office), for those who work there.
    """
    case = str(found.row.id)
    return [
        _seen(event, found.procedure.codecs.secret)
        for event in stored_events(Span(found.row.body, case, case))
        if office or not is_office(event.act)
    ]


def secret_values(found: CaseView) -> dict[str, Any]:
    """The secret values (JSON) of a case of the open scope: for who may see them, and asks for them by name."""
    names = sealed_names(found.procedure, found.row.document)

    def fetch(sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(sql, values)
            return cursor.fetchall()

    return secrets.values_of(names, found.row.body, str(found.row.id), fetch) if names else {}


def _seen(event: ChainedEvent, secret: Collection[str]) -> EventView:
    said = {stored.group: orjson.loads(event.open(stored)) for stored in event.contents}
    return EventView(
        event.seq, event.act, event.actor, event.place, event.department, event.at, event.edition,
        secrets.without(content.merge(said), secret), tuple(sorted(event.digests.keys() - said.keys())),
    )  # fmt: skip


def documents(case_id: UUID | str) -> list[Document]:
    """The documents issued on a case in the open scope, oldest first, without their bytes and data."""
    rows = Document.objects.filter(body=current().body, case_id=case_id).defer("pdf", "data")
    return list(rows.order_by("seq", "number"))


def notices(case_id: UUID | str) -> list[Notice]:
    """The notices sent on a case in the open scope, oldest first, without those that colleagues sent each other."""
    rows = Notice.objects.filter(body=current().body, case_id=case_id).order_by("seq", "id")
    return [row for row in rows if not is_office(row.name)]


def log_access(what: str, case_id: UUID | str | None = None, *, at: datetime | None = None) -> None:
    """Writes to the access log of the open scope that its viewer read something (`case`, `history`, `document` …)."""
    entered = current()
    AccessLog.objects.create(
        body=entered.body, id=uuid7(), at=at or clock.now(), viewer=entered.viewer, what=what, case_id=case_id
    )


def _view(row: Case, compiled: CompiledService) -> CaseView:
    procedure = compiled.procedures[row.procedure]
    state = state_from_json(procedure, row.document, id=str(row.id), number=row.number, seq=row.seq)
    return CaseView(row, compiled, procedure, state)


def _after(cursor: str) -> Q:
    """Rows after a cursor in the order (final, due_on nulls last, id)."""
    final, due, last = decode(cursor, bool, str, str)
    if due is None:
        beyond = Q(due_on=None, id__gt=last)
    else:
        beyond = Q(due_on__gt=due) | Q(due_on=None) | Q(due_on=due, id__gt=last)
    return Q(final__gt=final) | (Q(final=final) & beyond)
