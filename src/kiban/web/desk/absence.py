"""Absence and deputies: set by the person, or for anybody by an administrator of the body."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from kiban.access import absence, people
from kiban.access.actors import administers
from kiban.access.changes import SettingRefused
from kiban.access.models import Absence, User
from kiban.kernel.office import works_here
from kiban.kernel.problems import Problem
from kiban.ops import clock
from kiban.web.desk.inbox import tabs
from kiban.web.forms.posted import storable
from kiban.web.templatetags.kiban import language
from kiban.web.viewer import Place, place_of, staff_only, user_of


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def absences(request: HttpRequest, body: str, service: str) -> HttpResponse:
    """One's own absences (an administrator: everybody's), a new one, and the end of one."""
    place, user = place_of(request, body, service), user_of(request)
    assert user is not None  # the view is for staff
    if not works_here(place.compiled.service, place.actor, body):
        raise PermissionDenied
    everybody = administers(place.compiled.service, place.actor)
    problems: tuple[Problem, ...] = ()
    if request.method == "POST":
        said = {name: storable(value) for name, value in request.POST.items() if isinstance(value, str)}
        try:
            words = (
                _end(place, user, said, everybody) if "end" in said else _set(place, user, said, everybody)
            )
            messages.success(request, words)
            return HttpResponseRedirect(reverse("desk-absence", args=[body, service]))
        except SettingRefused as refused:
            problems = refused.problems
        except LookupError:
            return HttpResponseRedirect(request.path)
    return _page(request, place, user, everybody, problems)


def _set(place: Place, user: User, said: dict[str, str], everybody: bool) -> str:
    who = said.get("person") if everybody else str(user.id)
    absence.set_absence(
        place.body.code,
        place.slug,
        who,
        said.get("deputy"),
        said.get("from"),
        said.get("to"),
        user,
        said.get("why"),
    )
    return _("The absence has been entered.")


def _end(place: Place, user: User, said: dict[str, str], everybody: bool) -> str:
    known = {str(row.id) for row in absence.absences(place.body.code, of=None if everybody else user.id)}
    if said["end"] not in known:
        raise LookupError(said["end"])
    absence.end_absence(
        place.body.code, place.slug, said["end"], said.get("last_day"), user, said.get("end_why")
    )
    return _("The absence has been ended.")


def _page(
    request: HttpRequest, place: Place, user: User, everybody: bool, problems: tuple[Problem, ...]
) -> HttpResponse:
    body, today = place.body.code, clock.today()
    colleagues = [(str(one.id), f"{one.department} {one.name}".strip())
                  for one in people.colleagues(body, place.slug, on=today)]  # fmt: skip
    me = str(user.id)
    context: dict[str, Any] = {
        "place": place, "tabs": tabs(place, "inbox"), "everybody": everybody, "today": today,
        "rows": [_line(row, today) for row in absence.absences(body, of=None if everybody else user.id)],
        "people": colleagues, "others": [(id_, name) for id_, name in colleagues if everybody or id_ != me],
        "posted": request.POST, "problems": problems, "wrong": {problem.field: problem for problem in problems},
        "wrong_count": len(problems), "summary": [(problem, _href(problem)) for problem in problems],
        "crumbs": [
            (_("Staff desk"), reverse("desk")),
            (place.title(language()), reverse("desk-inbox", args=[body, place.slug])),
            (_("Absence and deputies"), ""),
        ],
    }  # fmt: skip
    return render(request, "web/desk/absence.html", context, status=422 if problems else 200)


def _href(problem: Problem) -> str:
    return "" if problem.field == "last_day" else f"#s-{problem.field}"


def _line(row: Absence, today: Any) -> tuple[Absence, bool]:
    return row, row.from_date <= today
