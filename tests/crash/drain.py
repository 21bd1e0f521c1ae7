"""Sets the clock on, as often as the worker needs to empty the outbox: `python -m tests.crash.drain`."""

from __future__ import annotations

import os
import sys
import time
from datetime import datetime, timedelta


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kiban.ops.settings")
    import django

    django.setup()
    from psycopg import connect

    from kiban.ops import clock
    from kiban.ops.postgres import Cluster
    from tests.crash.seed import NOW

    began, moment = time.monotonic(), datetime.fromisoformat(NOW)
    with connect(**Cluster().superuser("kiban").parameters(), autocommit=True) as connection:
        while time.monotonic() - began < 100:
            row = connection.execute(
                "SELECT count(*), count(*) FILTER (WHERE retry_at > %s) FROM cases_outbox", [moment]
            ).fetchone()
            if row is None or row[0] == 0:
                return 0
            if row[1] == row[0]:  # all of them wait for a later moment
                moment += timedelta(minutes=30)
                clock.set_clock(moment)
            time.sleep(0.2)
    sys.stderr.write(f"{row} rows still wait\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
