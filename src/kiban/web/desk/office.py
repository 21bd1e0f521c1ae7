"""The office's own side of a case: who handles it, notes for colleagues, handing it over. No party sees any of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from kiban.access import people
from kiban.access.models import User
from kiban.access.people import Colleague
from kiban.cases import door
from kiban.cases.queries import CaseView, EventView
from kiban.cases.staff import staff_of
from kiban.kernel import office
from kiban.kernel.facts import Refusal
from kiban.ops import clock
from kiban.web.acting import ROUTE
from kiban.web.forms.posted import storable
from kiban.web.templatetags.kiban import language
from kiban.web.viewer import Place, case_for, staff_only, user_of

_ACTS = {
    "note": office.NOTE, "pin": office.PIN, "strike": office.STRIKE, "assign": office.ASSIGN,
    "unassign": office.UNASSIGN, "hand-over": office.HAND_OVER,
}  # fmt: skip
_PAGES = ("note", "hand-over")  # acts with a page of their own; the others are buttons


@dataclass(frozen=True)
class Note:
    """A note as colleagues read it; `seq` names it."""

    seq: int
    at: datetime
    who: str
    text: str
    pinned: bool
    struck: bool
    mine: bool


@dataclass(frozen=True)
class Handling:
    """Who handles a case, and its notes, pinned ones first, then the latest."""

    assignee: str
    department: str
    mine: bool
    notes: tuple[Note, ...]
    key: str


def handling(found: CaseView, place: Place, events: list[EventView]) -> Handling | None:
    """The office's side of a case for who works there; None for others (a ministry, a prefecture)."""
    if not office.works_here(found.compiled.service, place.actor, place.body.code):
        return None
    kept: Mapping[str, Any] = found.state.office
    notes = [event for event in events if event.act == office.NOTE]
    names = _names([kept.get("assignee"), *(event.actor for event in notes)])
    pinned, struck = kept.get("pinned") or (), kept.get("struck") or ()
    shown = [
        Note(
            event.seq, event.at, f"{event.department} {names.get(event.actor, '')}".strip(),
            str(event.said.get("input", {}).get("text", "")), event.seq in pinned, event.seq in struck,
            event.actor == place.actor.id,
        )
        for event in reversed(notes)
    ]  # fmt: skip
    assignee = str(kept.get("assignee") or "")
    return Handling(
        names.get(assignee, ""), str(kept.get("department") or ""), assignee == place.actor.id,
        tuple(sorted(shown, key=lambda note: (note.struck, not note.pinned))), str(uuid4()),
    )  # fmt: skip


def _names(ids: list[Any]) -> dict[str, str]:
    known = {str(found) for found in ids if found and len(str(found)) == 36}
    return {str(user.id): user.display_name for user in User.objects.filter(id__in=known)}


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def act(request: HttpRequest, body: str, case: UUID, act: str) -> HttpResponse:
    """An act of the office: its page, or done and back to the case."""
    user = user_of(request)
    assert user is not None  # the view is for staff
    place, found = case_for(user, body, case)
    name = _ACTS.get(act)
    if name is None or not office.works_here(found.compiled.service, place.actor, body):
        raise Http404
    back = reverse("desk-case", args=[body, case])
    if request.method != "POST":
        return _page(request, place, found, act, {}) if act in _PAGES else HttpResponseRedirect(back)
    said = _said(request, name)
    outcome = _send(place, found, name, said, _key(request))
    if outcome.status == "done":
        messages.success(request, _done(name))
        return HttpResponseRedirect(f"{back}#office")
    assert outcome.refusal is not None
    if act not in _PAGES:
        messages.error(request, _first(outcome.refusal))
        return HttpResponseRedirect(f"{back}#office")
    return _page(request, place, found, act, said, outcome.refusal)


def _said(request: HttpRequest, name: str) -> dict[str, str]:
    """What was typed: blanks are left out, as nothing was said."""
    typed = {field: storable(request.POST.get(field, "")).strip() for field in office.FIELDS[name]}
    return {field: value for field, value in typed.items() if value}


def _key(request: HttpRequest) -> str:
    try:
        return str(UUID(request.POST.get("key", "")))
    except ValueError:
        return str(uuid4())


def _send(place: Place, found: CaseView, name: str, said: Mapping[str, str], key: str) -> door.Outcome:
    try:
        return door.act(
            place.body.code, place.slug, None, found.row.id, name, place.actor, said, idempotency_key=key,
            route=f"{ROUTE}.{name}",
        )  # fmt: skip
    except door.NotVisible:
        raise Http404 from None
    except door.KeyConflict:  # the page was sent once already, with something else in it
        return _send(place, found, name, said, str(uuid4()))


def _done(name: str) -> str:
    return {
        office.NOTE: _("The note has been kept."), office.PIN: _("The order of the notes has been changed."),
        office.STRIKE: _("The note has been struck out."), office.ASSIGN: _("You handle this case now."),
        office.UNASSIGN: _("Nobody in particular handles this case now."),
        office.HAND_OVER: _("The case has been handed over."),
    }[name]  # fmt: skip


def _first(refusal: Refusal) -> str:
    words = refusal.problems[0].message if refusal.problems else refusal.message
    return words.text(language())


def _page(
    request: HttpRequest, place: Place, found: CaseView, act: str, said: Mapping[str, str],
    refusal: Refusal | None = None,
) -> HttpResponse:  # fmt: skip
    body, today = place.body.code, clock.today()
    colleagues = people.colleagues(body, place.slug, on=today)
    problems = refusal.problems if refusal is not None else ()
    back = reverse("desk-case", args=[body, found.row.id])
    label = office.LABELS[_ACTS[act]].text(language())
    inbox = reverse("desk-inbox", args=[body, place.slug])
    context = {
        "place": place, "case": found, "act": act, "label": label, "posted": said, "back": back, "key": _key(request),
        "people": [(str(one.id), _colleague(one)) for one in colleagues if str(one.id) != place.actor.id],
        "departments": sorted(staff_of(body, place.slug, today).known_departments),
        "wrong": {problem.field: problem for problem in problems}, "wrong_count": len(problems),
        "summary": [(problem, f"#s-{problem.field}") for problem in problems], "problems": problems,
        "refusal": refusal if refusal is not None and not problems else None,
        "crumbs": [
            (_("Staff desk"), reverse("desk")), (place.title(language()), inbox), (found.row.number, back), (label, ""),
        ],
    }  # fmt: skip
    return render(request, "web/desk/office-act.html", context, status=422 if refusal is not None else 200)


def _colleague(found: Colleague) -> str:
    return f"{found.department} {found.name}".strip()
