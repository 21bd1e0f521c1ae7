"""Paying online: what will be paid, the way to the provider, and what became of it. No card number ever comes here."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from kiban.access.models import User
from kiban.access.scope import scope
from kiban.cases import queries
from kiban.cases.queries import CaseView
from kiban.money import book, orders
from kiban.money.orders import NotOffered
from kiban.money.port import NotReached
from kiban.web.money.book import receipt_of
from kiban.web.viewer import Place, case_for, party_only, user_of


def _user(request: HttpRequest) -> User:
    user = user_of(request)
    assert user is not None  # the views are for those who are signed in
    return user


def _crumbs(place: Place, found: CaseView) -> list[tuple[str, str]]:
    case_url = reverse("my-case", args=[place.body.code, found.row.id])
    return [
        (_("Home"), reverse("home")), (_("My page"), reverse("my")), (found.row.number, case_url),
        (_("Pay online"), ""),
    ]  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@party_only
def pay(request: HttpRequest, body: str, case: UUID, charge: str) -> HttpResponse:
    """Before paying: what, how much, to whom; POST begins."""
    place, found = case_for(_user(request), body, case)
    amount = orders.offered(found.procedure, found.state).get(charge)
    if charge not in found.procedure.charges:
        raise Http404
    if amount is None:
        messages.info(request, _("There is nothing to pay online at present."))
        return HttpResponseRedirect(reverse("my-case", args=[body, case]))
    wrong = ""
    if request.method == "POST":
        try:
            order = orders.start(found, charge)
        except NotOffered:
            return HttpResponseRedirect(reverse("my-case", args=[body, case]))
        except NotReached:
            wrong = _("The payment service can't be reached, and nothing was paid. Please try again later.")
        else:
            return HttpResponseRedirect(reverse("my-case-payment", args=[body, case, order.reference]))
    context = {
        "place": place, "case": found, "charge": book.label_of(found.compiled, charge), "amount": amount,
        "provider": orders.provider_label(), "wrong": wrong, "crumbs": _crumbs(place, found),
    }  # fmt: skip
    return render(request, "web/public/pay.html", context, status=503 if wrong else 200)


@require_safe
@party_only
def payment(request: HttpRequest, body: str, case: UUID, reference: str) -> HttpResponse:
    """One payment: on to the provider, or what became of it. What the address says of it is not believed."""
    place, found = case_for(_user(request), body, case)
    order = orders.one(body, reference)
    if order is None or order.case_id != found.row.id:
        raise Http404
    context = {
        "place": place, "case": found, "order": order, "charge": book.label_of(found.compiled, order.charge),
        "provider": orders.provider_label(), "crumbs": _crumbs(place, found),
        "again": order.state in ("cancelled", "expired", "failed")
        and order.charge in orders.offered(found.procedure, found.state),
    }  # fmt: skip
    return render(request, "web/public/payment.html", context)


@require_safe
@party_only
def receipt(request: HttpRequest, body: str, case: UUID, seq: int, line: int) -> HttpResponse:
    """The receipt of one's own payment."""
    user = _user(request)
    place, found = case_for(user, body, case)
    with scope(body, viewer=str(user.id)):
        queries.log_access("receipt", case)
        return receipt_of(place, found, seq, line)
