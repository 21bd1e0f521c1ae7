"""What the pages of settings share: who may open them, their frame, and problems beside their fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from kiban.access import actors
from kiban.access.models import User
from kiban.kernel.problems import Problem
from kiban.web.desk.inbox import tabs
from kiban.web.templatetags.kiban import language
from kiban.web.viewer import Place, place_of, user_of


def place_to_set(request: HttpRequest, body: str, service: str) -> tuple[Place, User]:
    """The service at the body, for its administrator. Raises Http404, and PermissionDenied for other staff."""
    place = place_of(request, body, service)
    user = user_of(request)
    assert user is not None
    if not actors.administers(place.compiled.service, place.actor):
        raise PermissionDenied
    return place, user


def sections(place: Place, now: str) -> list[tuple[str, str, bool]]:
    """The pages of settings: (words, address, whether it is this one)."""
    args = [place.body.code, place.slug]
    words = {
        "settings": _("Parameters"), "settings-participation": _("Participation"),
        "settings-closed-days": _("Closed days"), "settings-office": _("Counter and contact"),
        "settings-fields": _("Fields of the body"), "settings-people": _("People and roles"),
        "settings-imports": _("Import of ledgers"), "settings-webhooks": _("Webhooks"),
        "settings-texts": _("Texts of the pages"), "settings-history": _("History of settings"),
    }  # fmt: skip
    return [(label, reverse(name, args=args), name == now) for name, label in words.items()]


def page(
    request: HttpRequest, place: Place, now: str, context: Mapping[str, Any], problems: Iterable[Problem] = (),
    template: str = "",
) -> HttpResponse:  # fmt: skip
    """A page of settings; with problems it says them above and beside their fields (status 422)."""
    told = tuple(problems)
    args = [place.body.code, place.slug]
    said = {problem.field: problem for problem in told}
    crumbs = [
        (_("Staff desk"), reverse("desk")), (place.title(language()), reverse("desk-inbox", args=args)),
        (_("Settings of the body"), ""),
    ]  # fmt: skip
    whole = {
        "place": place, "tabs": tabs(place, "settings"), "sections": sections(place, now), "problems": told,
        "summary": [(problem, _href(problem)) for problem in told], "wrong": said, "wrong_count": len(told),
        "crumbs": crumbs, "posted": request.POST, **context,
    }  # fmt: skip
    name = template or f"web/admin/{now.removeprefix('settings-')}.html"
    return render(request, name, whole, status=422 if told else 200)


def _href(problem: Problem) -> str:
    """The input of a problem on the page; a line of a file has none, nor has a day inside a table."""
    return "" if "[" in problem.field or problem.field == "last_day" else f"#s-{problem.field}"
