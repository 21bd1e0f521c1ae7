"""The cases of a body as a file, for its own staff."""

from __future__ import annotations

import io
import tempfile

from django.http import FileResponse, Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_safe

from kiban.access.actors import sees_body
from kiban.cases import export
from kiban.kernel.wareki import fiscal_year
from kiban.ops import clock
from kiban.web.templatetags.kiban import language
from kiban.web.viewer import Place, place_of, staff_only

_SPOOLED = 1_000_000  # bytes that are held in memory; what is more stands in a file
_YEARS = 20


def years(place: Place) -> list[int]:
    """The fiscal years that may be asked for, the present one first; none for who is not of the body."""
    if place.actor.place != place.body.code or not sees_body(place.compiled.service, place.actor):
        return []
    now = fiscal_year(clock.today())
    return list(range(now, now - _YEARS, -1))


@require_safe
@staff_only
def cases(request: HttpRequest, body: str, service: str) -> HttpResponseBase:
    """The cases of a procedure that were opened in a fiscal year, as CSV."""
    place = place_of(request, body, service)
    asked, procedure = request.GET.get("year", ""), request.GET.get("procedure", "")
    open_years = years(place)
    year = int(asked) if asked.isdecimal() and len(asked) == 4 else open_years[0] if open_years else 0
    procedure = procedure or next(iter(place.compiled.procedures))
    if year not in open_years or procedure not in place.compiled.procedures:
        raise Http404
    chosen = export.Chosen(body, place.edition, service, procedure, year)
    spooled = tempfile.SpooledTemporaryFile(max_size=_SPOOLED)  # noqa: SIM115 - the response closes it
    text = io.TextIOWrapper(spooled, encoding="utf-8", newline="")
    export.write(text, chosen, place.actor.roles, place.actor.id, language())
    text.flush()
    text.detach()
    spooled.seek(0)
    name = f"{service}-{procedure}-{body}-{year}.csv"
    return FileResponse(spooled, as_attachment=True, filename=name, content_type="text/csv; charset=utf-8")
