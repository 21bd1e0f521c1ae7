"""When to try again: longer and longer, never in step with others, and not for ever."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

_MINUTE, _HOUR = 60, 3600
WAITS = {
    "webhook": (
        5,
        30,
        2 * _MINUTE,
        10 * _MINUTE,
        30 * _MINUTE,
        _HOUR,
        3 * _HOUR,
        6 * _HOUR,
        12 * _HOUR,
        24 * _HOUR,
    ),
    "email": (_MINUTE, 5 * _MINUTE, 15 * _MINUTE, _HOUR, 3 * _HOUR, 6 * _HOUR, 12 * _HOUR, 24 * _HOUR),
}
"""Seconds to wait after each failed attempt (about two days in all); after the last one it is given up."""


def next_try(channel: str, attempts: int, now: datetime, *, at_least: float = 0) -> datetime | None:
    """When to try again after `attempts` failures; None: give up. Up to half of the wait is chance."""
    waits = WAITS[channel]
    if attempts > len(waits):
        return None
    wait = waits[attempts - 1]
    chance = random.uniform(0.75, 1.25)  # noqa: S311  (spreads load, keeps no secret)
    return now + timedelta(seconds=max(wait * chance, at_least))
