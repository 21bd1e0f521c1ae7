"""The web server: granian with WSGI workers that are started again when they die (ADR 0002)."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from granian.constants import HTTPModes, Interfaces
from granian.log import LogLevels
from granian.server import Server


def main(argv: list[str]) -> int:
    """`python -m kiban.ops.server HOST PORT`; KIBAN_SERVER_WORKERS and KIBAN_SERVER_THREADS set the size."""
    host, port = argv[0], int(argv[1])
    Server(
        "kiban.ops.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        http=HTTPModes.http1,
        websockets=False,
        workers=int(os.environ.get("KIBAN_SERVER_WORKERS", "2")),
        blocking_threads=int(os.environ.get("KIBAN_SERVER_THREADS", "6")),
        # An idle thread keeps its database connection: let it live as long as it may.
        blocking_threads_idle_timeout=600,
        backlog=1024,
        respawn_failed_workers=True,
        respawn_interval=0.5,
        workers_kill_timeout=15,
        log_level=LogLevels.warning,
        working_dir=Path(__file__).resolve().parents[3],
    ).serve()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
