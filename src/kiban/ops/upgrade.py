"""`kiban upgrade`: after a new version of the program was fetched: back up, migrate, compare, start again.

There is no way back in place: when a step fails, kiban stays stopped, the data is as it was or migrated, and the
backup is named. Mend the cause and run it again, or restore the backup with the old version into a new KIBAN_HOME.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from kiban.ops import backup, config, control, fingerprint, supervisor
from kiban.ops.config import ConfigurationError
from kiban.ops.home import folder
from kiban.ops.postgres import Cluster
from kiban.ops.roles import prepare_database
from kiban.ops.standing import run_module, started


def main(argv: Sequence[str]) -> int:
    """The command line: see the module."""
    parser = argparse.ArgumentParser(
        prog="./kiban upgrade",
        description="Stop, back up, migrate to this version of the program, compare, and start again if it ran.",
    )
    parser.add_argument("--backup", type=Path, metavar="FILE", help="default: KIBAN_HOME/backups/")
    parser.add_argument(
        "--yes", action="store_true", help="go on although there is no backup (external database)"
    )
    arguments = parser.parse_args(list(argv))
    if config.external_url() and not arguments.yes:
        raise ConfigurationError(
            "Back up the database of KIBAN_DATABASE_URL with its own tools, then give --yes."
        )
    before = supervisor.read_status() if supervisor.is_running() else {}
    if before:
        _say("stopping …")
        control.stop_running()
    made = _upgrade(arguments.backup)
    _say("This version is in place." + (f" The backup from before: {made}" if made else ""))
    if before:
        return control.start(host=before["host"], port=before["port"])
    _say("./kiban up starts it.")
    return 0


def _upgrade(target: Path | None) -> Path | None:
    if config.external_url():
        _migrate(None)
        return None
    cluster = Cluster()
    if not cluster.exists:
        raise ConfigurationError("There is no data to upgrade: ./kiban up makes a new installation.")
    made = target or folder("backups") / f"before-upgrade-{time.strftime('%Y%m%d-%H%M%S')}.tar"
    _say(f"backing up to {made} …")
    backup.write(made)
    with supervisor.take_lock(), started(cluster):
        prepare_database(cluster.superuser(), "kiban")
        _migrate(made)
    return made


def _migrate(made: Path | None) -> None:
    stamp = fingerprint.of_installation()
    steps = [
        ("migrating, publishing services", "owner", ("kiban.ops.prepare", "schema")),
        ("translations, fonts, static files", "app", ("kiban.ops.prepare", "assets")),
        ("comparing the tables with the events", "app", ("kiban.ops.cli", "rebuild", "--check")),
    ]
    for what, role, words in steps:
        _say(f"{what} …")
        done = run_module(role, *words)
        if done.returncode != 0:
            said = (supervisor.last_error(done.stderr) or "\n".join(done.stdout.splitlines()[-20:])).strip()
            way = (
                f"restore {made} with the version before into a new KIBAN_HOME"
                if made
                else "restore your backup"
            )
            raise ConfigurationError(
                f"{what} failed:\n{said}\nkiban stays stopped. Mend the cause and run ./kiban upgrade again; or {way}."
            )
    fingerprint.record(stamp)


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
