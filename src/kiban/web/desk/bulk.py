"""One act on many cases: chosen in the inbox, one input for all, then what became of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from kiban.access.models import User
from kiban.access.scope import scope
from kiban.bulk import runs
from kiban.bulk.models import DONE, REFUSED, WAITING, Item, Run
from kiban.cases import queries
from kiban.cases.models import Case
from kiban.definitions import editions
from kiban.kernel.definitions.compile import CompiledAction, CompiledProcedure
from kiban.kernel.definitions.model import Label
from kiban.kernel.forms import required_problem
from kiban.kernel.office import works_here
from kiban.kernel.problems import Problem
from kiban.kernel.values import ReadContext
from kiban.web import display
from kiban.web.acting import reasons_from
from kiban.web.desk.filters import filters, inbox_url, wishes
from kiban.web.desk.inbox import tabs
from kiban.web.filling import Filling, summary_of
from kiban.web.forms.posted import is_blank
from kiban.web.templatetags.kiban import language
from kiban.web.uploads import posted_raw
from kiban.web.viewer import Place, place_of, staff_only, user_of

_SHOWN = 500  # cases that a page lists; the others are counted
_FIRST = 20  # cases done before the page answers; the worker goes on with the rest


@dataclass(frozen=True)
class Choice:
    """An act that may be done on some of the chosen cases."""

    value: str
    label: Label
    procedure: Label
    able: int
    style: str


def _open_to(place: Place, action: CompiledAction) -> bool:
    return not action.action.opens and bool(place.actor.roles & set(action.action.roles))


def _place(request: HttpRequest, body: str, service: str) -> tuple[Place, User]:
    place, user = place_of(request, body, service), user_of(request)
    assert user is not None  # the views are for staff
    if not works_here(place.compiled.service, place.actor, body):
        raise PermissionDenied
    return place, user


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def many(request: HttpRequest, body: str, service: str) -> HttpResponse:
    """The runs so far; POST: the cases chosen in the inbox, the act for them, its input, and off it goes."""
    place, user = _place(request, body, service)
    if request.method != "POST":
        return _runs(request, place)
    cases = _cases(request, place)
    if not cases:
        return _choose(request, place, cases, _("Please tick the cases in the list first."))
    chosen = _choice(place, request.POST.get("act", ""))
    if chosen is None:
        return _choose(request, place, cases)
    procedure, action = chosen
    filling = Filling(place, place.compiled, procedure, action, None, language())
    filling.raw = posted_raw(request, filling, body)
    filling.reasons = reasons_from(request.POST)
    if request.POST.get("do") != "run":
        return _form(request, filling, cases, ())
    problems = _wrong(filling)
    if problems or filling.upload_problems:
        return _form(request, filling, cases, problems, tried=True)
    data = {name: value for name, value in filling.input.items() if not is_blank(value)}
    able = [row.id for row in cases if row.procedure == procedure.name]
    try:
        made = runs.begin(
            place.compiled, body, procedure.name, action, able, user, data, filling.reasons, _key(request)
        )
    except ValueError:
        return _choose(request, place, cases, _("Please choose between 1 and %s cases.") % runs.MOST)
    runs.carry_on(body, made.id, most=_FIRST)
    return HttpResponseRedirect(reverse("desk-bulk-run", args=[body, service, made.id]))


def _cases(request: HttpRequest, place: Place) -> list[Case]:
    """The chosen cases that are there, in the order of the list; with `all` every one of the filter."""
    body = place.body.code
    with scope(body, viewer=place.actor.id):
        if request.POST.get("all"):
            return _all(place, filters(request.POST, place))
        wanted = [
            _uuid(text) for value in request.POST.getlist("cases") for text in value.split()[: runs.MOST + 1]
        ]
        here = Case.objects.filter(body=body, service=place.slug, id__in=[one for one in wanted if one])
        by_id = {row.id: row for row in here.defer("document")[: runs.MOST + 1]}
    return [by_id[one] for one in dict.fromkeys(wanted) if one in by_id]


def _all(place: Place, chosen: Mapping[str, str]) -> list[Case]:
    found: list[Case] = []
    cursor: str | None = None
    while len(found) <= runs.MOST:
        page = queries.inbox(place.compiled, **wishes(place, chosen), limit=200, cursor=cursor)
        found += page.rows
        cursor = page.next
        if cursor is None:
            break
    return found


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _key(request: HttpRequest) -> UUID:
    return _uuid(request.POST.get("key", "")) or uuid4()


def _choice(place: Place, value: str) -> tuple[CompiledProcedure, str] | None:
    """The procedure and the act that were chosen, where the actor may do it."""
    name, _dot, action = value.partition(".")
    procedure = place.compiled.procedures.get(name)
    compiled = procedure.actions.get(action) if procedure is not None else None
    if procedure is None or compiled is None or not _open_to(place, compiled):
        return None
    return procedure, action


def _choices(place: Place, cases: Iterable[Case]) -> list[Choice]:
    """The acts that at least one of the cases allows in its state."""
    rows = list(cases)
    found = []
    for name, procedure in place.compiled.procedures.items():
        for action in procedure.actions.values():
            able = sum(row.procedure == name and row.state in action.action.from_ for row in rows)
            if able and _open_to(place, action):
                label = procedure.procedure.label
                value = f"{name}.{action.action.name}"
                found.append(Choice(value, action.action.label, label, able, action.action.style))
    return found


def _frame(place: Place, title: str) -> dict[str, Any]:
    args = [place.body.code, place.slug]
    crumbs = [
        (_("Staff desk"), reverse("desk")), (place.title(language()), reverse("desk-inbox", args=args)), (title, ""),
    ]  # fmt: skip
    return {"place": place, "tabs": tabs(place, "inbox"), "crumbs": crumbs}


def _listed(place: Place, cases: list[Case]) -> dict[str, Any]:
    """The chosen cases as a page shows and sends them on."""
    lines = []
    for row in cases[:_SHOWN]:
        words = editions.get(row.edition).procedures[row.procedure].procedure
        lines.append((row, words.states[row.state].label))
    return {
        "cases": lines, "count": len(cases), "more": max(0, len(cases) - _SHOWN),
        "ids": " ".join(str(row.id) for row in cases),
    }  # fmt: skip


def _choose(request: HttpRequest, place: Place, cases: list[Case], problem: str = "") -> HttpResponse:
    too_many = len(cases) > runs.MOST
    if too_many:
        problem = _("Please choose between 1 and %s cases.") % runs.MOST
    context = {
        **_frame(place, _("Many cases at once")), **_listed(place, [] if too_many else cases),
        "choices": [] if too_many else _choices(place, cases), "problem": problem,
        "back": inbox_url(place, filters(request.POST, place)), "many_procedures": len(place.compiled.procedures) > 1,
    }  # fmt: skip
    return render(request, "web/desk/bulk-choose.html", context, status=422 if problem else 200)


def _wrong(filling: Filling) -> list[Problem]:
    """What is wrong with the common input by itself; what depends on a case is decided case by case."""
    context = ReadContext(today=filling.facts.today, locate=lambda _text: None)
    found: list[Problem] = []
    for name, item in filling.compiled_action.fields.items():
        value = filling.input.get(name)
        if is_blank(value):
            if item.always_required:
                found.append(required_problem(item.field))
        elif item.field.type != "address":
            found += item.codec.read(value, context, name).problems
    return found


def _form(
    request: HttpRequest,
    filling: Filling,
    cases: list[Case],
    problems: Iterable[Problem],
    *,
    tried: bool = False,
) -> HttpResponse:
    place, action = filling.place, filling.compiled_action
    told = [*problems]
    names = [name for step in filling.steps for name in step.fields]
    widgets = filling.widgets(names, filling.evaluate(), told)
    able = [
        row for row in cases
        if row.procedure == filling.procedure.name and row.state in action.action.from_
    ]  # fmt: skip
    warnings = {rule.rule.code: rule.rule for rule in action.rules if rule.rule.severity == "warning"}
    summary = summary_of(filling, told, widgets) if tried else ()
    context = {
        **_frame(place, action.action.label.text(language())), **_listed(place, cases), "filling": filling,
        "action": action.action, "widgets": widgets, "summary": summary, "wrong_count": len(summary),
        "focus_summary": bool(summary), "act": f"{filling.procedure.name}.{filling.action}", "key": _key(request),
        "able": len(able), "unable": len(cases) - len(able), "reasons": filling.reasons,
        "warnings": [(code, rule.label or rule.message) for code, rule in warnings.items()],
    }  # fmt: skip
    return render(request, "web/desk/bulk-form.html", context, status=422 if summary else 200)


@require_safe
@staff_only
def run(request: HttpRequest, body: str, service: str, run: UUID) -> HttpResponse:
    """What has become of each case so far."""
    place, _user = _place(request, body, service)
    with scope(body, viewer=place.actor.id):
        found = Run.objects.filter(body=body, service=service, id=run).first()
        if found is None:
            raise Http404
        counts = runs.counts(body, run)
        items = list(Item.objects.filter(body=body, run=run).order_by("place")[:_SHOWN])
        cases = {
            row.id: row
            for row in Case.objects.filter(body=body, id__in=[i.case_id for i in items]).defer("document")
        }
        refused = Item.objects.filter(body=body, run=run, state=REFUSED).values_list("case_id", flat=True)
        ids = " ".join(str(one) for one in refused)
    label = _label(place, found)
    context = {
        **_frame(place, label.text(language())), "run": found, "label": label, "counts": counts,
        "done": counts[DONE] + counts[REFUSED], "done_count": counts[DONE], "refused_count": counts[REFUSED],
        "waits": found.ended_at is None, "waiting": counts[WAITING],
        "lines": [_line(item, cases.get(item.case_id)) for item in items],
        "more": max(0, found.total - _SHOWN), "refused_ids": ids,
    }  # fmt: skip
    partial = request.headers.get("HX-Request")
    return render(request, "web/desk/bulk-state.html" if partial else "web/desk/bulk-run.html", context)


def _line(item: Item, case: Case | None) -> dict[str, Any]:
    state = None
    if case is not None:
        states = editions.get(case.edition).procedures[case.procedure].procedure.states
        state = states[case.state].label
    return {"item": item, "case": case, "state": state}


def _label(place: Place, found: Run) -> Label:
    procedure = place.compiled.procedures.get(found.procedure)
    return display.act_label(procedure, found.action) if procedure is not None else Label(ja=found.action)


def _runs(request: HttpRequest, place: Place) -> HttpResponse:
    body = place.body.code
    with scope(body, viewer=place.actor.id):
        rows = list(Run.objects.filter(body=body, service=place.slug).order_by("-at")[:50])
    context = {
        **_frame(place, _("Many cases at once")), "runs": [(row, _label(place, row)) for row in rows],
    }  # fmt: skip
    return render(request, "web/desk/bulk-runs.html", context)
