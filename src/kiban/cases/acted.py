"""Who did what, as it may be told: by name to the own body, towards everybody else as department and role."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from kiban.access.models import RoleGrant, User
from kiban.cases.queries import CaseView, EventView
from kiban.kernel.dates import today_in_tokyo
from kiban.kernel.definitions.model import Label


@dataclass(frozen=True, slots=True)
class Who:
    """The actor of an event. `roles` are those by which staff could act; `name` is empty unless it may be told.

    `deputy_for`: the name of the person in whose place it was done (代決), where names may be told.
    """

    kind: Literal["party", "staff", "system"]
    department: str = ""
    roles: tuple[Label, ...] = ()
    name: str = ""
    deputy_for: str = ""

    def role(self, language: str) -> str:
        """The role in words."""
        return "・".join(label.text(language) for label in self.roles)

    def office(self, language: str) -> str:
        """Department and role, as staff appear to those outside; empty when neither is known."""
        return " ".join(part for part in (self.department, self.role(language)) if part)


def acted(found: CaseView, events: Iterable[EventView], *, by_name: bool) -> list[Who]:
    """Who did each of the events of a case."""
    rows = list(events)
    people = _ids([event.actor for event in rows] + [_absent(event) for event in rows])
    names = _names(people) if by_name else {}
    grants = _grants(found, people)
    return [_who(found, event, names, grants) for event in rows]


def _who(
    found: CaseView, event: EventView, names: Mapping[str, str], grants: Mapping[str, list[RoleGrant]]
) -> Who:
    if event.actor == "system":
        return Who("system")
    name = names.get(event.actor, "")
    if event.place.startswith("p-"):
        return Who("party", name=name)
    held = [*grants.get(event.actor, ()), *grants.get(_absent(event), ())]
    return Who("staff", event.department, _roles(found, event, held), name, names.get(_absent(event), ""))


def _absent(event: EventView) -> str:
    """The id of the person in whose place the act was done; empty for an act in one's own right."""
    return str(event.said.get("deputy_for") or "")


def _roles(found: CaseView, event: EventView, grants: Iterable[RoleGrant]) -> tuple[Label, ...]:
    """The roles that the actor held on that day and by which the act may be done."""
    action = found.procedure.procedure.actions.get(event.act)
    words = found.compiled.service.roles
    day = today_in_tokyo(event.at)
    held = {
        grant.role
        for grant in grants
        if grant.body == event.place
        and grant.from_date <= day
        and (grant.to_date is None or day <= grant.to_date)
    }
    able = set(words) if action is None else set(action.roles)
    return tuple(word.label for name, word in words.items() if name in held & able)


def _ids(actors: Iterable[str]) -> set[UUID]:
    found = set()
    for actor in actors:
        try:
            found.add(UUID(actor))
        except ValueError:
            continue
    return found


def _names(people: Iterable[UUID]) -> dict[str, str]:
    return {str(user.id): user.display_name for user in User.objects.filter(id__in=people)}


def _grants(found: CaseView, people: Iterable[UUID]) -> dict[str, list[RoleGrant]]:
    grants: dict[str, list[RoleGrant]] = {}
    for row in RoleGrant.objects.filter(user_id__in=people, service=found.compiled.service.slug):
        grants.setdefault(str(row.user_id), []).append(row)
    return grants
