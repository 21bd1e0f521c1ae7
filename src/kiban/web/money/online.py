"""Online payments at the desk: what parties have begun, and money that came in and could not be entered by itself."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from kiban.access.scope import scope
from kiban.cases import queries
from kiban.cases.models import Case
from kiban.kernel.definitions.model import Label
from kiban.money import book, orders
from kiban.money.closing import takes_money
from kiban.money.models import Order
from kiban.ops import clock
from kiban.web.money.common import money_place, page
from kiban.web.viewer import staff_only

STATES = {
    "started": Label(ja="手続中", en="Under way"), "paid": Label(ja="納付済み", en="Paid"),
    "cancelled": Label(ja="取りやめ", en="Cancelled"), "expired": Label(ja="期限切れ", en="Expired"),
    "failed": Label(ja="開始できず", en="Could not begin"), "differs": Label(ja="金額相違", en="Another amount"),
    "unbooked": Label(ja="入金あり・未記帳", en="Paid, not entered"),
}  # fmt: skip
_MOST = 200


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def online(request: HttpRequest, body: str, service: str) -> HttpResponse:
    """What needs somebody first, then the latest; POST enters once more what could not be entered."""
    place, user = money_place(request, body, service)
    if request.method == "POST":
        if not takes_money(place.compiled, place.actor):
            raise PermissionDenied
        order = orders.one(body, request.POST.get("reference", "")[:100])
        if order is None or order.service != service or order.state != "unbooked":
            raise Http404
        done = orders.book(order).state == "paid"
        (messages.success if done else messages.error)(
            request,
            _("The payment was entered.") if done else _("The payment still can't be entered."),
        )
        return HttpResponseRedirect(reverse("money-online", args=[body, service]))
    with scope(body, viewer=str(user.id)):
        queries.log_access("collections")
        rows = list(Order.objects.filter(body=body, service=service).order_by("-created_at")[:_MOST])
        waiting = list(Order.objects.filter(body=body, service=service, state__in=orders.ATTENTION))
        ids = {row.case_id for row in (*rows, *waiting)}
        numbers = dict(Case.objects.filter(body=body, id__in=ids).values_list("id", "number"))
    now = clock.now()
    for row in rows:
        if row.state == "started" and row.expires_at <= now:
            row.state = "expired"
    context = {
        "waiting": waiting, "rows": rows, "states": STATES, "numbers": numbers,
        "labels": {row.charge: book.label_of(place.compiled, row.charge) for row in (*rows, *waiting)},
    }  # fmt: skip
    return page(request, place, "money-online", "online", context, trail=[(_("Online payments"), "")])
