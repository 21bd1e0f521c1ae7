"""Sets the clock, and waits until the worker has done all that is due: clocks and what acts have left.

    python -m tests.crash.drain [INSTANT]

Only sets the clock when an instant is given. Else it waits, and sets the clock on where work waits for a retry.
"""

from __future__ import annotations

import os
import sys
import time
from datetime import datetime, timedelta

_WAITING = """
    SELECT (SELECT count(*) FROM cases_agenda a WHERE a.at <= t.now AND NOT a.fired),
           (SELECT count(*) FROM cases_agenda a WHERE a.at <= t.now AND NOT a.fired AND a.retry_at > t.now),
           (SELECT count(*) FROM cases_outbox),
           (SELECT count(*) FROM cases_outbox WHERE retry_at > t.now), t.now
      FROM test_clock t
"""


def main(argv: list[str]) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kiban.ops.settings")
    import django

    django.setup()
    from psycopg import connect

    from kiban.ops import clock
    from kiban.ops.postgres import Cluster

    if argv:
        clock.set_clock(datetime.fromisoformat(argv[0]))
        return 0
    began, found = time.monotonic(), None
    with connect(**Cluster().superuser("kiban").parameters(), autocommit=True) as connection:
        while time.monotonic() - began < 150:
            found = connection.execute(_WAITING).fetchone()
            assert found is not None
            due, due_later, left, left_later, now = found
            if due == left == 0:
                return 0
            if (due, left) == (due_later, left_later):  # all of them wait for a later moment
                clock.set_clock(now + timedelta(minutes=30))
            time.sleep(0.2)
    sys.stderr.write(f"still to be done: {found}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
