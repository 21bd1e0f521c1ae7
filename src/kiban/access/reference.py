"""Caches of reference data (bodies' closed days, parameters, participation, editions) and when they are old.

One counter row moves with every change, whoever makes it (a trigger). A process asks for it at most once a
second (in tests, each time), and forgets its caches when it has moved.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Any, TypeVar

from django.db import connection

from kiban.ops import config

T = TypeVar("T")
_EVERY = 0.0 if config.mode() == "test" else 1.0  # seconds
_LIMIT = 20_000

_lock = Lock()
_checked = float("-inf")
_version = -1
_entries: dict[Hashable, Any] = {}


def cached(key: Hashable, make: Callable[[], T]) -> T:
    """What `make` returns, kept under `key` until reference data changes."""
    check()
    version = _version
    try:
        found: T = _entries[key]
    except KeyError:
        found = make()
        with _lock:
            if len(_entries) >= _LIMIT:
                _entries.clear()
            if version == _version:  # else it may have been read before the change that emptied the cache
                _entries[key] = found
    return found


def forget() -> None:
    """Makes the next read look at the counter again: call it after changing reference data."""
    global _checked
    _checked = float("-inf")


def check() -> None:
    """Empties the cache when the counter has moved since the last look."""
    global _checked, _version
    now = time.monotonic()
    if now - _checked < _EVERY:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT value FROM access_referenceversion")
        row = cursor.fetchone()
    version = row[0] if row else 0
    with _lock:
        _checked = now
        if version != _version:
            _entries.clear()
            _version = version
