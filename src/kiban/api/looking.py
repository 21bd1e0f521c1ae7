"""A case as the API shows it: what this caller may read of it, and what it may do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from kiban.access.actors import actor_for, sees_body
from kiban.access.models import User
from kiban.access.scope import scope
from kiban.api.acting import ROOT
from kiban.api.answers import label, language, not_found
from kiban.api.auth import caller
from kiban.api.reading import known_body
from kiban.cases import queries
from kiban.cases.acted import Who, acted
from kiban.cases.claims import CLAIM, CLAIM_LABEL
from kiban.cases.corrections import asked_of
from kiban.cases.facts import facts_for
from kiban.cases.models import Case
from kiban.cases.queries import CaseView, EventView
from kiban.definitions import editions
from kiban.documents.models import Document
from kiban.kernel import office
from kiban.kernel.definitions.compile import CompiledProcedure, CompiledService
from kiban.kernel.environment import view_values
from kiban.kernel.facts import ActorFacts
from kiban.kernel.sight import Sight
from kiban.kernel.state import due_on
from kiban.ops import clock


@dataclass(frozen=True, slots=True)
class Seen:
    """A case of the open scope and the caller who looks at it."""

    view: CaseView
    actor: ActorFacts
    body: str
    sight: Sight

    @property
    def href(self) -> str:
        return f"{ROOT}/bodies/{self.body}/cases/{self.view.row.id}"

    @property
    def at_work(self) -> bool:
        """Whether the caller works on the body's cases, and may know what the office does for itself."""
        return office.works_here(self.view.compiled.service, self.actor, self.body)

    @property
    def seq(self) -> int:
        """The version of the case as this caller knows it."""
        return self.view.state.seq if self.at_work else office.visible_seq(self.view.state)


@contextmanager
def seen(
    request: HttpRequest, body: str, case: str, what: str = "case", *, summary: bool = False
) -> Iterator[Seen]:
    """The scope of a body and its case; what the caller may not see raises ApiProblem 404.

    `summary`: also for those who see no more than a grant names; what is shown then is up to `Seen.sight`.
    """
    known_body(body)
    user = caller(request)
    with scope(body, viewer=str(user.id), snapshot=True):  # one moment: the case, its documents, its notices
        found = queries.view(case)
        if found is None:
            raise not_found()
        actor = actor_for(user, body, found.compiled.service, on=clock.today())
        sight = queries.sees(found, actor)
        if not queries.visible(found, actor) or (sight.summary and not summary):
            raise not_found()
        found = queries.with_local(found, actor)
        queries.log_access(what, found.row.id)
        yield Seen(found, actor, body, sight if sight.summary else queries.sees(found, actor))


def short(row: Case, body: str) -> dict[str, Any]:
    """A line of a list."""
    procedure = editions.get(row.edition).procedures[row.procedure]
    return {
        "id": str(row.id),
        "number": row.number,
        "service": row.service,
        "procedure": row.procedure,
        "state": row.state,
        "state_label": label(procedure.procedure.states[row.state].label),
        "title": row.title,
        "due_on": row.due_on,
        "opened_at": row.opened_at,
        "updated_at": row.updated_at,
        "href": f"{ROOT}/bodies/{body}/cases/{row.id}",
    }


def full(found: Seen) -> dict[str, Any]:
    """All that the caller may read of a case."""
    view, procedure, state, sight = found.view, found.view.procedure, found.view.state, found.sight
    facts = facts_for(view.compiled, found.body, found.actor, clock.now(), state)
    values = sight.only(_json_values(procedure, view_values(procedure, state, facts)))
    words = procedure.procedure.clocks
    whole = not sight.summary
    return {
        **short(view.row, found.body),
        "title": title(found),
        "due_on": due_on(procedure, state) if whole else None,
        "seq": found.seq,
        "edition": view.row.edition,
        "sections": _sections(procedure, values),
        "computed": {name: value for name, value in values.items() if name in procedure.codecs.computed},
        "texts": sight.only(state.texts),
        "marks": sight.only(state.marks),
        "clocks": {
            name: {"on": item.on, "label": label(words[name].label), "fired": item.fired}
            for name, item in state.clocks.items()
            if whole and name in words
        },
        "charges": {
            name: {
                "due": item.due,
                "paid": item.paid,
                "waived": item.waived,
                "balance": item.balance,
                "excess": max(0, -item.balance),
                "label": label(procedure.charge_label(name)),
            }
            for name, item in state.charges.items()
            if whole
        },
        "documents": [document(row, found) for row in documents(found)],
        "notices": _notices(found),
        **({"office": _office(found)} if found.at_work else {}),
        "correction": _correction(found),
        "actions": [
            {
                "name": item.action.name,
                "label": label(item.action.label),
                "href": f"{found.href}/acts/{item.action.name}",
                "schema": f"{ROOT}/services/{view.row.service}/editions/{view.row.edition}/procedures/"
                f"{procedure.name}/actions/{item.action.name}/schema",
            }
            for item in queries.possible(procedure, state, found.actor)
        ],
    }


def _correction(found: Seen) -> dict[str, Any] | None:
    """What the party is to put right, field by field; None where nothing is asked for."""
    asked = asked_of(found.view, queries.history(found.view), found.actor)
    if asked is None:
        return None
    points = [{"field": p.field, "label": label(p.label), "reason": p.reason} for p in asked.points]
    return {"comment": asked.comment, "points": points}


def _office(found: Seen) -> dict[str, Any]:
    """Who handles the case: id and name of the person, and the department."""
    kept = found.view.state.office
    person = str(kept.get("assignee") or "")
    user = User.objects.filter(id=person).first() if person else None
    return {
        "assignee": {"id": person, "name": user.display_name} if user is not None else None,
        "department": str(kept.get("department") or ""),
    }


def title(found: Seen) -> str:
    """The line that names the case; by a grant only where it shows all that stands in it."""
    return found.view.row.title if found.sight.names_all(found.view.procedure.title.names) else ""


def _json_values(procedure: CompiledProcedure, values: Mapping[str, object]) -> dict[str, Any]:
    found = {}
    for name, value in values.items():
        codec = procedure.codecs.get(name)
        if codec is not None:
            found[name] = codec.to_json(value)
    return found


def _sections(procedure: CompiledProcedure, values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    found = {}
    for section in procedure.service.forms[procedure.procedure.form].sections.values():
        here = {name: values[name] for name in section.fields if name in values}
        if here:
            found[section.name] = here
    return found


def documents(found: Seen) -> list[Document]:
    """The issued documents that the caller may read."""
    return [row for row in queries.documents(found.view.row.id) if row.name in found.sight.documents]


def document(row: Document, found: Seen) -> dict[str, Any]:
    word = found.view.compiled.documents.get(row.name)
    return {
        "id": str(row.id),
        "name": row.name,
        "label": label(word.label) if word else row.name,
        "number": row.number,
        "issued_at": row.at,
        "standing": row.standing,
        "href": f"{found.href}/documents/{row.id}",
    }


def _notices(found: Seen) -> list[dict[str, Any]]:
    """What was sent: to the body's own people all of it, to a party what was sent to a role of its own."""
    return [
        {
            "name": row.name,
            "to": row.to,
            "subject": _said(row.subject),
            "text": _said(row.text),
            "at": row.at,
        }
        for row in queries.notices(found.view.row.id)
        if found.sight.inside or row.to in found.actor.roles
    ]


def _said(text: Mapping[str, str]) -> str:
    return text.get(language()) or text["ja"]


def events(found: Seen) -> list[dict[str, Any]]:
    """What happened. Towards a party staff appear as department and role; what was said is for the body."""
    history = queries.history(found.view, office=found.at_work)
    people = acted(found.view, history, by_name=found.sight.inside)
    return [_event(event, who, found) for event, who in zip(history, people, strict=True)]


def _event(event: EventView, who: Who, found: Seen) -> dict[str, Any]:
    said: dict[str, Any] = {
        "seq": event.seq,
        "act": event.act,
        "label": _act_label(found.view.procedure, event.act),
        "at": event.at,
        "actor": {"kind": who.kind, "department": who.department, "role": who.role(language())},
    }
    if found.sight.inside:
        said["actor"]["name"] = who.name
        if who.deputy_for:
            said["actor"]["deputy_for"] = who.deputy_for
        said["content"] = found.sight.content(event.said)
    return said


def _act_label(procedure: CompiledProcedure, act: str) -> str:
    if act == CLAIM:
        return str(label(CLAIM_LABEL))
    if act in office.LABELS:
        return str(label(office.LABELS[act]))
    action = procedure.procedure.actions.get(act)
    if action is not None:
        return str(label(action.label))
    word = procedure.procedure.clocks.get(act.removeprefix("clock."))
    return str(label(word.label)) if word is not None else act


def services_of(user: User, body: str) -> list[CompiledService]:
    """The services of which the caller may see cases in a body, by slug."""
    today = clock.today()
    found = []
    for compiled in editions.catalogue(today):
        actor = actor_for(user, body, compiled.service, on=today)
        if actor.kind == "party" or sees_body(compiled.service, actor):
            found.append(compiled)
    return found
