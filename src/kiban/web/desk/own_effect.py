"""A service's own effect at a body: waiting, returns, channels, month by month; as a page and as CSV."""

from __future__ import annotations

from datetime import date

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from kiban.access.actors import sees_body
from kiban.cases import own_effect
from kiban.ops import clock
from kiban.web.desk.inbox import tabs
from kiban.web.templatetags.kiban import language
from kiban.web.viewer import Place, place_of, staff_only


def _lines(request: HttpRequest, body: str, service: str) -> tuple[Place, date, list[own_effect.Line]]:
    place = place_of(request, body, service)
    if not sees_body(place.compiled.service, place.actor):
        raise Http404
    since = own_effect.first_month(clock.today())
    return place, since, own_effect.own_effect(service, body, since, clock.today(), place.actor.id)


def _labels(place: Place) -> dict[str, str]:
    procedures = place.compiled.service.procedures
    return {name: word.label.text(language()) for name, word in procedures.items()}


@require_safe
@staff_only
def page(request: HttpRequest, body: str, service: str) -> HttpResponse:
    """The last thirteen months."""
    place, since, lines = _lines(request, body, service)
    crumbs = [
        (_("Staff desk"), reverse("desk")),
        (place.title(language()), reverse("desk-inbox", args=[body, service])), (_("Effect"), ""),
    ]  # fmt: skip
    labels = _labels(place)
    context = {
        "place": place, "tabs": tabs(place, "effect"), "crumbs": crumbs, "since": since,
        "lines": [(line, labels.get(line.procedure, line.procedure)) for line in reversed(lines)],
    }  # fmt: skip
    return render(request, "web/desk/effect.html", context)


@require_safe
@staff_only
def as_csv(request: HttpRequest, body: str, service: str) -> HttpResponse:
    """The same as CSV."""
    place, _since, lines = _lines(request, body, service)
    answer = HttpResponse(
        own_effect.as_csv(lines, _labels(place), language()), content_type="text/csv; charset=utf-8"
    )
    answer["Content-Disposition"] = f'attachment; filename="effect-{body}-{service}.csv"'
    return answer
