"""What the pages of money share: who may open them, their frame, problems beside their fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from kiban.access.actors import sees_body
from kiban.access.models import User
from kiban.kernel.problems import Problem
from kiban.money.closing import takes_money
from kiban.web.desk.inbox import charges_money, tabs
from kiban.web.templatetags.kiban import language
from kiban.web.viewer import Place, place_of, user_of


def money_place(request: HttpRequest, body: str, service: str) -> tuple[Place, User]:
    """The service at the body, for those whose role reaches its cases. Raises Http404."""
    place = place_of(request, body, service)
    if not sees_body(place.compiled.service, place.actor) or not charges_money(place.compiled):
        raise Http404
    user = user_of(request)
    assert user is not None
    return place, user


def sections(place: Place, now: str) -> list[tuple[str, str, bool]]:
    """The pages of money: (words, address, whether it is this one)."""
    args = [place.body.code, place.slug]
    words = {
        "money": _("Collections"), "money-days": _("Daily closing"), "money-standing": _("Owed and overpaid"),
        **({"money-statements": _("Reconciliation")} if place.compiled.service.payments is not None else {}),
        **({"money-online": _("Online payments")} if _pays_online(place) else {}),
    }  # fmt: skip
    return [(label, reverse(name, args=args), name == now) for name, label in words.items()]


def _pays_online(place: Place) -> bool:
    return any(p.procedure.online_payment is not None for p in place.compiled.procedures.values())


def page(
    request: HttpRequest, place: Place, now: str, template: str, context: Mapping[str, Any],
    problems: Iterable[Problem] = (), trail: Iterable[tuple[str, str]] = (),
) -> HttpResponse:  # fmt: skip
    """A page of money; with problems it says them above and beside their fields (status 422)."""
    told, args = tuple(problems), [place.body.code, place.slug]
    crumbs = [
        (_("Staff desk"), reverse("desk")), (place.title(language()), reverse("desk-inbox", args=args)),
        (_("Money"), reverse("money", args=args)), *trail,
    ]  # fmt: skip
    whole = {
        "place": place, "tabs": tabs(place, "money"), "sections": sections(place, now), "problems": told,
        "summary": [(problem, f"#s-{problem.field}") for problem in told], "crumbs": crumbs,
        "wrong": {problem.field: problem for problem in told}, "wrong_count": len(told), "posted": request.POST,
        "takes": takes_money(place.compiled, place.actor), **context,
    }  # fmt: skip
    return render(request, f"web/money/{template}.html", whole, status=422 if told else 200)


def pdf(content: bytes, name: str) -> HttpResponse:
    """A PDF to look at."""
    return HttpResponse(
        content, content_type="application/pdf", headers={"Content-Disposition": f'inline; filename="{name}.pdf"'}
    )  # fmt: skip


def download(content: str | bytes, kind: str, name: str) -> HttpResponse:
    """A file to keep."""
    return HttpResponse(
        content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'}
    )
