"""`kiban doctor`: looks whether all is well, changes nothing, and says for each fault what to do.

Exit status: 0 all well (there may be warnings), 1 something is wrong. `--json` prints one object for machines.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from kiban.ops.config import ConfigurationError

OK: Literal["ok"] = "ok"
WARNING: Literal["warning"] = "warning"
WRONG: Literal["wrong"] = "wrong"
_SIGNS = {OK: "ok", WARNING: "!", WRONG: "NO"}


@dataclass(frozen=True)
class Finding:
    """What one look found; `remedy` is empty when all is well."""

    level: Literal["ok", "warning", "wrong"]
    what: str
    said: str
    remedy: str = ""


Check = Callable[[], "Finding | Iterable[Finding]"]


def main(argv: Sequence[str]) -> int:
    """The command line: see the module."""
    parser = argparse.ArgumentParser(
        prog="./kiban doctor", description="Look whether all is well; change nothing; say what to do."
    )
    parser.add_argument("--json", action="store_true", help="as one JSON object")
    chosen = parser.parse_args(list(argv))
    found = []
    for finding in examine():
        found.append(finding)
        if not chosen.json:
            _show(finding)
    wrong = sum(finding.level == WRONG for finding in found)
    warnings = sum(finding.level == WARNING for finding in found)
    if chosen.json:
        said = {"wrong": wrong, "warnings": warnings, "findings": [asdict(finding) for finding in found]}
        sys.stdout.write(json.dumps(said, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(f"{len(found)} looks: {wrong} wrong, {warnings} warnings\n")
    return 1 if wrong else 0


def examine() -> Iterator[Finding]:
    """Every look in turn. One that fails in an unforeseen way is a finding too."""
    from kiban.ops import doctor_database, doctor_machine

    for check in doctor_machine.CHECKS:
        yield from run(check)
    settings = list(run(_settings))
    yield from settings
    if settings[0].level == WRONG:
        return
    reached = list(run(doctor_database.reachable))
    yield from reached
    for check in doctor_machine.WITH_SETTINGS:
        yield from run(check)
    if all(finding.level == OK for finding in reached):
        for check in doctor_database.CHECKS:
            yield from run(check)


def run(check: Check) -> Iterator[Finding]:
    """The findings of a check."""
    try:
        found = check()
        yield from [found] if isinstance(found, Finding) else found
    except ConfigurationError as error:
        yield Finding(WRONG, _name(check), str(error), "see docs/operations.md, “Environment variables”")
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        said = f"{type(error).__name__}: {error} ({place.name}:{place.lineno})"
        yield Finding(WRONG, _name(check), said, "see KIBAN_HOME/logs; report it when it stays")


def _name(check: Check) -> str:
    return getattr(check, "__name__", "check").strip("_").replace("_", " ")


def _settings() -> Finding:
    """The settings load: the environment says nothing impossible."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kiban.ops.settings")
    import django

    django.setup()
    from django.conf import settings

    return Finding(OK, "settings", f"mode {settings.MODE}, {settings.BASE_URL}")


def _show(finding: Finding) -> None:
    sys.stdout.write(f"{_SIGNS[finding.level]:<3} {finding.what:<22} {finding.said}\n")
    if finding.remedy:
        sys.stdout.write(f"{'':<3} {'':<22} → {finding.remedy}\n")
    sys.stdout.flush()
