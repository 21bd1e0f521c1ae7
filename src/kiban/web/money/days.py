"""Daily closing (日計・締め): the days, one day counted and closed, confirmed, opened again; the 日計表."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from kiban.access.changes import SettingRefused
from kiban.access.models import User
from kiban.access.scope import scope
from kiban.cases import queries
from kiban.kernel.problems import Problem
from kiban.money import book, closing, papers
from kiban.ops import clock
from kiban.web.money.book import day_url
from kiban.web.money.common import money_place, page, pdf
from kiban.web.viewer import Place, staff_only


@require_safe
@staff_only
def days(request: HttpRequest, body: str, service: str) -> HttpResponse:
    """Days that wait to be closed, and the latest closings."""
    place, user = money_place(request, body, service)
    today = clock.today()
    with scope(body, viewer=str(user.id)):
        waiting = [closing.day(place.compiled, on) for on in closing.open_days(place.compiled, today)]
        past = closing.closings(place.compiled)
        now = closing.day(place.compiled, today)
    context = {"waiting": waiting, "past": past, "today": today, "now": now}
    return page(request, place, "money-days", "days", context, trail=[(_("Daily closing"), "")])


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def day(request: HttpRequest, body: str, service: str, on: str) -> HttpResponse:
    """One day: what was taken, the count, the closing, who confirmed, who opened it again."""
    place, user = money_place(request, body, service)
    wanted = _day(on)
    problems: list[Problem] = []
    if request.method == "POST":
        try:
            done = _do(request, place, user, wanted)
        except SettingRefused as refused:
            problems = list(refused.problems)
        else:
            messages.success(request, done)
            return HttpResponseRedirect(reverse("money-day", args=[body, service, on]))
    with scope(body, viewer=str(user.id)):
        found = closing.day(place.compiled, wanted)
        queries.log_access("closing")
    context = {
        "day": found, "labels": {s.charge: book.label_of(place.compiled, s.charge) for s in found.sums},
        "methods": book.method_labels(place.compiled), "do_labels": book.DO_LABELS, "user_id": str(user.id),
        "pieces": [(yen, request.POST.get(f"n{yen}", "")) for yen in closing.PIECES],
        "book_url": day_url(place, wanted), "second": closing.needs_second(place.compiled, place.facts()),
        "counts": sorted(((int(yen), n) for yen, n in found.closing.counts.items()), reverse=True)
        if found.closing else [], "future": wanted > clock.today(),
    }  # fmt: skip
    trail = [(_("Daily closing"), reverse("money-days", args=[body, service])), (wanted.isoformat(), "")]
    return page(request, place, "money-days", "day", context, problems, trail)


def _do(request: HttpRequest, place: Place, user: User, on: date) -> str:
    do, post = request.POST.get("do", ""), request.POST
    if not closing.takes_money(place.compiled, place.actor) and do != "confirm":
        raise PermissionDenied
    second = closing.needs_second(place.compiled, place.facts())  # before the scope: facts open their own
    with scope(place.body.code, viewer=str(user.id)):
        if do == "close":
            pieces = {yen: post.get(f"n{yen}", "") for yen in closing.PIECES}
            found = closing.counted(pieces, post.get("total", ""))
            closing.close(place.compiled, on, user, found, post.get("reason", ""), second=second)
            return _("The day was closed. What comes in for it from now on is booked on the next day.")
        if do == "confirm":
            closing.confirm(place.compiled, on, user)
            return _("The closing was confirmed.")
        if do == "reopen":
            closing.reopen(place.compiled, on, user, post.get("why", ""))
            return _("The day is open again. The closing that was stays in the record.")
    raise Http404


@require_safe
@staff_only
def sheet(request: HttpRequest, body: str, service: str, on: str) -> HttpResponse:
    """The 日計表 of a day as PDF."""
    place, user = money_place(request, body, service)
    wanted, facts = _day(on), place.facts()
    with scope(body, viewer=str(user.id)):
        found = closing.day(place.compiled, wanted)
        queries.log_access("closing")
    return pdf(papers.daily(place.compiled, facts.body, found), f"daily-{body}-{service}-{on}")


def _day(on: str) -> date:
    try:
        return date.fromisoformat(on)
    except ValueError:
        raise Http404 from None
