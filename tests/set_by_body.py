"""What a body sets, set as its administrator does: with who and why, from a day on.

Values hold from today or later, so that the clock is put to the day for a value of the past, and back.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time

from kiban.access import closing
from kiban.access.models import TestClock, User
from kiban.definitions import body_settings
from kiban.kernel.dates import JST
from kiban.kernel.definitions.compile import CompiledService
from kiban.ops import clock

WHY = "試験のため"


def parameter(compiled: CompiledService, body: str, name: str, value: object, since: date) -> None:
    """A body's own value. Raises SettingRefused, LookupError."""
    with _on(since):
        body_settings.set_parameter(compiled, body, name, value, since, _administrator(), WHY)


def participation(compiled: CompiledService, body: str, level: str, since: date) -> None:
    """How far a body takes part. Raises SettingRefused."""
    with _on(since):
        body_settings.set_participation(compiled, body, level, since, _administrator(), WHY)


def closed(body: str, day: date, reason: str = "臨時閉庁") -> None:
    """A day on which the body closes. Raises SettingRefused."""
    with _on(day):
        closing.add(body, day, day, reason, _administrator(), why=WHY)


def _administrator() -> User:
    found, _made = User.objects.get_or_create(
        username="administrator", defaults={"kind": "staff", "display_name": "試験 管理者"}
    )
    return found


@contextmanager
def _on(day: date) -> Iterator[None]:
    """The clock stands on the morning of a day that has passed; others are set from where it stands."""
    if day >= clock.today():
        yield
        return
    row = TestClock.objects.filter(single=True).first()
    clock.set_clock(datetime.combine(day, time(9), JST))
    try:
        yield
    finally:
        clock.set_clock(row.now if row is not None else None)
