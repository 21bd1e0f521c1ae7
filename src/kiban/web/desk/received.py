"""After entry at the counter (書かない窓口): the copy that whoever stands there takes home (控え)."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from kiban.access.scope import scope
from kiban.cases import claims, queries
from kiban.definitions import body_settings
from kiban.kernel.environment import view_values
from kiban.kernel.sight import sight
from kiban.ops import clock
from kiban.web import display
from kiban.web.templatetags.kiban import language
from kiban.web.viewer import case_for, staff_only, user_of


@require_safe
@staff_only
def received(request: HttpRequest, body: str, case: UUID) -> HttpResponse:
    """The number, what comes next, and what was entered, as the applicant may read it: to print and hand over."""
    user = user_of(request)
    assert user is not None  # the view is for staff
    place, found = case_for(user, body, case)
    roles = queries.opened_by_parties(found.procedure)
    if not roles:
        raise Http404
    with scope(body, viewer=place.actor.id):
        queries.log_access("case", case)
    procedure, state = found.procedure, found.state
    values = view_values(procedure, state, place.facts(state))
    deadlines = display.deadlines(procedure, state, clock.today())
    opening = next(action for action in procedure.actions.values() if action.action.opens)
    context = {
        "place": place, "case": found, "procedure": procedure, "opening": opening.action,
        "state": procedure.procedure.states[state.state],
        "stops": display.stops(procedure, state.state, public=True),
        "deadlines": [item for item in deadlines if item.active],
        "parts": display.sections(procedure, values, state.texts, sight(procedure, roles), language()),
        "office": body_settings.office(body, place.slug),
        "code": "" if found.party else claims.code(body, case),
        "claim_url": request.build_absolute_uri(reverse("my-claim", args=[body])),
        "file_url": reverse("desk-case-files", args=[body, case]),
        "crumbs": [
            (_("Staff desk"), reverse("desk")),
            (place.title(language()), reverse("desk-inbox", args=[body, place.slug])),
            (found.row.number, reverse("desk-case", args=[body, case])), (_("Copy for the applicant"), ""),
        ],
    }  # fmt: skip
    return render(request, "web/desk/received.html", context)
