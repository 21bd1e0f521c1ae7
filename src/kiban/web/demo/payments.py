"""The sample provider's own pages (見本): they play what a provider does, with its signed calls, and take no money."""

from __future__ import annotations

import csv
import io
from uuid import uuid4

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from kiban.access import bodies
from kiban.access.scope import scope
from kiban.kernel.dates import today_in_tokyo
from kiban.money import orders, port, sandbox
from kiban.money.models import Order, Told
from kiban.money.port import NotAuthentic
from kiban.money.sandbox import Sandbox


def _order(reference: str) -> Order:
    if not isinstance(port.adapter(), Sandbox):
        raise Http404
    body = reference.rpartition("-")[0]
    found = orders.one(body, reference) if bodies.exists(body) else None
    if found is None:
        raise Http404
    return found


@require_http_methods(["GET", "HEAD", "POST"])
def pay(request: HttpRequest, reference: str) -> HttpResponse:
    """What is to be paid, and every way in which a provider may answer."""
    order = _order(reference)
    said: list[str] = []
    if request.method == "POST":
        do = request.POST.get("do", "")
        said = [_call(order, *call) for call in _calls(order, do)]
        if do in ("pay", "cancel", "expire"):
            back = reverse("my-case-payment", args=[order.body, order.case_id, order.reference])
            return HttpResponseRedirect(back)
        order = _order(reference)
    return render(request, "web/demo/payment.html", {"order": order, "said": said})


def _calls(order: Order, do: str) -> list[tuple[str, str, int | None, int, bool]]:
    """(id, kind, amount, seconds ago, forged) of the calls that a button stands for. Raises Http404."""
    identity, amount = f"evt_{uuid4().hex}", order.amount
    calls: dict[str, list[tuple[str, str, int | None, int, bool]]] = {
        "pay": [(identity, "paid", amount, 0, False)],
        "twice": [(identity, "paid", amount, 0, False), (identity, "paid", amount, 0, False)],
        "other-amount": [(identity, "paid", amount + 100, 0, False)],
        "cancel": [(identity, "cancelled", None, 0, False)],
        "expire": [(identity, "expired", None, 0, False)],
        "old": [(identity, "paid", amount, 600, False)],
        "forged": [(identity, "paid", amount, 0, True)],
    }  # fmt: skip
    if do not in calls:
        raise Http404
    return calls[do]


def _call(order: Order, identity: str, kind: str, amount: int | None, ago: int, forged: bool) -> str:
    """A signed call as it arrives, and what was answered."""
    headers, content = sandbox.says(identity, order.reference, kind, amount, seconds_ago=ago)
    if forged:
        content += b" "
    try:
        word = orders.receive(Sandbox().read(headers, content)).word
    except NotAuthentic as refused:
        return _("Refused: %s") % refused.reason
    return _("Taken: %s") % word


@require_safe
def statement(request: HttpRequest, body: str) -> HttpResponse:
    """The provider's settlement file of a body: what it says was paid."""
    if not isinstance(port.adapter(), Sandbox) or not bodies.exists(body):
        raise Http404
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(["reference", "amount", "date"])
    with scope(body):
        paid = Told.objects.filter(body=body, kind="paid").order_by("at")
        rows = {said.reference: (said.amount, today_in_tokyo(said.received_at).isoformat()) for said in paid}
    writer.writerows([reference, amount, day] for reference, (amount, day) in rows.items())
    return HttpResponse(
        out.getvalue(), content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="sample-statement-{body}.csv"'},
    )  # fmt: skip
