"""The time of the system. Tests and the demo can set it; production ignores what is set and refuses to set it.

`now()` is an aware datetime in Asia/Tokyo.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache

from kiban.access import reference
from kiban.kernel.dates import JST, today_in_tokyo
from kiban.ops import config


class ClockRefused(RuntimeError):
    """The clock can't be set here."""


@lru_cache(maxsize=1)
def settable() -> bool:
    """Whether this installation lets the time be set (demo and test mode only)."""
    return config.mode() in ("demo", "test")


def now() -> datetime:
    """The present instant; where it may be set, the instant that was set."""
    if settable():
        stored = reference.cached("test_clock", _stored)
        if stored is not None:
            return stored
    return datetime.now(JST)


def today() -> date:
    """The civil date in Asia/Tokyo."""
    return today_in_tokyo(now())


def set_clock(instant: datetime | None) -> None:
    """Sets the time to an aware instant, at which it stands; None lets it run again. Raises ClockRefused."""
    from kiban.access.models import TestClock

    if not settable():
        raise ClockRefused("the clock can be set in demo and test mode only")
    if instant is None:
        TestClock.objects.all().delete()
    else:
        if instant.tzinfo is None:
            raise ValueError("the instant must be aware")
        TestClock.objects.update_or_create(single=True, defaults={"now": instant})
    reference.forget()


def _stored() -> datetime | None:
    from kiban.access.models import TestClock

    found = TestClock.objects.filter(single=True).values_list("now", flat=True).first()
    return found.astimezone(JST) if found else None
