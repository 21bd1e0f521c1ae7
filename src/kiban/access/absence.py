"""Absence and deputies (不在・代決): while somebody is away, another acts with their roles and in their place.

An absence holds for one body, from a day to a day, for every role that the absent person holds there in their own
right. It is set by the person or by an administrator of the body; what is set, ended and by whom and why stands
append-only in the history of settings. Four eyes look at who really acts: a deputy is not the absent person.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import TypeVar
from uuid import UUID

from kiban.access import changes, people
from kiban.access.changes import SettingRefused
from kiban.access.models import Absence, User
from kiban.kernel.definitions.model import Label
from kiban.kernel.problems import INVALID, NOT_IN_LIST, OUT_OF_RANGE, REQUIRED, Problem
from kiban.ops import clock

T = TypeVar("T")
_LONGEST = timedelta(days=366)


def absences(body: str, *, of: UUID | None = None, past: bool = False) -> list[Absence]:
    """The absences of a body (of one person) that are not over, or all; the next to begin first."""
    rows = Absence.objects.select_related("user", "deputy").filter(body=body)
    if of is not None:
        rows = rows.filter(user_id=of)
    if not past:
        rows = rows.filter(to_date__gte=clock.today())
    return list(rows.order_by("from_date", "id"))


def set_absence(
    body: str, service: str, absent: object, deputy: object, from_: object, to: object, by: User, why: object
) -> Absence:
    """Somebody is away from a day to a day (both included), with a deputy. Ids of users. Raises SettingRefused.

    Both hold a role of `service` in the body; the deputy is there in those days, and nobody is away twice.
    """
    known = {str(one.id): one for one in people.colleagues(body, service, on=clock.today())}
    problems: list[Problem] = []
    if str(absent or "") not in known:
        problems.append(_problem("person", NOT_IN_LIST, "不在の人を選んでください。", "Who is away?"))
    if str(deputy or "") not in known:
        problems.append(
            _problem("deputy", REQUIRED, "代理の人を選んでください。", "Who acts in the meantime?")
        )
    elif str(absent) == str(deputy):
        words = ("本人の代理にはなれません。", "Nobody is their own deputy.")
        problems.append(_problem("deputy", INVALID, *words))
    start = _told(problems, lambda: changes.day("from", from_, not_before=clock.today()))
    end = _told(problems, lambda: changes.day("to", to, not_before=start))
    reason = _told(problems, lambda: changes.text("why", why, required=True)) or ""
    if start is not None and end is not None and end - start > _LONGEST:
        words = ("期間は1年以内にしてください。", "At most a year, please.")
        problems.append(_problem("to", OUT_OF_RANGE, *words))
    if problems or start is None or end is None:
        raise SettingRefused(*problems)
    who, other = UUID(str(absent)), UUID(str(deputy))
    with changes.setting(body, by):
        _refuse_overlap(body, who, other, start, end)
        made = Absence.objects.create(body=body, user_id=who, deputy_id=other, from_date=start, to_date=end)
        changes.note(
            "absence", "", by, service=service, from_date=start, after=_said(made, known[str(who)].name,
            known[str(other)].name), why=reason,
        )  # fmt: skip
    return made


def end_absence(
    body: str, service: str, absence: UUID | str, last_day: object, by: User, why: object = ""
) -> None:
    """An absence ends with a day, yesterday at the earliest. Raises SettingRefused, LookupError."""
    try:
        wanted = UUID(str(absence))
    except ValueError:
        raise LookupError(str(absence)) from None
    today = clock.today()
    last = changes.day("last_day", last_day, not_before=today - timedelta(days=1))
    reason = changes.text("why", why, required=True)
    assert last is not None
    with changes.setting(body, by):
        found = Absence.objects.select_for_update().filter(body=body, id=wanted, to_date__gte=today).first()
        if found is None:
            raise LookupError(str(absence))
        if last > found.to_date:
            words = ("終わりの日より後にはできません。新しく登録してください。", "Later than its last day.")
            raise SettingRefused(_problem("last_day", OUT_OF_RANGE, *words))
        names = {
            user.id: user.display_name
            for user in User.objects.filter(id__in=[found.user_id, found.deputy_id])
        }
        before = _said(found, names[found.user_id], names[found.deputy_id])
        found.to_date = last
        found.save(update_fields=["to_date"])
        changes.note(
            "absence_ended", "", by, service=service, from_date=last, before=before,
            after=_said(found, names[found.user_id], names[found.deputy_id]), why=reason,
        )  # fmt: skip


def _told(problems: list[Problem], read: Callable[[], T]) -> T | None:
    """What was read, or None with its problems noted: all that is wrong is told at once."""
    try:
        return read()
    except SettingRefused as refused:
        problems += refused.problems
        return None


def _refuse_overlap(body: str, who: UUID, deputy: UUID, start: date, end: date) -> None:
    here = Absence.objects.select_for_update().filter(body=body, from_date__lte=end, to_date__gte=start)
    if here.filter(user_id=who).exists():
        words = ("この期間には、すでに不在が登録されています。", "An absence in these days is known already.")
        raise SettingRefused(_problem("from", INVALID, *words))
    if here.filter(user_id=deputy).exists():
        words = (
            "この期間は、代理の人も不在です。ほかの人を選んでください。",
            "The deputy is away in these days too.",
        )
        raise SettingRefused(_problem("deputy", INVALID, *words))
    if here.filter(deputy_id=who).exists():
        words = (
            "この期間は、この人がほかの人の代理になっています。先に代理を替えてください。",
            "This person is a deputy in these days.",
        )
        raise SettingRefused(_problem("person", INVALID, *words))


def _said(row: Absence, name: str, deputy: str) -> dict[str, str]:
    return {
        "user": str(row.user_id), "name": name, "deputy": str(row.deputy_id), "deputy_name": deputy,
        "from": str(row.from_date), "to": str(row.to_date),
    }  # fmt: skip


def _problem(field: str, code: str, ja: str, en: str) -> Problem:
    return Problem(field, code, Label(ja=ja, en=en))
