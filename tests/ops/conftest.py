"""Fixtures of the operations tests: a KIBAN_HOME of one's own, with a short path."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kiban.ops.home import home
from kiban.ops.postgres import Cluster


@pytest.fixture
def kiban_home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder as KIBAN_HOME; its path is short enough for a socket and open to other users."""
    parent = Path(tempfile.mkdtemp(prefix="kiban-", dir="/tmp"))
    parent.chmod(0o755)
    monkeypatch.setenv("KIBAN_HOME", str(parent / "home"))
    monkeypatch.delenv("KIBAN_DATABASE_NAME", raising=False)
    yield parent / "home"
    shutil.rmtree(parent, ignore_errors=True)


@pytest.fixture
def start(kiban_home: Path) -> Iterator[Callable[..., Cluster]]:
    """Make and start a cluster in `kiban_home`; it is stopped after the test."""
    started: list[Cluster] = []

    def begin(*, bound_to_us: bool = True) -> Cluster:
        cluster = Cluster()
        cluster.create()
        cluster.clear_remains()
        with (home() / "postgres.log").open("ab") as log:
            cluster.process = cluster.spawn(log, bound_to_us=bound_to_us)  # type: ignore[attr-defined]
        cluster.wait_ready(cluster.process)  # type: ignore[attr-defined]
        started.append(cluster)
        return cluster

    yield begin
    for cluster in started:
        pid = cluster.running_pid()
        if pid is not None:
            cluster.stop(pid)
        cluster.process.wait(timeout=30)  # type: ignore[attr-defined]
    if started and started[0].moved:
        started[0].remove()
