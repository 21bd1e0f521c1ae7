"""Lines of cases in the partitions of those whom they concern: a party's list, a prefecture's or ministry's queue.

`Line` is what is delivered; `WRITE` puts it into the partition that was entered. A line never goes back: the one of
a later event wins, in whatever order they arrive. Who reads it: `kiban.delivery.box`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from kiban.access import bodies
from kiban.access.actors import above
from kiban.kernel.definitions.model import Service

WRITE = f"SELECT kiban_share({', '.join(['%s'] * 16)})"  # cases/append.sql


@dataclass(frozen=True, slots=True)
class Line:
    """A case as it is listed elsewhere: `target` is the body in which it stands, `until` the last day there."""

    target: str
    case_id: str
    service: str
    procedure: str
    edition: str
    number: str
    state: str
    final: bool
    title: str
    due_on: date | str | None
    seq: int
    at: datetime
    changed_at: datetime
    until: date | None = None

    def values(self, viewer: str, why: str) -> list[Any]:
        """The values of `WRITE` for the partition of a viewer."""
        return [
            viewer, self.target, self.case_id, self.service, self.procedure, self.edition, self.number, self.state,
            self.final, self.title, self.due_on, why, self.seq, self.at, self.changed_at,
            self.until,
        ]  # fmt: skip


def viewers(service: Service, body: str, party: str) -> Iterator[tuple[str, str]]:
    """(partition, why) of those who have a case of `body` in their own list."""
    if party:
        yield party, "own"
    reaches = {role.reach for role in service.roles.values() if role.kind == "staff"}
    if "below" in reaches:
        for code in above(body):
            yield code, "below"
    if "nation" in reaches and service.ministry != body and bodies.exists(service.ministry):
        yield service.ministry, "nation"
