"""Filling a long form in steps: a draft is kept with every post, the last step shows all and sends it.

The same pages serve residents and, at the counter, staff. Every post is evaluated on the server; htmx only asks
for the fields again while they are typed. Nothing that was typed is lost: the draft holds it as it came.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from kiban.access.models import User
from kiban.access.scope import scope
from kiban.cases import drafts, queries, secrets
from kiban.cases.corrections import asked_of
from kiban.cases.models import Draft, Idempotency
from kiban.definitions.since import since
from kiban.kernel.correction import CODE, Asked
from kiban.kernel.definitions.model import Label
from kiban.kernel.facts import Refusal
from kiban.kernel.forms import Evaluation
from kiban.kernel.problems import Problem
from kiban.ops import clock
from kiban.web import leftover
from kiban.web.acting import ROUTE, done_words, reasons_from, send
from kiban.web.filling import Filling, reasons_missing, start_raw, summary_of
from kiban.web.forms.paths import head
from kiban.web.forms.steps import REVIEW, Step, index_of, step_of
from kiban.web.review import review_parts
from kiban.web.templatetags.kiban import language
from kiban.web.uploads import posted_raw
from kiban.web.viewer import body_row, case_for, place_for, to_sign_in, user_of

STEPS_FROM = 4  # an action with fewer steps stands on one page


@dataclass
class Wizard:
    """A draft that its owner has open."""

    user: User
    draft: Draft
    filling: Filling

    @property
    def partition(self) -> str:
        return str(self.draft.body)

    @cached_property
    def asked(self) -> Asked | None:
        """What the case was sent back for, where this draft puts it right."""
        if self.draft.case_id is None:
            return None
        place, found = case_for(self.user, self.draft.target, self.draft.case_id)
        with scope(place.body.code, viewer=str(self.user.id)):
            events = queries.history(found)
        asked = asked_of(found, events, place.actor)
        return asked.only(self.filling.fields) if asked is not None else None

    @cached_property
    def changes(self) -> tuple[Label, ...]:
        """What has changed since this draft of a new case was begun: its person is told."""
        if self.draft.case_id is not None:
            return ()
        place = self.filling.place
        return since(
            self.draft.edition, self.draft.created_at, place.edition, clock.today(), place.body.code,
            self.draft.procedure,
        )  # fmt: skip

    def url(self, step: str) -> str:
        return draft_url(self.draft, step)

    def _data(self) -> dict[str, Any]:
        """What was typed, as it is kept: secret fields sealed."""
        data = {"raw": self.filling.raw, "reasons": self.filling.reasons}
        return secrets.put_away(data, self.filling.procedure.codecs.secret, place_of_draft(self.draft))

    def save(self, step: str, names: Iterable[str] = ()) -> None:
        """Keeps what was typed. Where another window has saved meanwhile, only the fields of this page are put over."""
        with scope(self.partition):
            data = self._data()
            for _attempt in range(3):
                try:
                    self.draft = drafts.save(self.draft, data, step=step)
                    return
                except drafts.DraftMoved as moved:
                    self.draft = moved.draft
                    ours = {name: self.filling.raw[name] for name in names if name in self.filling.raw}
                    self.filling.raw = {
                        **secrets.brought_back(moved.draft.data, place_of_draft(moved.draft)),
                        **ours,
                    }
                    data = self._data()
                except LookupError:
                    return  # sent or thrown away meanwhile: the page that follows says so


@require_http_methods(["GET", "HEAD", "POST"])
def draft(request: HttpRequest, body: str, draft: UUID, step: str) -> HttpResponse:
    """One step of a draft."""
    user = user_of(request)
    if user is None:
        return to_sign_in(request)
    row = _row(user, body, draft)
    if row is None:
        return sent_already(user, body, draft)
    opened = open_wizard(user, row)
    if opened is None:
        return leftover.page(request, user, row)
    steps = opened.filling.steps
    if step == REVIEW or not steps:
        return _review(request, opened)
    at = index_of(steps, step)
    if at is None:  # the form has changed since the draft was left there
        return HttpResponseRedirect(opened.url(steps[0].key))
    if request.method == "POST":
        return _posted(request, opened, at)
    return _show(request, opened, at, tried="problems" in request.GET)


def _row(user: User, body: str, draft_id: UUID) -> Draft | None:
    """The draft of this user for this body, None when it is not there (any more). Raises Http404."""
    partition = user.partition if user.kind == "party" else body_row(body).code
    with scope(partition, viewer=str(user.id)):
        row = drafts.get(draft_id, str(user.id))
    return row if row is not None and row.target == body else None


def open_wizard(user: User, row: Draft) -> Wizard | None:
    """A draft with its form; None when its procedure, action or case is gone. Raises Http404: staff without a role."""
    body, case = row.target, None
    try:
        place = place_for(user, body, row.service)
        compiled = place.compiled
        if row.case_id is not None:
            place, found = case_for(user, body, row.case_id)
            compiled, case = found.compiled, found.state
    except Http404:
        if user.kind == "party":
            return None
        raise
    procedure = compiled.procedures.get(row.procedure)
    if procedure is None or row.action not in procedure.actions:
        return None
    filling = Filling(place, compiled, procedure, row.action, case, language())
    filling.raw = secrets.brought_back(row.data, place_of_draft(row))
    filling.reasons = dict(row.data.get("reasons") or {})
    return Wizard(user, row, filling)


def place_of_draft(draft: Draft) -> str:
    """Where what is sealed in a draft belongs."""
    return f"draft/{draft.body}/{draft.id}"


def start(user: User, filling: Filling, preset: Mapping[str, str] | None = None) -> Draft:
    """A new draft of an action, with what is known already and what a button brought along."""
    place, case = filling.place, filling.case
    raw = start_raw(filling.procedure, filling.action, case, filling.facts) | dict(preset or {})
    partition = user.partition if user.kind == "party" else place.body.code
    with scope(partition, viewer=str(user.id)):
        return drafts.create(
            str(user.id), place.body.code, place.slug, filling.procedure.name, filling.action, place.edition,
            data={"raw": raw, "reasons": {}}, case_id=case.id if case is not None else None,
            step=filling.steps[0].key if filling.steps else REVIEW,
        )  # fmt: skip


def draft_of_case(user: User, filling: Filling) -> Draft | None:
    """The draft of this action on this case that the user has begun, if any."""
    place, case = filling.place, filling.case
    partition = user.partition if user.kind == "party" else place.body.code
    with scope(partition, viewer=str(user.id)):
        mine = drafts.of(str(user.id), service=place.slug)
    return next(
        (d for d in mine if case is not None and str(d.case_id) == case.id and d.action == filling.action),
        None,
    )


def draft_url(draft: Draft, step: str = "") -> str:
    """The page of a draft, by default the step at which it was left."""
    return reverse("draft", args=[draft.target, draft.id, step or draft.step or REVIEW])


def sent_already(user: User, body: str, draft_id: UUID) -> HttpResponse:
    """A draft that is gone because it was sent (a second click): to the case. Raises Http404 otherwise."""
    body_row(body)
    with scope(body, viewer=str(user.id)):
        found = Idempotency.objects.filter(
            body=body, actor=str(user.id), route=ROUTE, key=str(draft_id)
        ).first()
    if found is None:
        raise Http404
    return HttpResponseRedirect(after_url(user, body, str(found.case_id), first=True))


def after_url(user: User, body: str, case: str, *, first: bool) -> str:
    """Where a person goes after an act: the receipt of a new case, else the case."""
    if user.kind != "party":
        return reverse("desk-case", args=[body, case])
    return reverse("my-case-received" if first else "my-case", args=[body, case])


# -- a step ---------------------------------------------------------------------------------------------------------


def _posted(request: HttpRequest, wizard: Wizard, at: int) -> HttpResponse:
    filling = wizard.filling
    filling.raw = posted_raw(request, filling, wizard.partition)
    _take_suggestion(request, filling)
    step, do = filling.steps[at], request.POST.get("do", "next")
    wizard.save(step.key, step.fields)
    tried = do == "next" or "tried" in request.POST
    if request.headers.get("HX-Request"):
        return _show(request, wizard, at, tried="tried" in request.POST, partial=True)
    if do == "leave":
        return HttpResponseRedirect(reverse("my" if wizard.user.kind == "party" else "desk"))
    if do == "back":
        return HttpResponseRedirect(wizard.url(filling.steps[at - 1].key) if at else wizard.url(step.key))
    if do != "next" or "take" in request.POST:
        return _show(request, wizard, at, tried=tried and do == "next", anchor=_anchor(do))
    evaluation = filling.evaluate()
    if filling.upload_problems or any(p.blocks and _on(step, p) for p in _errors(evaluation)):
        return _show(request, wizard, at, tried=True, evaluation=evaluation, focus=True)
    following = filling.steps[at + 1].key if at + 1 < len(filling.steps) else REVIEW
    return HttpResponseRedirect(wizard.url(following))


def _errors(evaluation: Evaluation) -> list[Problem]:
    """What stops a step: errors. Warnings and judgements are answered on the last page."""
    return [problem for problem in evaluation.problems if problem.severity == "error"]


def _on(step: Step, problem: Problem) -> bool:
    return head(problem.field) in step.fields


def _anchor(do: str) -> str:
    verb, _colon, rest = do.partition(":")
    return rest.split(":")[0] if verb in ("add", "remove", "unfile") else ""


def _take_suggestion(request: HttpRequest, filling: Filling) -> None:
    """A suggested value was pressed: it stands in its field as if it had been typed."""
    name, equals, value = request.POST.get("take", "").partition("=")
    if equals and name in filling.fields and filling.fields[name].type != "group":
        filling.raw[name] = value[:400]


def _show(
    request: HttpRequest, wizard: Wizard, at: int, *, tried: bool, partial: bool = False, focus: bool = False,
    evaluation: Evaluation | None = None, anchor: str = "",
) -> HttpResponse:  # fmt: skip
    filling, step = wizard.filling, wizard.filling.steps[at]
    evaluation = evaluation or filling.evaluate()
    problems = [p for p in evaluation.problems if _on(step, p) and p.severity in ("error", "info")]
    if not tried:
        problems = filling.typed_so_far(problems)
    widgets = filling.widgets(step.fields, evaluation, [*_to_correct(wizard), *problems])
    summary = summary_of(filling, problems, widgets, lambda other: wizard.url(other.key)) if tried else ()
    context = {
        "wizard": wizard, "filling": filling, "step": step, "at": at + 1, "total": len(filling.steps) + 1,
        "steps": _stops(filling, at), "widgets": widgets, "summary": summary, "tried": tried,
        "focus_summary": focus or bool(tried and summary and not partial), "url": wizard.url(step.key),
        "back_url": wizard.url(filling.steps[at - 1].key) if at else "", "wrong_count": len(summary),
        "crumbs": crumbs_of(wizard), "anchor": anchor,
    }  # fmt: skip
    name = "web/wizard/fields.html" if partial else "web/wizard/step.html"
    status = 422 if summary and focus and not partial else 200
    return render(request, name, context, status=status)


def _to_correct(wizard: Wizard) -> list[Problem]:
    """What was asked for, as a word beside each field; it stops nothing: a field may have been right."""
    words = Label(ja="ご確認のうえ、直してください。", en="Please check and correct this.")
    return [
        Problem(point.field, CODE, Label(ja=point.reason) if point.reason else words, "info")
        for point in (wizard.asked.points if wizard.asked is not None else ())
    ]


def _stops(filling: Filling, at: int, wrong: frozenset[str] = frozenset()) -> list[tuple[str, str]]:
    """The steps with their marks; the last one is the confirmation. Steps named in `wrong` need a correction."""
    found = []
    for n, step in enumerate(filling.steps):
        mark = "wrong" if step.key in wrong else "done" if n < at else "now" if n == at else ""
        found.append((step.label.text(filling.language), mark))
    return [*found, (_("Confirm"), "now" if at == len(filling.steps) else "")]


def crumbs_of(wizard: Wizard) -> list[tuple[str, str]]:
    """The way back: my page or the desk, then the procedure."""
    label = wizard.filling.procedure.procedure.label.text(wizard.filling.language)
    if wizard.user.kind == "party":
        return [(_("Home"), reverse("home")), (_("My page"), reverse("my")), (label, "")]
    place = wizard.filling.place
    return [
        (_("Staff desk"), reverse("desk")),
        (place.body.name, reverse("desk-inbox", args=[place.body.code, place.slug])),
        (label, ""),
    ]


# -- the last step --------------------------------------------------------------------------------------------------


def _review(request: HttpRequest, wizard: Wizard) -> HttpResponse:
    filling = wizard.filling
    refusal: Refusal | None = None
    if request.method == "POST":
        filling.reasons = reasons_from(request.POST)
        wizard.save(REVIEW)
        if request.POST.get("do") == "back":
            return HttpResponseRedirect(wizard.url(filling.steps[-1].key))
        if request.POST.get("do") != "send":
            return _show_review(request, wizard, None)
        outcome = send(filling, str(wizard.draft.id), draft=wizard.draft.id)
        if outcome.status == "done":
            opening = wizard.draft.case_id is None
            _tell_done(request, filling, opening)
            return HttpResponseRedirect(
                after_url(wizard.user, wizard.draft.target, outcome.case_id, first=opening)
            )
        refusal = outcome.refusal
    return _show_review(request, wizard, refusal)


def _tell_done(request: HttpRequest, filling: Filling, opening: bool) -> None:
    if not opening or filling.place.actor.kind != "party":
        messages.success(request, done_words(filling.compiled_action.action, filling.language))


def _show_review(request: HttpRequest, wizard: Wizard, refusal: Refusal | None) -> HttpResponse:
    filling = wizard.filling
    evaluation = filling.evaluate()
    url: Callable[[Step], str] = lambda step: f"{wizard.url(step.key)}?problems"  # noqa: E731
    blocking = [p for p in evaluation.problems if p.severity == "error"]
    warnings = [p for p in evaluation.problems if p.severity in ("warning", "refer")]
    wrong = frozenset(step.key for p in blocking if (step := step_of(filling.steps, p.field)) is not None)
    summary = summary_of(filling, blocking, (), url)
    summary += reasons_missing(warnings, refusal.problems if refusal is not None else ())
    told = refusal if refusal is not None and not refusal.problems else None
    context: dict[str, Any] = {
        "wizard": wizard, "filling": filling, "parts": review_parts(filling, evaluation, wizard.url),
        "summary": summary, "refusal": told, "focus_summary": bool(summary or told),
        "warnings": warnings,
        "infos": [p for p in evaluation.problems if p.severity == "info"],
        "reasons": filling.reasons, "steps": _stops(filling, len(filling.steps), wrong),
        "total": len(filling.steps) + 1, "at": len(filling.steps) + 1, "action": filling.compiled_action.action,
        "wrong_count": len(summary),
        "url": wizard.url(REVIEW), "crumbs": crumbs_of(wizard),
    }  # fmt: skip
    status = 422 if request.method == "POST" and (summary or told) else 200
    return render(request, "web/wizard/review.html", context, status=status)


__all__ = ["STEPS_FROM", "after_url", "draft"]
