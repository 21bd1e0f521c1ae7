"""A case that was entered at the counter comes onto its applicant's page, by the number and the code of the copy."""

from __future__ import annotations

from uuid import UUID, uuid4

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from kiban.access.actors import actor_for
from kiban.access.models import User
from kiban.cases import claims, door
from kiban.cases.models import Case
from kiban.definitions import editions
from kiban.ops import clock
from kiban.web.acting import ROUTE
from kiban.web.forms.posted import storable
from kiban.web.viewer import body_row, party_only, user_of

_LONGEST = 40


@require_http_methods(["GET", "HEAD", "POST"])
@party_only
def claim(request: HttpRequest, body: str) -> HttpResponse:
    """The two numbers of the copy; then the case."""
    user, row = user_of(request), body_row(body)
    assert user is not None  # the view is for those who are signed in
    number, code = (storable(request.POST.get(name, "")).strip()[:_LONGEST] for name in ("number", "code"))
    wrong = ""
    if request.method == "POST":
        case = claims.find(body, number, code, now=clock.now()) if number and code else None
        if case is not None and _claimed(user, case, code):
            messages.success(request, _("The case stands on your page now."))
            return HttpResponseRedirect(reverse("my-case", args=[body, case.id]))
        wrong = _(
            "No case fits these two. Please look at the copy again, or ask the office; a code serves once."
        )
    context = {
        "body": row, "number": number, "code": code, "wrong": wrong, "wrong_count": 1 if wrong else 0,
        "crumbs": [(_("Home"), reverse("home")), (_("My page"), reverse("my")), (_("Add a case from the counter"), "")],
    }  # fmt: skip
    return render(request, "web/public/claim.html", context, status=422 if wrong else 200)


def _claimed(user: User, case: Case, code: str) -> bool:
    actor = actor_for(user, case.body, editions.get(case.edition).service, on=clock.today())
    key: UUID = uuid4()
    try:
        outcome = door.act(
            case.body, case.service, case.procedure, case.id, claims.CLAIM, actor, {"code": code},
            idempotency_key=str(key), route=ROUTE,
        )  # fmt: skip
    except door.NotVisible:  # somebody was quicker
        return False
    except (door.BadKey, door.KeyConflict):
        raise Http404 from None
    return outcome.status == "done"
