"""Daily closing (日計・締め): the cash is counted, compared with the book, and the day is closed.

What is entered for a closed day afterwards is booked under the next day. A closed day is never changed: somebody else
may open it again, with a reason, and the closing that was stays as a trace. Where the body wants two people, another
one confirms. `Day` reads; `close`, `confirm` and `reopen` write in the open scope and raise SettingRefused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import connection

from kiban.access.actors import administers, sees_body
from kiban.access.changes import SettingRefused, text
from kiban.access.models import User
from kiban.access.scope import current
from kiban.kernel.definitions.compile import CompiledService
from kiban.kernel.definitions.model import ChargeEffect, Label
from kiban.kernel.facts import ActorFacts, Facts
from kiban.kernel.forms import run
from kiban.kernel.problems import INVALID, NOT_SAME_PERSON, OUT_OF_RANGE, REQUIRED, WRONG_STATE, Problem
from kiban.money.book import sums
from kiban.money.entries import MOVING, signed
from kiban.money.models import Closing, Entry
from kiban.ops import clock

PIECES = (10_000, 5_000, 2_000, 1_000, 500, 100, 50, 10, 5, 1)
"""Notes and coins, in yen."""
_MOST = 100_000_000  # yen in a till, and pieces of a kind


@dataclass(frozen=True, slots=True)
class Sum:
    """What one charge came to in one way of one kind of entry on a day."""

    charge: str
    method: str
    do: str
    count: int
    amount: int

    @property
    def moved(self) -> int:
        return signed(self.do, self.amount)


@dataclass(frozen=True, slots=True)
class Day:
    """A book day as it stands: its sums, the cash that should be in the till, and its closings, the latest last."""

    day: date
    sums: tuple[Sum, ...]
    cash: int
    closings: tuple[Closing, ...]

    @property
    def closing(self) -> Closing | None:
        """The closing that holds."""
        return next((row for row in self.closings if row.reopened_at is None), None)

    @property
    def entries(self) -> int:
        return sum(one.count for one in self.sums)

    @property
    def net(self) -> int:
        return sum(one.moved for one in self.sums)


@dataclass(frozen=True, slots=True)
class Counted:
    """What was counted: pieces by their yen, or (without pieces) the total alone."""

    total: int
    pieces: Mapping[int, int]


def day(compiled: CompiledService, on: date) -> Day:
    """A book day in the open scope."""
    here = {"body": current().body, "service": compiled.service.slug}
    found = tuple(
        Sum(charge, method, do, count, amount)
        for charge, method, do, amount, count in sums(
            Entry.objects.filter(**here, book_day=on, do__in=MOVING)
        )
    )
    cash = sum(one.moved for one in found if one.method in cash_methods(compiled))
    return Day(on, found, cash, tuple(Closing.objects.filter(**here, day=on).order_by("turn")))


def open_days(compiled: CompiledService, until: date) -> list[date]:
    """Book days with money on them that are not closed, up to a day; in order."""
    here = {"body": current().body, "service": compiled.service.slug}
    closed = Closing.objects.filter(**here, reopened_at=None).values("day")
    rows = Entry.objects.filter(**here, do__in=MOVING, book_day__lte=until).exclude(book_day__in=closed)
    return list(rows.values_list("book_day", flat=True).distinct().order_by("book_day"))


def closings(compiled: CompiledService, most: int = 60) -> list[Closing]:
    """The latest closings, also those that were opened again."""
    rows = Closing.objects.filter(body=current().body, service=compiled.service.slug)
    return list(rows.order_by("-day", "-turn")[:most])


def cash_methods(compiled: CompiledService) -> frozenset[str]:
    """The ways to pay that are counted; what has none stands as cash too (money over the counter)."""
    word = compiled.service.payments
    return frozenset([*(word.cash if word is not None else ("cash",)), ""])


def takes_money(compiled: CompiledService, actor: ActorFacts) -> bool:
    """Whether the actor sees the cases of the body and may take payments, or administers: who closes a day."""
    if not sees_body(compiled.service, actor):
        return False
    takers = {
        role
        for procedure in compiled.service.procedures.values()
        for action in procedure.actions.values()
        if any(isinstance(effect, ChargeEffect) and effect.do == "settle" for effect in action.effects)
        for role in action.roles
    }
    return bool(actor.roles & takers) or administers(compiled.service, actor)


def needs_second(compiled: CompiledService, facts: Facts) -> bool:
    """Whether the body wants a second person to confirm a closed day."""
    return compiled.four_eyes is not None and run(compiled.four_eyes, {"param": facts.parameters}) is True


def counted(pieces: Mapping[int, str], total: str) -> Counted:
    """What was typed: pieces where any are given (they must sum up to a total that is given too), else the total.

    Raises SettingRefused.
    """
    problems: list[Problem] = []
    found = {yen: _whole(f"n{yen}", raw, problems) for yen, raw in pieces.items() if raw.strip()}
    whole = _whole("total", total, problems) if total.strip() else None
    if not found and whole is None and not problems:
        problems.append(
            Problem("total", REQUIRED, Label(ja="数えた現金を入力してください（なければ0）。",
                    en="Please enter the cash that you have counted (0 if none)."))
        )  # fmt: skip
    by_piece = sum(yen * n for yen, n in found.items())
    if found and whole is not None and whole != by_piece and not problems:
        problems.append(
            Problem("total", INVALID, Label(ja=f"金種の合計は{by_piece:,}円です。合計と合いません。",
                    en=f"The notes and coins come to ¥{by_piece:,}, which is not this total."))
        )  # fmt: skip
    if problems:
        raise SettingRefused(*problems)
    return Counted(by_piece if found else whole or 0, {yen: n for yen, n in found.items() if n})


def _whole(field: str, raw: str, problems: list[Problem]) -> int:
    from kiban.kernel.text import to_halfwidth_code

    plain = to_halfwidth_code(raw.strip()[:40]).replace(",", "").removesuffix("円")
    if plain.isascii() and plain.isdecimal() and len(plain) <= 9 and int(plain) <= _MOST:
        return int(plain)
    problems.append(
        Problem(
            field,
            INVALID,
            Label(ja="0以上の整数で入力してください。", en="A whole number from 0 on, please."),
        )
    )
    return 0


def close(
    compiled: CompiledService, on: date, user: User, found: Counted, why: str, *, second: bool
) -> Closing:
    """Closes a day; a difference needs a reason. Raises SettingRefused."""
    _hold(compiled)
    today, now = clock.today(), day(compiled, on)
    if on > today:
        raise _refused(OUT_OF_RANGE, "まだ来ていない日は締められません。", "This day has not come yet.")
    if now.closing is not None:
        raise _refused(WRONG_STATE, "この日はすでに締められています。", "This day is closed already.")
    earlier = [other for other in open_days(compiled, on) if other < on]
    if earlier:
        first = earlier[0].isoformat()
        raise _refused(WRONG_STATE, f"先に{first}を締めてください。", f"Please close {first} first.")
    reason = text("reason", why, required=found.total != now.cash)
    return Closing.objects.create(
        body=current().body, service=compiled.service.slug, day=on, turn=len(now.closings) + 1, entries=now.entries,
        totals=_totals(now.sums), cash_expected=now.cash, cash_counted=found.total,
        counts={str(yen): n for yen, n in found.pieces.items()}, reason=reason, by=str(user.id),
        by_name=user.display_name, at=clock.now(), needs_second=second,
    )  # fmt: skip


def confirm(compiled: CompiledService, on: date, user: User) -> Closing:
    """Another person confirms what was counted. Raises SettingRefused."""
    row = _held(compiled, on)
    if not row.needs_second or row.confirmed_at is not None:
        raise _refused(WRONG_STATE, "確認を待つ締めではありません。", "It does not wait for anybody.")
    _another(row, user)
    row.confirmed_by, row.confirmed_by_name, row.confirmed_at = str(user.id), user.display_name, clock.now()
    return _add(row, "confirmed_by", "confirmed_by_name", "confirmed_at")


def reopen(compiled: CompiledService, on: date, user: User, why: str) -> Closing:
    """Another person opens a closed day again; only the latest closed day, so that no day is left behind."""
    row = _held(compiled, on)
    _another(row, user)
    reason = text("why", why, required=True)
    later = Closing.objects.filter(body=row.body, service=row.service, day__gt=on, reopened_at=None).order_by(
        "day"
    )
    if (after := later.values_list("day", flat=True).first()) is not None:
        raise _refused(
            WRONG_STATE, f"先に、あとの{after}の締めを解いてください。", f"{after} is closed: open it first."
        )
    row.reopened_by, row.reopened_by_name, row.reopened_at = str(user.id), user.display_name, clock.now()
    row.reopened_why = reason
    return _add(row, "reopened_by", "reopened_by_name", "reopened_at", "reopened_why")


def differing(body: str) -> Iterable[str]:
    """Closed days whose totals are no longer those of the book, in words; in the open scope."""
    for row in Closing.objects.filter(body=body, reopened_at=None).order_by("service", "day"):
        entries = Entry.objects.filter(body=body, service=row.service, book_day=row.day, do__in=MOVING)
        found = [
            Sum(charge, method, do, count, amount) for charge, method, do, amount, count in sums(entries)
        ]
        if _totals(found) != row.totals:
            yield f"closed day {row.service}/{row.day}: its entries are not those that were closed"


def _totals(found: Iterable[Sum]) -> list[dict[str, Any]]:
    return [
        {"charge": s.charge, "method": s.method, "do": s.do, "count": s.count, "amount": s.amount}
        for s in found
    ]


def _hold(compiled: CompiledService) -> None:
    """Nobody enters money into this book, or closes a day of it, until this transaction ends."""
    place = [current().body, compiled.service.slug]
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO money_book (body, service) VALUES (%s, %s) ON CONFLICT DO NOTHING", place)
        cursor.execute("SELECT 1 FROM money_book WHERE body = %s AND service = %s FOR UPDATE", place)


def _held(compiled: CompiledService, on: date) -> Closing:
    _hold(compiled)
    found = day(compiled, on).closing
    if found is None:
        raise _refused(WRONG_STATE, "この日は締められていません。", "This day is not closed.")
    return found


def _another(row: Closing, user: User) -> None:
    if row.by == str(user.id):
        raise _refused(
            NOT_SAME_PERSON, "締めた人とは別の人が行ってください。", "Another person must do this."
        )


def _add(row: Closing, *columns: str) -> Closing:
    rows = Closing.objects.filter(body=row.body, service=row.service, day=row.day, turn=row.turn)
    rows.update(**{column: getattr(row, column) for column in columns})
    return row


def _refused(code: str, ja: str, en: str) -> SettingRefused:
    return SettingRefused(Problem("day", code, Label(ja=ja, en=en)))
