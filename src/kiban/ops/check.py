"""`kiban check`: lints a service's edition, runs its scenarios on the kernel alone, and says what it changes.

No database is needed, except for `--against published` (which is also what is compared with while kiban runs).
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from kiban.access.bodies_source import all_bodies
from kiban.access.places import Places
from kiban.kernel.definitions.compile import CompiledService, compile_service
from kiban.kernel.definitions.difference import Change, difference
from kiban.kernel.definitions.lint import advice
from kiban.kernel.definitions.loader import SCENARIOS, DefinitionErrors, read_folder, read_texts
from kiban.kernel.facts import BodyFacts
from kiban.kernel.scenarios.memory import MemoryDriver
from kiban.kernel.scenarios.model import ScenarioError, load_scenarios
from kiban.kernel.scenarios.runner import Difference, run_scenario
from kiban.ops import supervisor

SERVICES = Path("services")
PUBLISHED = "published"
_MARKS = {"added": "+", "removed": "−", "changed": "・"}


def body_facts() -> dict[str, BodyFacts]:
    """Every body as rules see it, straight from the packages (no database)."""
    rows = all_bodies()
    wards: dict[str, list[str]] = {}
    for row in rows:
        if row.kind == "ward":
            wards.setdefault(row.parent, []).append(row.code)
    return {
        row.code: BodyFacts(row.code, row.name, row.kind, row.prefecture_name, tuple(wards.get(row.code, ())))
        for row in rows
    }


def folder_of(name: str) -> Path:
    """A service by its folder or, short, by its slug."""
    path = Path(name)
    return path if path.is_dir() else SERVICES / name


def compiled(folder: Path) -> CompiledService:
    """The edition in a folder. Raises DefinitionErrors with every problem."""
    return compile_service(read_texts(read_folder(folder)))


def differences(service: CompiledService, file: Path) -> Iterator[tuple[str, list[Difference]]]:
    """Each scenario of a file with what is not as it says."""
    bodies, places = body_facts(), Places(all_bodies())
    for scenario in load_scenarios(file):
        yield scenario.name, run_scenario(scenario, MemoryDriver(service, bodies.get, places.locate))


def language_of() -> str:
    """`en` where the terminal speaks English, else `ja`: what an edition changes is read by officials."""
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "en" if locale.startswith("en") else "ja"


def say_changes(changes: Iterable[Change], against: str, language: str) -> None:
    """Prints what an edition changes, one line each; a mark says whether something comes, goes or differs."""
    lines = [f"  {_MARKS[change.kind]} {change.line(language)}" for change in changes]
    if language == "en":
        _say(f"Changes from {against}: {len(lines)}")
    else:
        _say(f"{against} からの変更: {len(lines)}件")
    for line in lines:
        _say(line)


def _say_difference(service: CompiledService, folder: Path, against: str, language: str) -> None:
    """Against another folder, or against the edition in the database that this one would follow."""
    files = read_folder(folder)
    if against != PUBLISHED:
        other = folder_of(against)
        old_files = read_folder(other)
        old = compile_service(read_texts(old_files))
        say_changes(difference(old, service, old_files, files), str(other), language)
        return
    before = list(_published_changes(files))
    for name, found in before:
        say_changes(found, name, language)
    if not before:
        _say(
            "No edition before this one is published."
            if language == "en"
            else "これより前の版は公布されていません。"
        )


def _published_changes(files: Mapping[str, str]) -> Iterator[tuple[str, tuple[Change, ...]]]:
    from kiban.ops import cli

    cli.setup_django("app")
    from kiban.definitions import publish

    before, found = publish.changes(files)
    if before is not None:
        yield before[:12], found


def _check(folder: Path, scenarios: Path | None, quiet: bool) -> bool:
    started = time.perf_counter()
    try:
        service = compiled(folder)
    except DefinitionErrors as errors:
        for problem in errors.problems:
            _say(f"{folder}/{problem}")
        _say(f"{folder}: {len(errors.problems)} problems")
        return False
    for line in advice(service):
        _say(f"{folder}: note: {line}")
    file = scenarios or folder / SCENARIOS
    if not file.is_file():
        _say(f"{folder}: there is no {file.name}; a service needs scenarios")
        return False
    wrong = total = 0
    try:
        for name, found in differences(service, file):
            total += 1
            wrong += bool(found)
            if not quiet or found:
                _say(f"{'✗' if found else '✓'} {name}")
            for difference in found:
                _say(f"  {difference}")
    except ScenarioError as error:
        _say(str(error))
        return False
    seconds = time.perf_counter() - started
    _say(f"{folder}: {total - wrong} of {total} scenarios pass ({seconds:.1f} s)")
    return wrong == 0 and total > 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")


def main(argv: Sequence[str]) -> int:
    """Exit 0 when all is well, 1 when something is not, 2 for a call that cannot be understood."""
    parser = argparse.ArgumentParser(
        prog="kiban check", description="Check a service's folder and run its scenarios on the kernel."
    )
    parser.add_argument("service", nargs="*", help="folder or slug (default: every folder of services/)")
    parser.add_argument("--scenarios", type=Path, metavar="FILE", help="run this scenario file instead")
    parser.add_argument(
        "--against",
        metavar="FOLDER|published",
        help="say what changes from this folder, or from what is published (the default while kiban runs)",
    )
    parser.add_argument("--language", choices=("ja", "en"), default=language_of(), help="of the difference")
    parser.add_argument("-q", "--quiet", action="store_true", help="name only what is not as expected")
    arguments = parser.parse_args(list(argv))
    folders = [folder_of(name) for name in arguments.service]
    if not folders:
        folders = sorted(path for path in SERVICES.iterdir() if path.is_dir())
    missing = [folder for folder in folders if not folder.is_dir()]
    for folder in missing:
        _say(f"there is no service folder {folder}")
    if missing or (arguments.scenarios is not None and len(folders) != 1):
        return 2
    against = arguments.against or (PUBLISHED if supervisor.is_running() else None)
    if arguments.against not in (None, PUBLISHED) and not folder_of(arguments.against).is_dir():
        _say(f"there is no service folder {arguments.against}")
        return 2
    results = []
    for folder in folders:
        results.append(_check(folder, arguments.scenarios, arguments.quiet))
        if against is not None:
            results[-1] &= _compare(folder, against, arguments.language, named=arguments.against is not None)
    return 0 if all(results) else 1


def _compare(folder: Path, against: str, language: str, *, named: bool) -> bool:
    """Says the difference. What can't be compared fails only where a comparison was asked for."""
    from django.db import Error

    try:
        _say_difference(compiled(folder), folder, against, language)
    except DefinitionErrors as errors:
        if named:
            _say(f"can't compare with {against}: {len(errors.problems)} problems")
        return not named
    except Error as error:
        if named:
            _say(f"can't compare with what is published: {str(error).splitlines()[0]} (./kiban up starts it)")
        return not named
    return True
