"""The cases of the demo: `demo/<service>.yaml`, played through the one door by the demo people.

    service: <slug>
    cases:
      - {body: "131229", procedure: <name>, steps: [{as: <role>/<A or B>, do: <action>, data: {…}, reasons: {…}}]}

In `data`, `today`, `today+3`, `today-10` become dates, `open+1` the first open day after today, and a file
`{sample: name.pdf}` a small sample. A case is played once: each step carries an idempotency key, and a case that was
begun on another day is left as it is.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

import typst
import yaml

from kiban.access.actors import actor_for
from kiban.access.models import User
from kiban.access.participation import calendar
from kiban.access.scope import scope
from kiban.cases import door, files
from kiban.definitions import editions
from kiban.kernel.facts import ActorFacts, Refusal
from kiban.ops import clock
from kiban.ops.demo import username
from kiban.ops.home import REPO

_log = logging.getLogger("kiban.demo")
_DAY = re.compile(r"(today|open)(?:([+-])(\d{1,3}))?\Z")
_SAMPLE = b"#set page(width: 148mm, height: 105mm)\n#align(center + horizon, text(24pt)[SAMPLE (demo)])"


@dataclass(frozen=True, slots=True)
class Played:
    """What became of a case of the demo: how many of its steps are done, and why it stopped if it did."""

    service: str
    body: str
    procedure: str
    done: int
    steps: int
    stopped: str = ""


def play_all(today: date) -> list[Played]:
    """Play every case of every service in force; a refused step ends its own case only and is logged."""
    played = []
    for service, number, case in _cases(today):
        found = _play(service, number, case, today)
        if found.stopped:
            _log.warning(
                "demo case stopped", extra={"service": service, "case": number, "why": found.stopped}
            )
        played.append(found)
    return played


def _cases(today: date) -> Iterator[tuple[str, int, dict[str, Any]]]:
    in_force = set(editions.services(today))
    for path in sorted((REPO / "demo").glob("*.yaml")):
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        if content["service"] in in_force:
            for number, case in enumerate(content["cases"], 1):
                yield content["service"], number, case


def _play(service: str, number: int, case: Mapping[str, Any], today: date) -> Played:
    body, procedure, steps = str(case["body"]), case["procedure"], case["steps"]
    case_id: str | None = None
    for place, step in enumerate(steps):
        actor = _actor(step["as"], body, service, today)
        try:
            outcome = door.act(
                body,
                service,
                procedure,
                case_id,
                step["do"],
                actor,
                _prepared(step.get("data", {}), actor, body, today),
                idempotency_key=f"demo-{service}-{number}-{place}",
                route="demo",
                reasons=step.get("reasons"),
            )
        except door.KeyConflict:  # played on another day, with the dates of that day
            return Played(service, body, procedure, len(steps), len(steps))
        if outcome.refusal is not None:
            return Played(
                service, body, procedure, place, len(steps), f"{step['do']}: {_why(outcome.refusal)}"
            )
        case_id = outcome.case_id
    return Played(service, body, procedure, len(steps), len(steps))


def _why(refusal: Refusal) -> str:
    return " ".join([refusal.code, *(f"{problem.field}:{problem.code}" for problem in refusal.problems)])


def _actor(text: str, body: str, service: str, today: date) -> ActorFacts:
    """`<role>/<key>`: the demo person of that role in the body; for a role of parties, the party of that key."""
    role, key = text.split("/")
    compiled = editions.current(service, today).service
    party = compiled.roles[role].kind == "party"
    name = username(key) if party else username(key, body, service, role)
    return actor_for(User.objects.get(username=name), body, compiled, on=today)


def _prepared(value: Any, actor: ActorFacts, body: str, today: date) -> Any:
    """Dates relative to today and sample files become what a person would have sent."""
    if isinstance(value, str):
        return _day(value, body, today)
    if isinstance(value, list):
        return [_prepared(entry, actor, body, today) for entry in value]
    if isinstance(value, dict):
        if set(value) == {"sample"}:
            with scope(actor.place, viewer=actor.id):
                return files.store(value["sample"], _sample(), at=clock.now())
        return {key: _prepared(entry, actor, body, today) for key, entry in value.items()}
    return value


def _day(text: str, body: str, today: date) -> str:
    found = _DAY.match(text)
    if found is None:
        return text
    count = int(found.group(3) or 0) * (-1 if found.group(2) == "-" else 1)
    if found.group(1) == "open":
        return calendar(body).add_open(today, count).isoformat()
    return (today + timedelta(days=count)).isoformat()


@lru_cache(maxsize=1)
def _sample() -> bytes:
    made = typst.compile(_SAMPLE)
    assert isinstance(made, bytes)
    return made
