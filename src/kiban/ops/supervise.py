"""Entry point of the supervisor process: `python -m kiban.ops.supervise HOST PORT`."""

from __future__ import annotations

import logging
import sys

from kiban.ops.logs import JsonFormatter
from kiban.ops.supervisor import AlreadyRunning, Supervisor


def main(argv: list[str]) -> int:
    """Run until a signal asks to stop; exit status 1 when the start failed or another one runs."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    try:
        return Supervisor(argv[0], int(argv[1])).run()
    except AlreadyRunning:
        logging.getLogger("kiban.supervisor").error("another supervisor has this KIBAN_HOME")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
