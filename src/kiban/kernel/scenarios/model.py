"""Reads `scenarios.yaml`: every scalar stays text, every step knows its line."""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from kiban.kernel.dates import JST
from kiban.kernel.definitions.local import LocalField
from kiban.kernel.definitions.words import Field

STEP_KEYS = frozenset({
    "as", "do", "procedure", "case", "part", "data", "date", "then", "file", "reasons", "repeat", "wait", "receive",
    "compute", "read", "set", "from", "branch", "name",
})  # fmt: skip
THEN_KEYS = frozenset({
    "state", "problems", "data", "documents", "charges", "paid", "clocks", "records", "parts", "notices", "sees",
    "refused", "cases", "events", "absent", "suggest",
})  # fmt: skip
GIVEN_KEYS = frozenset({
    "today", "body", "parameters", "closed_days", "records", "cases", "lookups", "participation", "local",
})  # fmt: skip
SCENARIO_KEYS = frozenset({"name", "id", "law", "given", "steps", "then", "note"})
_DIGEST = re.compile(r"[0-9a-f]{64}")
ACTOR = re.compile(r"^(?P<role>[a-z][a-z0-9_]*)(?:/(?P<person>[^@\s]+))?(?:@(?P<place>\S+))?$")


class ScenarioError(ValueError):
    """A scenario file that cannot be read; the message has file:line."""


@dataclass(frozen=True, slots=True)
class Actor:
    """`role[/person]@place`; without a place the actor stands in the scenario's body, or is a party."""

    role: str
    person: str
    place: str

    @classmethod
    def parse(cls, text: str) -> Actor:
        match = ACTOR.match(text.strip())
        if match is None:
            raise ScenarioError(f"`{text}` is not an actor; write role[/person]@place")
        return cls(match["role"], match["person"] or "", match["place"] or "")


@dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    file: str
    line: int
    law: str
    given: Mapping[str, Any]
    steps: tuple[Mapping[str, Any], ...]
    then: Mapping[str, Any]
    id: str = ""
    folder: Path = field(default=Path())


def moment(text: str) -> datetime:
    """`2026-10-14` (that midnight) or `2026-10-14T17:00`, in Asia/Tokyo."""
    text = str(text).strip()
    try:
        if len(text) == 10:
            return datetime.combine(date.fromisoformat(text), time(), JST)
        parsed = datetime.fromisoformat(text)
    except ValueError as error:
        raise ScenarioError(f"`{text}` is not a date or a date and time") from error
    return parsed.replace(tzinfo=JST) if parsed.tzinfo is None else parsed.astimezone(JST)


def spelled_out(value: Any) -> Any:
    """Step data with every file made whole: a scenario may name a file by any word, which stands for its digest."""
    if isinstance(value, Mapping):
        if "name" in value and set(value) <= {"name", "sha256"}:
            digest = str(value.get("sha256") or value["name"])
            whole = digest if _DIGEST.fullmatch(digest) else hashlib.sha256(digest.encode()).hexdigest()
            return {"name": value["name"], "sha256": whole}
        return {key: spelled_out(part) for key, part in value.items()}
    return [spelled_out(part) for part in value] if isinstance(value, list) else value


def local_fields(given: Mapping[str, Any]) -> dict[str, list[LocalField]]:
    """The fields that bodies have added, by body: `local: {"131229": {form.section: {q1: {label, type, …}}}}`.

    Raises ScenarioError.
    """
    found: dict[str, list[LocalField]] = {}
    for body, places in (given.get("local") or {}).items():
        for place, fields in places.items():
            form, _dot, section = str(place).partition(".")
            for name, said in fields.items():
                try:
                    field = Field.model_validate({"name": name, **said})
                except ValidationError as error:
                    raise ScenarioError(f"local field `{name}`: {error.errors()[0]['msg']}") from error
                found.setdefault(str(body), []).append(LocalField(form, section, field))
    return found


def rows_of(folder: Path, name: str) -> list[dict[str, str]]:
    """The rows of a CSV file beside the scenario file, by the names of fields in its first row; blank cells left out.

    Raises ScenarioError.
    """
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()) or path.suffix != ".csv" or not path.is_file():
        raise ScenarioError(f"there is no file `{name}` (.csv) beside the scenarios")
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return [{key: text for key, text in row.items() if key and text} for row in csv.DictReader(stream)]


def _plain(node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return {str(key.value): _plain(value) for key, value in node.value}
    if isinstance(node, yaml.SequenceNode):
        return [_plain(item) for item in node.value]
    assert isinstance(node, yaml.ScalarNode)
    return None if not node.style and node.value in ("", "null", "~") else node.value


def _unknown(keys: Iterator[str] | Mapping[str, Any], known: frozenset[str], where: str) -> None:
    for key in keys:
        if key not in known:
            raise ScenarioError(f"{where}: `{key}` is not a word of scenarios ({', '.join(sorted(known))})")


def _check_steps(steps: list[Any], where: str) -> None:
    for number, step in enumerate(steps, start=1):
        at = f"{where}, step {number}"
        if not isinstance(step, dict):
            raise ScenarioError(f"{at}: a step must be a mapping")
        _unknown(step, STEP_KEYS, at)
        _unknown(step.get("then") or {}, THEN_KEYS, at)
        for branch in step.get("branch") or []:
            _check_steps(branch.get("steps") or [], f"{at}, branch")
            _unknown(branch.get("then") or {}, THEN_KEYS, at)


def load_scenarios(path: Path) -> list[Scenario]:
    """All scenarios of a file. Raises ScenarioError with file:line for what cannot be read."""
    text = path.read_text(encoding="utf-8")
    try:
        root = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise ScenarioError(f"{path}: {error}") from error
    if root is None:
        return []
    if not isinstance(root, yaml.SequenceNode):
        raise ScenarioError(f"{path}:1: a scenario file is a list of scenarios")
    found = []
    for node in root.value:
        line, raw = node.start_mark.line + 1, _plain(node)
        where = f"{path.name}:{line}"
        if not isinstance(raw, dict) or not raw.get("name"):
            raise ScenarioError(f"{where}: a scenario needs a `name`")
        _unknown(raw, SCENARIO_KEYS, where)
        _unknown(raw.get("given") or {}, GIVEN_KEYS, where)
        _unknown(raw.get("then") or {}, THEN_KEYS, where)
        _check_steps(raw.get("steps") or [], where)
        found.append(
            Scenario(
                str(raw["name"]), path.name, line, str(raw.get("law") or ""), raw.get("given") or {},
                tuple(raw.get("steps") or ()), raw.get("then") or {}, str(raw.get("id") or ""), path.parent,
            )
        )  # fmt: skip
    return found
