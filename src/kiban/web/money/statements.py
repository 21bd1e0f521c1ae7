"""Reconciliation (照合): settlement files, their columns, what agrees and what differs, and what was done about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from uuid import UUID

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
from kiban.cases.models import Case
from kiban.kernel.problems import Problem
from kiban.money import export, matching, statements
from kiban.money.closing import takes_money
from kiban.money.matching import KIND_LABELS, Pair, anchor
from kiban.money.models import Settled, Statement
from kiban.web.money.common import download, money_place, page
from kiban.web.templatetags.kiban import language
from kiban.web.viewer import Place, staff_only

_SHOWN = 300
HEADINGS = {
    "ja": ("結果", "明細の行", "照会番号", "入金日", "明細の金額", "領収番号", "受付番号", "収納日", "収納簿の金額",
           "処理", "処理した人"),
    "en": ("result", "line", "reference", "date", "amount in the statement", "receipt", "case", "day of the act",
           "amount in the book", "settled", "by"),
}  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def files(request: HttpRequest, body: str, service: str) -> HttpResponse:
    """The files that were taken in, and the form for another."""
    place, user = money_place(request, body, service)
    problems: list[Problem] = []
    with scope(body, viewer=str(user.id)):
        if request.method == "POST":
            _may(place)
            sent = request.FILES.get("file")
            content = sent.read(statements.LONGEST + 1) if sent is not None else b""
            try:
                made = statements.take(place.compiled, str(getattr(sent, "name", "")), content, user)
            except SettingRefused as refused:
                problems = list(refused.problems)
            else:
                return HttpResponseRedirect(reverse("money-statement", args=[body, service, made.id]))
        rows = statements.of(place.compiled)
        open_ones = {row.id: _open(place, row) for row in rows[:3]}
    context = {"rows": [(row, open_ones.get(row.id)) for row in rows]}
    return page(
        request, place, "money-statements", "statements", context, problems, [(_("Reconciliation"), "")]
    )


def _open(place: Place, row: Statement) -> int:
    """How many differences of a file nobody has settled yet."""
    known = statements.settled(row)
    return sum(1 for pair in matching.matching(place.compiled, row) if pair.open and pair.key not in known)


@require_http_methods(["GET", "HEAD", "POST"])
@staff_only
def statement(request: HttpRequest, body: str, service: str, statement: UUID) -> HttpResponse:
    """One file: its columns where they are not known yet, else beside the book; differences are settled."""
    place, user = money_place(request, body, service)
    problems: list[Problem] = []
    back = reverse("money-statement", args=[body, service, statement])
    with scope(body, viewer=str(user.id)):
        found = _one(place, statement)
        if request.method == "POST":
            try:
                done = _do(request, place, found, user)
            except SettingRefused as refused:
                problems = list(refused.problems)
                if request.POST.get("do") == "settle":
                    problems = [_beside(request, problem) for problem in problems]
            else:
                messages.success(request, done)
                gone = request.POST.get("do") == "remove"
                return HttpResponseRedirect(
                    reverse("money-statements", args=[body, service]) if gone else back
                )
        queries.log_access("statement")
        pairs = matching.matching(place.compiled, found)
        known = statements.settled(found)
        numbers = _numbers(body, pairs)
    counts = Counter(pair.kind for pair in pairs)
    kind = request.GET.get("kind", "")
    shown = [pair for pair in pairs if not kind or pair.kind == kind]
    context = {
        "row": found, "columns": [(name, statements.LABELS[name], _place_of(request, found, name))
                                  for name in statements.COLUMNS],
        "preview": found.rows[:5], "header": list(enumerate(found.header)), "kind": kind,
        "kinds": [(name, label, counts[name]) for name, label in KIND_LABELS.items() if counts[name]],
        "pairs": [(pair, KIND_LABELS[pair.kind], known.get(pair.key), numbers.get(pair.entry.case_id, "")
                   if pair.entry else "") for pair in shown[:_SHOWN]],
        "more": max(0, len(shown) - _SHOWN), "open": sum(p.open and p.key not in known for p in pairs),
        "posted_key": request.POST.get("key", ""),
    }  # fmt: skip
    trail = [(_("Reconciliation"), reverse("money-statements", args=[body, service])), (found.name, "")]
    return page(request, place, "money-statements", "statement", context, problems, trail)


def _do(request: HttpRequest, place: Place, found: Statement, user: User) -> str:
    _may(place)
    do, post = request.POST.get("do", ""), request.POST
    if do == "columns":
        chosen = {name: post.get(name, "") for name in statements.COLUMNS}
        statements.choose(
            found, {n: int(v) for n, v in chosen.items() if v.isascii() and v.isdecimal() and len(v) < 4}
        )
        return _("The columns were taken.")
    if do == "settle":
        pairs = {pair.key for pair in matching.matching(place.compiled, found) if pair.open}
        if post.get("key", "") not in pairs:
            raise Http404
        statements.settle(found, post["key"], post.get("reason", ""), user)
        return _("The difference was settled.")
    if do == "remove":
        statements.remove(found)
        return _("The file was removed.")
    raise Http404


@require_safe
@staff_only
def as_csv(request: HttpRequest, body: str, service: str, statement: UUID) -> HttpResponse:
    """The result as CSV."""
    place, user = money_place(request, body, service)
    with scope(body, viewer=str(user.id)):
        found = _one(place, statement)
        queries.log_access("statement_export")
        pairs = matching.matching(place.compiled, found)
        numbers, known = _numbers(body, pairs), statements.settled(found)
    rows = [_cells(pair, numbers, known) for pair in pairs]
    text = export.as_csv(HEADINGS[language()], rows)
    return download(text, "text/csv; charset=utf-8", f"reconciliation-{body}-{service}-{found.from_day}.csv")


def _cells(pair: Pair, numbers: dict[UUID, str], known: dict[str, Settled]) -> list[object]:
    line, entry, said = pair.line, pair.entry, known.get(pair.key)
    return [
        KIND_LABELS[pair.kind].text(language()), line.number if line else "", pair.reference,
        line.day if line else "", line.amount if line else "", entry.receipt if entry else "",
        numbers.get(entry.case_id, "") if entry else "", entry.day if entry else "", entry.amount if entry else "",
        said.reason if said else "", said.by_name if said else "",
    ]  # fmt: skip


def _one(place: Place, statement: UUID) -> Statement:
    found = statements.one(place.compiled, statement)
    if found is None:
        raise Http404
    return found


def _may(place: Place) -> None:
    if not takes_money(place.compiled, place.actor):
        raise PermissionDenied


def _numbers(body: str, pairs: Iterable[Pair]) -> dict[UUID, str]:
    ids = {pair.entry.case_id for pair in pairs if pair.entry is not None}
    return dict(Case.objects.filter(body=body, id__in=ids).values_list("id", "number"))


def _place_of(request: HttpRequest, found: Statement, name: str) -> str:
    """Which column is chosen for a word: as posted, else as guessed from the header."""
    guessed = statements.guess(found.header).get(name)
    return request.POST.get(name, "" if guessed is None else str(guessed))


def _beside(request: HttpRequest, problem: Problem) -> Problem:
    """The problem of a reason stands beside the difference that it is for."""
    field = f"reason-{anchor(request.POST.get('key', '')[:120])}"
    return Problem(field, problem.code, problem.message)
