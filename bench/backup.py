"""Minutes and size of a backup, and of its restore into an empty place with every chain verified.

The commands run as an operator runs them, on the product's own database with real cases (`bench._copies`) of two events
on average. The restore verifies chains, contents, roots, documents and files, and is measured with that.
"""

from __future__ import annotations

import json
import shutil
import sys
import time

from bench import CannotMeasure, figure
from bench._stand import Stand

NAME = "backup"
SUMMARY = "minutes and size of a backup and of its verified restore"
_SIZES = {"small": 20_000, "full": 1_000_000}  # cases
_BODIES = 40
_GOALS = {"small": 1.0, "full": 10.0}  # minutes, each
_DATABASE = "kiban"


def run(size: str) -> list[dict[str, object]]:
    """`backup_minutes`, `restore_minutes`, `backup_mb` and `cases_verified`."""
    cases = _SIZES[size]
    stand = Stand("backup", database=_DATABASE)
    target = stand.place.with_name("bench-restored")
    for place in (stand.place, target):
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True, mode=0o711)
    stand.environment["KIBAN_BACKUP_PASSPHRASE"] = "a passphrase of the benchmark"
    archive = stand.place / "made.tar"
    try:
        with stand.postgres():
            held = json.loads(stand.python("bench._copies", str(cases), str(_BODIES), "1.0").stdout)["cases"]
        print(f"{held} cases stand", file=sys.stderr)
        backed_up = _timed(stand, "backup", str(archive), "--with-keys")[0]
        stand.environment["KIBAN_HOME"] = str(target)
        restored, said = _timed(stand, "restore", str(archive))
        if f"of {held} cases" not in said or said.count("no difference") != 2:
            raise CannotMeasure(f"the restore says: {said}")
        megabytes = archive.stat().st_size / 1e6
    finally:
        for place in (stand.place, target):
            shutil.rmtree(place, ignore_errors=True)
    share = cases / _SIZES["full"]
    return [
        figure("backup_minutes", backed_up / 60, "min", goal=_GOALS[size], at_most=True),
        figure("restore_minutes", restored / 60, "min", goal=_GOALS[size], at_most=True),
        figure("backup_mb", megabytes, "MB", goal=10_000 * share, at_most=True),
        figure("cases_verified", held, "cases", goal=cases),
    ]


def _timed(stand: Stand, *words: str) -> tuple[float, str]:
    started = time.perf_counter()
    done = stand.python("kiban.ops.cli", *words)
    seconds = time.perf_counter() - started
    print(f"{words[0]}: {seconds:.1f} s", file=sys.stderr)
    return seconds, done.stdout.decode()
