"""A case on the desk: data, checks, deadlines, money, documents, history, and what can be done now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from kiban.access.models import User
from kiban.access.scope import scope
from kiban.cases import queries
from kiban.cases.acted import Who, acted
from kiban.cases.corrections import asked_of
from kiban.cases.queries import CaseView, EventView
from kiban.cases.world import looking
from kiban.kernel.checks import Check, checks
from kiban.kernel.dates import JST
from kiban.kernel.definitions.compile import CompiledProcedure
from kiban.kernel.definitions.model import Label
from kiban.kernel.environment import view_values
from kiban.kernel.facts import Facts, World
from kiban.kernel.office import is_office, told, works_here
from kiban.kernel.sight import Sight
from kiban.ops import clock
from kiban.web import display, wizard
from kiban.web.actpage import Frame, act_page
from kiban.web.desk import granted
from kiban.web.desk.office import handling
from kiban.web.filling import Filling
from kiban.web.money.case import payments
from kiban.web.outlook import possible_actions
from kiban.web.public.catalogue import opening_action
from kiban.web.secret import asked
from kiban.web.templatetags.kiban import language
from kiban.web.viewer import Place, case_for, place_of, staff_only, user_of


@dataclass(frozen=True)
class Happened:
    """An event as staff read it."""

    label: Label
    at: Any
    who: str
    lines: tuple[display.Line, ...]
    reasons: tuple[tuple[str, str], ...]
    state: Label | None
    disposed: bool


def _user(request: HttpRequest) -> User:
    user = user_of(request)
    assert user is not None  # the views are for staff
    return user


@require_safe
@staff_only
def case(request: HttpRequest, body: str, case: UUID) -> HttpResponse:
    """The case page."""
    place, found = case_for(_user(request), body, case, summary=True)
    seen = queries.sees(found, place.actor)
    if seen.summary:
        return granted.summary(request, place, found, seen)
    with scope(body, viewer=place.actor.id):
        documents, notices = queries.documents(case), queries.notices(case)
        events = queries.history(found, office=works_here(found.compiled.service, place.actor, body))
        queries.log_access("case", case)
    facts = place.facts(found.state)
    with looking(body, found.compiled) as world:
        actions = possible_actions(found.procedure, found.state, facts, world, language())
        stands = _checks(found, facts, world)
    values = {
        **view_values(found.procedure, found.state, facts),
        **asked(request, found, seen, place.actor.id),
    }
    deadlines = display.deadlines(found.procedure, found.state, clock.today())
    service = found.compiled.service
    context = {
        "place": place, "case": found, "procedure": found.procedure, "actions": actions, "checks": stands,
        "state": found.procedure.procedure.states[found.state.state], "deadlines": deadlines,
        "tone": display.state_tone(found.procedure, found.state.state, any(d.overdue for d in deadlines)),
        "parts": display.sections(found.procedure, values, found.state.texts, seen, language(), found.state.marks),
        "computed": display.computed(found.procedure, values, seen, language()),
        "charges": display.charges(found.procedure, found.state), **payments(found, "desk-case-receipt"),
        "documents": [(row, service.documents[row.name]) for row in documents if row.name in seen.documents],
        "notices": list(reversed(notices)), "events": list(reversed(_history(found, events, seen))),
        "stops": display.stops(found.procedure, found.state.state, public=True), "grants": granted.given(found),
        "file_url": reverse("desk-case-files", args=[body, case]), "handling": handling(found, place, events),
        "copy": bool(queries.opened_by_parties(found.procedure)), "asked": asked_of(found, events, place.actor),
        "crumbs": [*_crumbs(place), (found.row.number, "")],
    }  # fmt: skip
    return render(request, "web/desk/case.html", context)


def _crumbs(place: Place) -> list[tuple[str, str]]:
    label = place.title(language())
    return [
        (_("Staff desk"), reverse("desk")),
        (label, reverse("desk-inbox", args=[place.body.code, place.slug])),
    ]


def _checks(
    found: CaseView, facts: Facts, world: World
) -> list[tuple[Label, tuple[list[Check], list[Check]]]]:
    """How the rules stand: those of the filing as of its day, those of the ways out of this state as of today."""
    procedure, state = found.procedure, found.state
    opened = datetime.combine(state.opened_on, time(), JST)
    stages = [
        (action, replace(facts, now=opened) if action.action.opens else facts)
        for action in procedure.actions.values()
        if action.rules and not procedure.procedure.states[state.state].final
        and (action.action.name in state.actors if action.action.opens else state.state in action.action.from_)
    ]  # fmt: skip
    with_rules = (
        (action.action.label, checks(procedure, action.action.name, state, as_of, world))
        for action, as_of in stages
    )
    return [(label, _parted(lines)) for label, lines in with_rules if lines]


def _parted(lines: Iterable[Check]) -> tuple[list[Check], list[Check]]:
    """What has to be looked at, then what is met."""
    found: tuple[list[Check], list[Check]] = ([], [])
    for line in lines:
        found[line.standing == "holds"].append(line)
    return found


def _history(found: CaseView, events: list[EventView], seen: Sight) -> list[Happened]:
    """The events as this viewer may read them, with the names of those who acted: they are of the own body."""
    shown = []
    states = found.procedure.procedure.states
    for event, who in zip(events, acted(found, events, by_name=seen.inside), strict=True):
        said = seen.content(event.said)
        changes: Mapping[str, Any] = said.get("changes", {})
        state = changes.get("state")
        shown.append(
            Happened(
                display.act_label(found.procedure, event.act), event.at, _who(who),
                _said_lines(found.procedure, event, changes, said.get("input", {})),
                tuple((code.partition("@")[0], text) for code, text in said.get("reasons", {}).items()),
                states[state].label if state in states and state != said.get("before") else None,
                bool(event.disposed),
            )
        )  # fmt: skip
    return shown


def _said_lines(
    procedure: CompiledProcedure, event: EventView, changes: Mapping[str, Any], given: Mapping[str, Any]
) -> tuple[display.Line, ...]:  # fmt: skip
    """What an act put in: its own inputs, then the values it changed. The first act is told by the data above."""
    own = told(event.act) if is_office(event.act) else procedure.codecs.inputs.get(event.act, {})
    inputs = {
        name: own[name].from_json(value) for name, value in given.items() if name in own and value is not None
    }
    found = display.lines(own, inputs, inputs, {}, language())
    if event.seq <= 1:
        return found
    codecs = {**procedure.codecs.fields, **procedure.codecs.computed}
    words = procedure.procedure.computed
    changed = {
        name: codecs[name].from_json(value)
        for name, value in (changes.get("values") or {}).items()
        if name in codecs and name not in inputs and value is not None
        and (name not in words or words[name].label is not None)
    }  # fmt: skip
    return (*found, *display.lines(codecs, changed, changed, changes.get("texts") or {}, language()))


def _who(who: Who) -> str:
    if who.kind == "system":
        return _("System")
    name = f"{who.department} {who.name}".strip()
    return (
        _("%(name)s (in place of %(absent)s)") % {"name": name, "absent": who.deputy_for}
        if who.deputy_for
        else name
    )


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def act(request: HttpRequest, body: str, case: UUID, action: str) -> HttpResponse:
    """An act of staff on a case."""
    user = _user(request)
    place, found = case_for(user, body, case, summary=True)
    back = reverse("desk-case", args=[body, case])
    word = found.procedure.procedure.actions.get(action)
    crumbs = [*_crumbs(place), (found.row.number, back), (word.label.text(language()) if word else "", "")]
    return act_page(request, user, place, found, action, Frame("web/act/page.html", crumbs, back, back))


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def new(request: HttpRequest, body: str, service: str, procedure: str) -> HttpResponse:
    """Entry at the counter: a new case for somebody who stands here. `set.<field>` in the address fills a field."""
    user = _user(request)
    place = place_of(request, body, service)
    found = place.procedure(procedure)
    action = opening_action(found, place.actor.roles)
    if action is None:
        if any(compiled.action.opens for compiled in found.actions.values()):
            raise PermissionDenied
        raise Http404
    filling = Filling(place, place.compiled, found, action, None, language())
    if request.method != "POST":
        opening = found.procedure.actions[action]
        crumbs = [*_crumbs(place), (opening.label.text(language()), "")]
        preset = {n: v for n, v in request.GET.items() if n.startswith("set.")}
        context = {"place": place, "procedure": found, "action": opening, "preset": preset, "crumbs": crumbs}
        return render(request, "web/desk/new.html", context)
    draft = wizard.start(user, filling, _preset(request, filling))
    return HttpResponseRedirect(wizard.draft_url(draft))


def _preset(request: HttpRequest, filling: Filling) -> dict[str, str]:
    """Values that a button brought along: only fields of the action, as if they had been typed."""
    return {
        name.removeprefix("set."): request.POST[name][:2000]
        for name in request.POST
        if name.startswith("set.") and name.removeprefix("set.") in filling.fields
    }
