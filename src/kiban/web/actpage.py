"""One act on a case on one page: what it will do, what it asks, and what was wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render

from kiban.access.models import User
from kiban.cases.queries import CaseView
from kiban.cases.world import looking
from kiban.kernel.facts import Refusal
from kiban.kernel.forms import Evaluation
from kiban.kernel.problems import Problem
from kiban.web import wizard
from kiban.web.acting import done_words, reasons_from, send
from kiban.web.filling import Filling, reasons_missing, start_raw, summary_of
from kiban.web.outlook import refusing_guard, will_do
from kiban.web.templatetags.kiban import language
from kiban.web.uploads import posted_raw
from kiban.web.viewer import Place


@dataclass(frozen=True)
class Frame:
    """Where the page stands: its template, its way back, and where to go when it is done."""

    template: str
    crumbs: list[tuple[str, str]]
    back: str
    after: str


def act_page(
    request: HttpRequest, user: User, place: Place, found: CaseView, action: str, frame: Frame
) -> HttpResponse:
    """Shows or takes an act on a case. Long forms go on in the wizard. Raises Http404, PermissionDenied."""
    compiled = found.procedure.actions.get(action)
    if compiled is None or compiled.action.opens:
        raise Http404
    if not place.actor.roles & set(compiled.action.roles):
        raise PermissionDenied
    filling = Filling(place, found.compiled, found.procedure, action, found.state, language())
    if len(filling.steps) >= wizard.STEPS_FROM and found.state.state in compiled.action.from_:
        draft = wizard.draft_of_case(user, filling) or wizard.start(user, filling)
        return HttpResponseRedirect(wizard.draft_url(draft, filling.steps[0].key))
    filling.raw = start_raw(filling.procedure, action, found.state, filling.facts)
    if request.method == "POST":
        return _posted(request, user, filling, found, frame)
    return _show(request, filling, found, frame)


def _posted(
    request: HttpRequest, user: User, filling: Filling, found: CaseView, frame: Frame
) -> HttpResponse:
    partition = user.partition if user.kind == "party" else filling.place.body.code
    filling.raw = posted_raw(request, filling, partition)
    filling.reasons = reasons_from(request.POST)
    name, equals, value = request.POST.get("take", "").partition("=")
    if equals and name in filling.fields:
        filling.raw[name] = value[:400]
    if request.headers.get("HX-Request"):
        return _show(request, filling, found, frame, tried="tried" in request.POST, partial=True)
    if request.POST.get("do", "send") != "send" or equals:
        return _show(request, filling, found, frame)
    outcome = send(filling, _key(request), if_seq=_seq(request))
    if outcome.status == "done":
        messages.success(request, done_words(filling.compiled_action.action, filling.language))
        return HttpResponseRedirect(frame.after)
    return _show(request, filling, found, frame, refusal=outcome.refusal, tried=True)


def _seq(request: HttpRequest) -> int | None:
    text = request.POST.get("seq", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def _show(
    request: HttpRequest, filling: Filling, found: CaseView, frame: Frame, *, refusal: Refusal | None = None,
    tried: bool = False, partial: bool = False,
) -> HttpResponse:  # fmt: skip
    evaluation = filling.evaluate()
    problems = _problems(filling, evaluation, refusal, tried)
    names = [name for step in filling.steps for name in step.fields]
    widgets = filling.widgets(names, evaluation, problems)
    warnings = [p for p in evaluation.problems if p.severity in ("warning", "refer")]
    summary: Any = ()
    if tried:
        summary = summary_of(filling, [p for p in problems if p.severity == "error"], widgets)
        refused = refusal.problems if refusal is not None else ()
        summary += reasons_missing(warnings, refused)
        summary += summary_of(filling, [p for p in refused if p.severity == "refer"], widgets)
    told = refusal if refusal is not None and not refusal.problems else None
    action = filling.compiled_action
    with looking(filling.place.body.code, filling.compiled) as world:
        guard = refusing_guard(filling.procedure, action, found.state, filling.facts, world)
    wrong_state = found.state.state not in action.action.from_
    context = {
        "filling": filling, "action": action.action, "widgets": widgets, "summary": summary, "refusal": told,
        "focus_summary": bool(summary or told) and not partial, "tried": tried, "warnings": warnings,
        "reasons": filling.reasons, "wrong_count": len(summary), "case": found, "frame": frame,
        "crumbs": frame.crumbs, "key": _key(request), "seq": found.state.seq,
        "will": list(will_do(filling.procedure, action, found.state, filling.facts, filling.language)),
        "guard": guard if told is None else None, "wrong_state": wrong_state and told is None,
    }  # fmt: skip
    if partial:
        return render(request, "web/act/fields.html", context)
    status = (
        200 if refusal is None else 403 if refusal.code == "not_allowed" else 422 if refusal.problems else 409
    )
    return render(request, frame.template, context, status=status)


def _problems(
    filling: Filling, evaluation: Evaluation, refusal: Refusal | None, tried: bool
) -> list[Problem]:
    """What may be told beside the fields: what the door said, else what is wrong with what was typed so far."""
    own = list(evaluation.problems)
    if refusal is not None and refusal.problems:
        own = list(refusal.problems)
    shown = [p for p in own if p.severity in ("error", "info")]
    return shown if tried else filling.typed_so_far(shown)


def _key(request: HttpRequest) -> str:
    """The idempotency key of this page: kept while the same page is sent again, so that a double click acts once."""
    key = request.POST.get("key", "")
    try:
        return str(UUID(key)) if key else str(uuid4())
    except ValueError:
        return str(uuid4())
