"""The queue of a ministry or a prefecture: lines that were delivered from the bodies, read in one's own partition."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from kiban.access import bodies
from kiban.access.actors import reaches_above
from kiban.cases.paging import BadCursor
from kiban.definitions import editions
from kiban.delivery import box
from kiban.ops import clock
from kiban.web import display
from kiban.web.desk.inbox import tabs
from kiban.web.templatetags.kiban import language
from kiban.web.viewer import place_of, staff_only

_FINAL = {"": False, "closed": True, "all": None}


@require_safe
@staff_only
def shared(request: HttpRequest, body: str, service: str) -> HttpResponse:
    """Cases of other bodies: the earliest due first."""
    place = place_of(request, body, service)
    if not reaches_above(place.compiled.service, place.actor):
        raise Http404
    target, show = request.GET.get("body", "")[:32], request.GET.get("show", "")
    args = [body, service]
    try:
        page = box.cases(
            body, why=box.ABOVE, service=service, target=target or None, final=_FINAL.get(show, False),
            limit=30, cursor=request.GET.get("cursor") or None,
        )  # fmt: skip
    except BadCursor:
        return HttpResponseRedirect(reverse("desk-shared", args=args))
    said = {name: value for name, value in (("body", target), ("show", show)) if value}
    today = clock.today()
    lines = []
    for row in page.rows:
        procedure = editions.get(row.edition).procedures[row.procedure]
        overdue = row.due_on is not None and not row.final and row.due_on < today
        lines.append({
            "row": row, "body": bodies.row(row.target), "state": procedure.procedure.states[row.state].label,
            "tone": display.state_tone(procedure, row.state, overdue), "overdue": overdue,
            "label": procedure.procedure.label,
        })  # fmt: skip
    context = {
        "place": place, "tabs": tabs(place, "shared"), "lines": lines, "chosen": target, "show": show,
        "bodies": [bodies.row(code) for code in box.targets(body, service) if bodies.exists(code)],
        "next_url": f"?{urlencode({**said, 'cursor': page.next})}" if page.next else "",
        "first_url": f"?{urlencode(said)}" if request.GET.get("cursor") else "",
        "crumbs": [
            (_("Staff desk"), reverse("desk")), (place.title(language()), reverse("desk-inbox", args=args)),
            (_("Cases of other bodies"), ""),
        ],
    }  # fmt: skip
    return render(request, "web/desk/shared.html", context)
