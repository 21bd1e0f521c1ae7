"""One piece of work for each of many bodies, in as many processes as there are cores."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import TypeVar

_T = TypeVar("_T")
_MOST = 8


def each(work: Callable[[str], _T], codes: Sequence[str]) -> Iterator[_T]:
    """`work(code)` for each, in order; `work` can be pickled. One code is done here."""
    cores = min(len(codes), os.cpu_count() or 1, _MOST)
    if cores < 2:
        yield from map(work, codes)
        return
    with ProcessPoolExecutor(cores, mp_context=get_context("spawn"), initializer=begin) as pool:
        yield from pool.map(work, codes, chunksize=8)


def begin() -> None:
    """Loads Django in a new process, with its parent's environment, before anything of the apps is imported."""
    import django

    django.setup()
