"""What a scenario's `given` says, brought into the database by the platform's own functions.

Records and cases that stand there already come in as the event `given` of a case, as an office's own register
comes in when it joins: written by the door's last step, with history and chain.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date, datetime
from typing import Any

from tests import set_by_body
from uuid_utils.compat import uuid7

from kiban.access import bodies
from kiban.access.changes import SettingRefused
from kiban.cases import numbers
from kiban.cases.facts import facts_for
from kiban.cases.session import session
from kiban.cases.writing import APPEND, Key, Writing
from kiban.definitions import local
from kiban.definitions.models import LocalField
from kiban.kernel.definitions.compile import CompiledProcedure, CompiledService
from kiban.kernel.facts import SYSTEM, CaseState, Decision, RecordChange
from kiban.kernel.scenarios.model import ScenarioError, local_fields
from kiban.kernel.state import state_to_json
from kiban.kernel.values import ReadContext

ALWAYS = date(2000, 1, 1)


def set_up_bodies(compiled: CompiledService, given: Mapping[str, Any], at: datetime) -> None:
    """Participation, closed days and the bodies' own parameters."""
    for body, level in (given.get("participation") or {}).items():
        set_by_body.participation(compiled, body, level, ALWAYS)
    for body, days in (given.get("closed_days") or {}).items():
        for day in days:
            set_by_body.closed(body, date.fromisoformat(day))
    for body, items in local_fields(given).items():
        for position, item in enumerate(items, start=1):
            LocalField.objects.create(
                body=body, service=compiled.service.slug, form=item.form, section=item.section, name=item.field.name, from_date=ALWAYS,
                position=position, definition=local.definition_of(item.field), set_by="given", set_at=at,
            )  # fmt: skip
    for body, values in (given.get("parameters") or {}).items():
        set_parameters(compiled, body, values, ALWAYS, at)


def set_parameters(
    compiled: CompiledService, body: str, values: Mapping[str, Any], since: date, at: datetime
) -> None:
    """A body's own values. Raises ScenarioError for one that it may not set."""
    for name, value in values.items():
        try:
            set_by_body.parameter(compiled, body, name, value, since)
        except LookupError:
            raise ScenarioError(f"there is no parameter `{name}`") from None
        except SettingRefused as refused:
            raise ScenarioError(f"parameter `{name}`: {refused}") from None


def record_changes(
    compiled: CompiledService, rows: Iterable[Mapping[str, Any]], body: str, at: datetime
) -> dict[str, list[RecordChange]]:
    """The records that stand there already, by body."""
    found: dict[str, dict[tuple[str, str], RecordChange]] = {}
    for row in rows:
        here = found.setdefault(str(row.get("body") or body), {})
        registry = compiled.registries.get(str(row["registry"]))
        if registry is None:
            raise ScenarioError(f"there is no registry `{row['registry']}`")
        for key in _keys(row):
            if str(row.get("absent")).lower() == "true":
                here.pop((registry.name, key), None)
                continue
            data = {}
            for name, raw in (row.get("data") or {}).items():
                if name not in registry.codecs:
                    raise ScenarioError(f"registry `{registry.name}` has no field `{name}`")
                value = registry.codecs[name].read(raw, _context(at), name).value
                if value is not None:
                    data[name] = registry.codecs[name].to_json(value)
            here[(registry.name, key)] = RecordChange(registry.name, key, data)
    return {code: list(changes.values()) for code, changes in found.items()}


def _keys(row: Mapping[str, Any]) -> Iterator[str]:
    key = str(row["key"])
    if "count" not in row:
        yield key
    for n in range(1, int(row["count"]) + 1) if "count" in row else ():
        yield key.format(n=n)


def given_values(procedure: CompiledProcedure, data: Mapping[str, Any], at: datetime) -> dict[str, object]:
    """Values of a case that stands there already."""
    values = {}
    for name, raw in data.items():
        codec = procedure.codecs.get(name)
        if codec is None:
            raise ScenarioError(f"procedure `{procedure.name}` has no field `{name}`")
        value = codec.read(raw, _context(at), name).value
        if value is not None:
            values[name] = value
    return values


def _context(at: datetime) -> ReadContext:
    return ReadContext(at.date(), bodies.locate)


def append(
    procedure: CompiledProcedure,
    compiled: CompiledService,
    edition: str,
    body: str,
    at: datetime,
    *,
    state: str,
    values: Mapping[str, object] | None = None,
    party: str = "",
    records: Iterable[RecordChange] = (),
) -> str:
    """A case (or a register brought along) as the event `given`; the id of the case."""
    case = CaseState(
        str(uuid7()), procedure.name, state, values or {}, at.date(), numbers.case_number(), seq=1
    )
    decision = Decision(
        "given", case, "", {}, state_to_json(procedure, case), {}, {}, (), tuple(records)
    )  # fmt: skip
    facts = facts_for(compiled, body, SYSTEM, at, case)
    key = Key("given", "given", case.id, bytes(32))
    with session(body) as opened:
        writing = Writing(body, procedure, edition, decision, None, facts, key, party, at)
        arguments, _answer = writing.payload(opened.seal)
        opened.finish(APPEND, arguments)
    return case.id
