"""How the work waits: `python -m kiban.ops.waiting`, a process of its own because only the worker's role sees it.

Prints for each queue a line of JSON: `name`, how many are `late` (`kiban.delivery.health.LATE`), the `minutes` for
which the oldest has been due, and how many were given up (`dead`). `kiban doctor` asks it.
"""

from __future__ import annotations

import json
import os
import sys


def main() -> int:
    """See the module."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kiban.ops.settings")
    import django

    django.setup()
    from kiban.delivery import health
    from kiban.ops import clock

    moment = clock.now()
    for queue, _stuck in health.measure(moment):
        oldest = (moment - queue.oldest_at).total_seconds() / 60 if queue.oldest_at else 0
        said = {"name": queue.name, "late": queue.late, "minutes": round(oldest), "dead": queue.dead}
        sys.stdout.write(json.dumps(said) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
