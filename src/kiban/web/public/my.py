"""A party's own pages: apply, drafts, cases, documents."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from kiban.access import bodies
from kiban.access.models import User
from kiban.access.scope import scope
from kiban.cases import drafts, queries
from kiban.cases.acted import Who, acted
from kiban.cases.corrections import asked_of
from kiban.cases.models import Draft, Shared
from kiban.cases.queries import CaseView, EventView
from kiban.cases.world import looking
from kiban.definitions import editions
from kiban.delivery import box
from kiban.kernel.definitions.model import Label
from kiban.kernel.environment import view_values
from kiban.ops import clock
from kiban.web import display, leftover, wizard
from kiban.web.actpage import Frame, act_page
from kiban.web.filling import Filling
from kiban.web.money.case import payable, payments
from kiban.web.outlook import possible_actions
from kiban.web.public import catalogue
from kiban.web.secret import asked
from kiban.web.templatetags.kiban import language
from kiban.web.viewer import body_row, case_for, party_only, place_for, to_sign_in, user_of


def _user(request: HttpRequest) -> User:
    user = user_of(request)
    assert user is not None  # the views are for those who are signed in
    return user


@require_http_methods(["GET", "HEAD", "POST"])
@party_only
def apply(request: HttpRequest, body: str, service: str, procedure: str) -> HttpResponse:
    """Before the form: what is kept, drafts to go on with; POST begins a new draft."""
    user = _user(request)
    place = place_for(user, body, service)
    found = place.procedure(procedure)
    action = catalogue.opening_action(found, place.actor.roles)
    if action is None or not found.procedure.public:
        raise Http404
    if catalogue.level(place.compiled, body) == "none":
        return HttpResponseRedirect(reverse("procedure-at-body", args=[service, procedure, body]))
    filling = Filling(place, place.compiled, found, action, None, language())
    if request.method == "POST":
        return HttpResponseRedirect(wizard.draft_url(wizard.start(user, filling)))
    with scope(user.partition, viewer=str(user.id)):
        mine = drafts.of(str(user.id), service=service)
    mine = [
        draft for draft in mine if (draft.target, draft.procedure, draft.case_id) == (body, procedure, None)
    ]
    crumbs = [
        (_("Home"), reverse("home")),
        (found.procedure.label.text(language()), reverse("procedure", args=[service, procedure])),
        (place.body.name, reverse("procedure-at-body", args=[service, procedure, body])),
        (_("Apply"), ""),
    ]
    context = {"place": place, "procedure": found, "filling": filling, "drafts": mine, "crumbs": crumbs}
    return render(request, "web/public/apply.html", context)


@require_safe
@party_only
def my(request: HttpRequest) -> HttpResponse:
    """My page: drafts, cases with their state and dates, notices."""
    user = _user(request)
    with scope(user.partition, viewer=str(user.id)):
        mine = drafts.of(str(user.id))
    cases = [_line(row) for row in box.cases(user.partition).rows]
    context = {
        "drafts": [_draft_line(draft) for draft in mine],
        "open_cases": [line for line in cases if not line["final"]],
        "closed_cases": [line for line in cases if line["final"]],
        "notices": box.notices(box.box_of(user), limit=5).rows,
        "unread": box.unread(box.box_of(user)),
        "crumbs": [(_("Home"), reverse("home")), (_("My page"), "")],
    }
    return render(request, "web/public/my.html", context)


def _draft_line(draft: Draft) -> dict[str, Any]:
    return {
        "draft": draft, "url": wizard.draft_url(draft), "label": leftover.label_of(draft),
        "body": bodies.row(draft.target) if bodies.exists(draft.target) else None,
    }  # fmt: skip


def _line(row: Shared) -> dict[str, Any]:
    """A delivered line in words: its case is not read for it."""
    procedure = editions.get(row.edition).procedures[row.procedure]
    overdue = row.due_on is not None and row.due_on < clock.today()
    return {
        "row": row, "body": bodies.row(row.target), "label": procedure.procedure.label,
        "state": procedure.procedure.states[row.state], "final": row.final, "overdue": overdue,
        "tone": display.state_tone(procedure, row.state, overdue),
    }  # fmt: skip


@require_POST
def discard(request: HttpRequest, body: str, draft: UUID) -> HttpResponse:
    """Throws a draft away: a party's, or one of staff at a body."""
    user = user_of(request)
    if user is None:
        return to_sign_in(request)
    party = user.kind == "party"
    with scope(user.partition if party else body_row(body).code, viewer=str(user.id)):
        drafts.delete(draft, str(user.id))
    messages.success(request, _("The draft was deleted."))
    return HttpResponseRedirect(reverse("my" if party else "desk"))


@require_safe
@party_only
def case(request: HttpRequest, body: str, case: UUID) -> HttpResponse:
    """One's own case: where it stands, what comes next, what one can do, documents, notices, what was sent."""
    return render(request, "web/public/case.html", _case_context(request, body, case))


@require_safe
@party_only
def received(request: HttpRequest, body: str, case: UUID) -> HttpResponse:
    """After applying: the number, what comes next, a copy to print."""
    return render(request, "web/public/received.html", _case_context(request, body, case))


def _case_context(request: HttpRequest, body: str, case_id: UUID) -> dict[str, Any]:
    user = _user(request)
    place, found = case_for(user, body, case_id)
    with scope(body, viewer=str(user.id)):
        documents = queries.documents(case_id)
        notices = queries.notices(case_id)
        events = queries.history(found)
        queries.log_access("case", case_id)
    facts = place.facts(found.state)
    with looking(body, found.compiled) as world:
        actions = possible_actions(found.procedure, found.state, facts, world, language())
    state = found.procedure.procedure.states[found.state.state]
    seen, words = queries.sees(found, place.actor), found.compiled.service.documents
    values = {
        **view_values(found.procedure, found.state, facts),
        **asked(request, found, seen, place.actor.id),
    }
    opening = next((a for a in found.procedure.actions.values() if a.action.opens), None)
    deadlines = display.deadlines(found.procedure, found.state, clock.today())
    return {
        "place": place, "case": found, "state": state, "procedure": found.procedure,
        "tone": display.state_tone(found.procedure, state.name, any(item.overdue for item in deadlines)),
        "stops": display.stops(found.procedure, state.name, public=True), "actions": actions,
        "deadlines": [item for item in deadlines if item.active],
        "charges": display.charges(found.procedure, found.state),
        "documents": [(row, words[row.name]) for row in documents if row.name in seen.documents],
        "notices": _own(notices, place.actor.roles), "asked": asked_of(found, events, place.actor),
        "events": list(reversed(_events(found, events))),
        "parts": display.sections(found.procedure, values, found.state.texts, seen, language(), found.state.marks),
        "computed": display.computed(found.procedure, values, seen, language()),
        "opening": opening.action if opening else None, **payments(found, "my-case-receipt"), **payable(found),
        "file_url": reverse("my-case-files", args=[body, case_id]),
        "crumbs": [
            (_("Home"), reverse("home")), (_("My page"), reverse("my")), (found.row.number, ""),
        ],
    }  # fmt: skip


def _own(notices: list[Any], roles: frozenset[str]) -> list[Any]:
    return [notice for notice in reversed(notices) if notice.to in roles]


def _events(found: CaseView, events: list[EventView]) -> list[dict[str, Any]]:
    """The events as an applicant sees them: staff appear as department and role."""
    people = acted(found, events, by_name=False)
    return [
        {"label": display.act_label(found.procedure, event.act), "at": event.at, "who": _who(who)}
        for event, who in zip(events, people, strict=True)
    ]


def _who(who: Who) -> Label:
    if who.kind == "system":
        return Label(ja="システム", en="System")
    if who.kind == "party":
        return Label(ja="申請した方", en="You")
    return Label(ja=who.office("ja") or "担当窓口", en=who.office("en") or "The office")


@require_http_methods(["GET", "HEAD", "POST"])
@party_only
def act(request: HttpRequest, body: str, case: UUID, action: str) -> HttpResponse:
    """An act of the party on its own case."""
    user = _user(request)
    place, found = case_for(user, body, case)
    back = reverse("my-case", args=[body, case])
    word = found.procedure.procedure.actions.get(action)
    crumbs = [
        (_("My page"), reverse("my")), (found.row.number, back), (word.label.text(language()) if word else "", ""),
    ]  # fmt: skip
    return act_page(request, user, place, found, action, Frame("web/act/page.html", crumbs, back, back))
