"""Small helpers for child processes: they end when their parent ends, and start with clean signals."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from collections.abc import Callable

_PR_SET_PDEATHSIG = 1


def child_setup(on_parent_death: signal.Signals | None) -> Callable[[], None]:
    """What a child does between fork and exec: default signals, and (Linux) a signal when its parent dies.

    The parent must call this from its main thread: Linux sends the signal when the *thread* that forked ends.
    """
    parent = os.getpid()
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" and on_parent_death else None

    def setup() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL)
        if libc is not None and on_parent_death is not None:
            libc.prctl(_PR_SET_PDEATHSIG, int(on_parent_death), 0, 0, 0)
            if os.getppid() != parent:  # it died between fork and prctl
                os._exit(1)

    return setup


def kill_group(leader: int, number: signal.Signals) -> None:
    """Signal a child that leads its own session, together with the processes it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, number)
