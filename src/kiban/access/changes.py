"""Who has set what for a body, and why: written beside every setting, in the same transaction, never changed.

`setting(body, user)` opens the body's partition; inside it `note` appends a line. `history` reads them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

from uuid_utils.compat import uuid7

from kiban.access import reference
from kiban.access.models import SettingChange, User
from kiban.access.scope import current, scope
from kiban.kernel.dates import parse_date
from kiban.kernel.definitions.model import Label
from kiban.kernel.problems import Problem
from kiban.kernel.text import refuse, unify_newlines
from kiban.ops import clock

LONGEST = 1000


class SettingRefused(ValueError):
    """A setting is not taken; `problems` say where, why and how to mend it."""

    def __init__(self, *problems: Problem) -> None:
        self.problems = problems
        super().__init__("; ".join(problem.message.text("en") for problem in problems))


@contextmanager
def setting(body: str, user: User) -> Iterator[None]:
    """The transaction in which a body's setting is changed; what is cached is looked at again afterwards."""
    try:
        with scope(body, viewer=str(user.id)):
            yield
    finally:
        reference.forget()


def note(
    kind: str, name: str, user: User, *, service: str = "", from_date: date | None = None, before: Any = None,
    after: Any = None, why: str = "",
) -> None:  # fmt: skip
    """Appends what was set, in an open `setting`."""
    SettingChange.objects.create(
        body=current().body, id=uuid7(), service=service, kind=kind, name=name, from_date=from_date, before=before,
        after=after, why=why, by=str(user.id), by_name=user.display_name, at=clock.now(),
    )  # fmt: skip


def history(
    body: str, service: str, kind: str = "", name: str = "", *, limit: int = 200
) -> list[SettingChange]:
    """What was set, the latest first. Opens its own scope."""
    with scope(body):
        rows = SettingChange.objects.filter(body=body, service__in=(service, ""))
        if kind:
            rows = rows.filter(kind=kind)
        if name:
            rows = rows.filter(name=name)
        return list(rows.order_by("-at", "-id")[:limit])


def text(field: str, value: object, *, required: bool = False, most: int = LONGEST) -> str:
    """What somebody typed, without blanks around it. Raises SettingRefused."""
    found = unify_newlines(str(value or "")).strip()
    if required and not found:
        raise SettingRefused(
            Problem(field, "required", Label(ja="入力してください。", en="Please fill this in."))
        )
    if len(found) > most:
        message = Label(ja=f"{most}文字までにしてください。", en=f"At most {most} characters, please.")
        raise SettingRefused(Problem(field, "too_long", message))
    if refuse(found):
        message = Label(ja="使えない文字が含まれています。", en="It holds characters that cannot be used.")
        raise SettingRefused(Problem(field, "invalid", message))
    return found


def day(field: str, value: object, *, not_before: date | None = None, required: bool = True) -> date | None:
    """A civil date as typed (和暦 or 西暦). Raises SettingRefused, also for days before `not_before`."""
    raw = value.isoformat() if isinstance(value, date) else str(value or "").strip()
    if not raw and not required:
        return None
    found = parse_date(raw) if raw and len(raw) < 40 else None
    if not isinstance(found, date):
        message = Label(
            ja="日付を「2027-04-01」や「令和9年4月1日」のように入力してください。",
            en="Please give a date such as 2027-04-01.",
        )
        raise SettingRefused(Problem(field, "required" if not raw else "invalid", message))
    if not_before is not None and found < not_before:
        message = Label(
            ja=f"{not_before}以後の日付にしてください。過ぎた日にさかのぼっては変えられません。",
            en=f"Please give a day from {not_before} on: the past can't be changed.",
        )
        raise SettingRefused(Problem(field, "out_of_range", message))
    return found
