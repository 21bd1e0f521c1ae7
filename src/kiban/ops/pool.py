"""One piece of work for each of many things (bodies, spans of cases), in as many processes as there are cores."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

_S = TypeVar("_S")
_T = TypeVar("_T")
_MOST = 8


def each(work: Callable[[_S], _T], things: Sequence[_S]) -> Iterator[_T]:
    """`work(thing)` for each, in order; `work` and what it gives can be pickled. A single thing is done here."""
    cores = min(len(things), os.cpu_count() or 1, _MOST)
    if cores < 2:
        yield from map(work, things)
        return
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn"), initializer=begin) as pool:
        yield from pool.map(work, things)


def begin() -> None:
    """Loads Django in a new process, with its parent's environment, before anything of the apps is imported."""
    import django

    django.setup()
