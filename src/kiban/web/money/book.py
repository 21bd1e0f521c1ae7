"""The collections ledger (収納簿): by day or period, charge, way to pay and person; as CSV, workbook and on paper."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from kiban.access.changes import SettingRefused
from kiban.access.changes import day as typed_day
from kiban.access.scope import scope
from kiban.cases import queries
from kiban.cases.paging import BadCursor
from kiban.kernel.problems import Problem
from kiban.money import book, export, papers
from kiban.money.book import Choice
from kiban.ops import clock
from kiban.web.money.common import download, money_place, page, pdf
from kiban.web.templatetags.kiban import language
from kiban.web.viewer import Place, case_for, staff_only

_PAGE = 100
_WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@require_safe
@staff_only
def ledger(request: HttpRequest, body: str, service: str) -> HttpResponse:
    """The book of a period, with its totals; today's month where nothing is chosen."""
    place, user = money_place(request, body, service)
    choice, problems = _choice(request, place)
    with scope(body, viewer=str(user.id)):
        queries.log_access("collections")
        totals = book.totals(place.compiled, choice, place.actor.roles)
        try:
            cursor = request.GET.get("cursor") or None
            found = book.lines(place.compiled, choice, place.actor.roles, limit=_PAGE, cursor=cursor)
        except BadCursor:
            found = book.lines(place.compiled, choice, place.actor.roles, limit=_PAGE)
    said = _said(choice)
    context = {
        "choice": choice, "lines": found.rows, "do_labels": book.DO_LABELS, "labels": _labels(place),
        "methods": book.method_labels(place.compiled), "totals": totals.items(),
        "total": sum(totals.values(), start=book.Total()), "query": urlencode(said), "asked": request.GET,
        "next_url": f"?{urlencode({**said, 'cursor': found.next})}" if found.next else "",
        "first_url": f"?{urlencode(said)}" if request.GET.get("cursor") else "",
        "filtered": bool(choice.charge or choice.method or choice.text),
    }  # fmt: skip
    return page(request, place, "money", "book", context, problems)


@require_safe
@staff_only
def as_file(request: HttpRequest, body: str, service: str, kind: str) -> HttpResponse:
    """The same choice as a file: csv or xlsx."""
    place, user = money_place(request, body, service)
    choice, _problems = _choice(request, place)
    with scope(body, viewer=str(user.id)):
        queries.log_access("collections_export")
        lines = book.every(place.compiled, choice, place.actor.roles, export.MOST)
        rows = list(export.rows(place.compiled, lines, language()))
    headings = export.HEADINGS[language()]
    name = f"collections-{body}-{service}-{choice.from_day}-{choice.to_day}.{kind}"
    if kind == "csv":
        return download(export.as_csv(headings, rows), "text/csv; charset=utf-8", name)
    return download(export.as_workbook(str(_("Collections")), headings, rows), _WORKBOOK, name)


@require_safe
@staff_only
def standing(request: HttpRequest, body: str, service: str) -> HttpResponse:
    """Charges that are still owed (未納), and those that were paid too much (過誤納)."""
    place, user = money_place(request, body, service)
    with scope(body, viewer=str(user.id)):
        queries.log_access("collections")
        excess = book.standing(place.compiled, "excess", place.actor.roles)
        owed = book.standing(place.compiled, "owed", place.actor.roles)
    context = {"excess": excess, "owed": owed}
    trail = [(_("Owed and overpaid"), "")]
    return page(request, place, "money-standing", "standing", context, trail=trail)


@require_safe
@staff_only
def receipt(request: HttpRequest, body: str, case: UUID, seq: int, line: int) -> HttpResponse:
    """The receipt (領収証書) of a payment."""
    from kiban.web.viewer import user_of

    user = user_of(request)
    assert user is not None
    place, found = case_for(user, body, case)
    with scope(body, viewer=str(user.id)):
        queries.log_access("receipt", case)
        return receipt_of(place, found, seq, line)


def receipt_of(place: Place, found: queries.CaseView, seq: int, line: int) -> HttpResponse:
    """The receipt of a payment of a case in the open scope. Raises Http404."""
    entries = book.of_case(found.row.id)
    entry = next((e for e in entries if (e.seq, e.line) == (seq, line) and e.do == "settle"), None)
    if entry is None:
        raise Http404
    payer = book.payer_of(found.row, entry.charge, place.actor.roles)
    facts = place.facts(found.state)
    made = papers.receipt(found.compiled, facts.body, found.row, entry, entries, payer)
    return pdf(made, f"receipt-{entry.receipt or found.row.number}")


def _choice(request: HttpRequest, place: Place) -> tuple[Choice, list[Problem]]:
    today, problems = clock.today(), list[Problem]()
    days: dict[str, date] = {"from": today.replace(day=1), "to": today}
    for name, raw in (("from", request.GET.get("from", "")), ("to", request.GET.get("to", ""))):
        try:
            found = typed_day(name, raw, required=False)
        except SettingRefused as refused:
            problems += refused.problems
        else:
            days[name] = found or days[name]
    if days["from"] > days["to"]:
        days["from"], days["to"] = days["to"], days["from"]
    charge, method = request.GET.get("charge", ""), request.GET.get("method", "")
    return Choice(
        days["from"], days["to"], charge if charge in _labels(place) else "",
        method if method in book.method_labels(place.compiled) else "", request.GET.get("q", "").strip()[:100],
        "all" if request.GET.get("what") == "all" else "moving",
    ), problems  # fmt: skip


def _labels(place: Place) -> Mapping[str, Any]:
    """The charges of all procedures in words."""
    names = dict.fromkeys(n for p in place.compiled.procedures.values() for n in p.charges)
    return {name: book.label_of(place.compiled, name) for name in names}


def _said(choice: Choice) -> dict[str, str]:
    said = {
        "from": choice.from_day.isoformat(), "to": choice.to_day.isoformat(), "charge": choice.charge,
        "method": choice.method, "q": choice.text, "what": choice.what if choice.what == "all" else "",
    }  # fmt: skip
    return {name: value for name, value in said.items() if value}


def day_url(place: Place, on: date) -> str:
    """The book of one day."""
    url = reverse("money", args=[place.body.code, place.slug])
    return f"{url}?{urlencode({'from': on.isoformat(), 'to': on.isoformat()})}"
