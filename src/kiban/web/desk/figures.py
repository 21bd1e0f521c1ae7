"""The figures (統計) of a service at a body: tables with a chart beside them, drawn on the server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from kiban.access.actors import sees_figures
from kiban.access.scope import scope
from kiban.kernel.definitions.model import Figure
from kiban.kernel.figures import figure
from kiban.registries.queries import rows_of
from kiban.web.charts import Chart, bars
from kiban.web.desk.inbox import tabs
from kiban.web.templatetags.kiban import language
from kiban.web.viewer import Place, place_of, staff_only


@dataclass(frozen=True)
class Shown:
    """A figure as a table: a row for each month, a column for each value, and the sums."""

    word: Figure
    total: int
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[int, ...], int], ...]
    chart: Chart | None


@require_safe
@staff_only
def figures(request: HttpRequest, body: str, service: str) -> HttpResponse:
    """All figures of the service, over this body's records."""
    place = place_of(request, body, service)
    if not sees_figures(place.compiled.service, place.actor):
        raise Http404
    shown = []
    with scope(body, viewer=place.actor.id):
        for word in place.compiled.service.figures.values():
            counts = figure(place.compiled, word, rows_of(place.compiled, word.registry))
            shown.append(_shown(place, word, counts))
    label = place.title(language())
    crumbs = [
        (_("Staff desk"), reverse("desk")), (label, reverse("desk-inbox", args=[body, service])), (_("Figures"), ""),
    ]  # fmt: skip
    context = {"place": place, "tabs": tabs(place, "figures"), "figures": shown, "crumbs": crumbs}
    return render(request, "web/desk/figures.html", context)


def _shown(place: Place, word: Figure, counts: dict[str, Any]) -> Shown:
    if not word.month_of and not word.by:
        return Shown(word, counts["total"], (), (), None)
    codes = _codes(word, counts)
    labels = tuple(_label(place, word, code) for code in codes)
    if word.month_of:
        months: dict[str, int] = counts["months"]
        rows = tuple(
            (month, tuple(counts.get("by", {}).get(month, {}).get(code, 0) for code in codes), total)
            for month, total in months.items()
        )
    else:
        rows = tuple((label, (), counts["by"][code]) for code, label in zip(codes, labels, strict=True))
        labels = ()
    return Shown(word, counts["total"], labels, rows, bars(rows, labels) if rows else None)


def _codes(word: Figure, counts: dict[str, Any]) -> list[str]:
    if not word.by:
        return []
    if not word.month_of:
        return list(counts["by"])
    return sorted({code for month in counts["by"].values() for code in month})


def _label(place: Place, word: Figure, code: str) -> str:
    codec = place.compiled.registries[word.registry].codecs.get(word.by or "")
    if not code or codec is None:
        return _("Not filled in")
    return codec.display(codec.from_json(code), language())
