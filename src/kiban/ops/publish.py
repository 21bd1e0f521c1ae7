"""`kiban publish`: a folder becomes an edition of the running system, from its day on. Nothing is restarted."""

from __future__ import annotations

import argparse
import getpass
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from kiban.kernel.definitions.loader import DefinitionErrors, read_folder
from kiban.ops.check import folder_of, language_of, say_changes


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def main(argv: Sequence[str]) -> int:
    """Exit 0 when it is published (or would be), 1 for a definition with problems, 2 for a call not understood."""
    parser = argparse.ArgumentParser(
        prog="kiban publish",
        description="Publish a service's folder as an edition. It is in force from its day in every body that takes "
        "part; cases in flight keep their own edition. The same folder published again is the same edition.",
    )
    parser.add_argument("service", help="folder or slug")
    parser.add_argument(
        "--from", dest="from_", type=_day, metavar="DATE", help="in force from this day (else: in_force)"
    )
    parser.add_argument("--dry-run", action="store_true", help="say what would change, publish nothing")
    parser.add_argument("--language", choices=("ja", "en"), default=language_of(), help="of the difference")
    arguments = parser.parse_args(list(argv))
    folder = folder_of(arguments.service)
    if not folder.is_dir():
        _say(f"there is no service folder {folder}")
        return 2
    try:
        return _publish(folder, arguments.from_, arguments.dry_run, arguments.language)
    except DefinitionErrors as errors:
        for problem in errors.problems:
            _say(f"{folder}/{problem}")
        _say(f"{folder}: {len(errors.problems)} problems; nothing was published")
        return 1


def _publish(folder: Path, from_: date | None, dry_run: bool, language: str) -> int:
    from kiban.definitions import publish
    from kiban.definitions.models import Edition

    files: Mapping[str, str] = read_folder(folder)
    if from_ is not None:
        files = publish.with_day(files, from_)
    before, changes = publish.changes(files)
    known = Edition.objects.filter(id=publish.edition_id(files)).first()
    if before is not None:
        say_changes(changes, f"{before[:12]}", language)
    if dry_run:
        _say(f"{folder}: " + ("is published already" if known else "would be published; nothing was changed"))
        return 0
    edition = known or publish.publish_texts(files, by=f"cli:{getpass.getuser()}")
    again = " (was published already)" if known else ""
    _say(f"{folder}: edition {edition.id[:12]} is in force from {edition.in_force}{again}")
    later = Edition.objects.filter(service=edition.service, in_force__gt=edition.in_force).exclude(
        id=edition.id
    )
    for row in later.order_by("in_force"):
        _say(f"note: edition {row.id[:12]} follows from {row.in_force}")
    return 0


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date (2027-04-01)") from None
