"""Procedures as the public finds them: by name, keyword, life event, and what a body says to each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kiban.access import bodies, participation
from kiban.access.bodies_source import MUNICIPALITIES, BodyRow
from kiban.definitions import editions, parameters
from kiban.kernel.definitions.compile import CompiledProcedure, CompiledService
from kiban.kernel.definitions.model import Label
from kiban.kernel.definitions.templates import Template
from kiban.kernel.environment import shower
from kiban.kernel.text import search_key
from kiban.ops import clock


@dataclass(frozen=True)
class Entry:
    """A public procedure of a service in force today."""

    compiled: CompiledService
    procedure: CompiledProcedure

    @property
    def slug(self) -> str:
        return self.compiled.service.slug

    @property
    def name(self) -> str:
        return self.procedure.name


def entries() -> list[Entry]:
    """Every public procedure."""
    return [
        Entry(compiled, procedure)
        for compiled in editions.catalogue(clock.today())
        for procedure in compiled.procedures.values()
        if procedure.procedure.public
    ]


def life_events() -> list[Label]:
    """The life events that procedures name, each once."""
    found = {event.ja: event for entry in entries() for event in entry.procedure.procedure.life_events}
    return [found[name] for name in sorted(found)]


def found(query: str, event: str = "") -> list[Entry]:
    """Public procedures in which every word of the query occurs (in name, help, keywords, law, service)."""
    words = [key for key in (search_key(word) for word in query.split()) if key]
    return [
        entry
        for entry in entries()
        if (not event or event in {label.ja for label in entry.procedure.procedure.life_events})
        and all(word in _haystack(entry) for word in words)
    ]


def _haystack(entry: Entry) -> str:
    word, service = entry.procedure.procedure, entry.compiled.service
    labels = [word.label, word.help, service.label, service.description, *word.life_events]
    texts = [text for label in labels if label is not None for text in (label.ja, label.en)]
    return "\n".join(search_key(text) for text in (*texts, *word.keywords, word.law))


def level(compiled: CompiledService, body: str) -> str:
    """none, trial or full: whether a body takes part in a service today."""
    return participation.level(compiled.service, body, clock.today())


def taking_near(compiled: CompiledService, body: str, most: int = 6) -> list[BodyRow]:
    """Bodies near this one that take part, nearest first."""
    return [row for row in bodies.neighbours(body, limit=60) if level(compiled, row.code) != "none"][:most]


def choices(query: str, limit: int = 40) -> list[BodyRow]:
    """Municipalities for a typed name, reading or postal code; a ward stands for its city."""
    codes: dict[str, None] = {}
    for row in bodies.search(query, limit=limit * 2):
        code = bodies.responsible(row.code)
        if bodies.row(code).kind in MUNICIPALITIES:
            codes[code] = None
    return [bodies.row(code) for code in list(codes)[:limit]]


def fee_note(entry: Entry, body: str | None) -> Label | None:
    """The note on fees with the values of a body; None where the definition says nothing or the body is not known."""
    note = entry.procedure.procedure.fee_note
    if note is None:
        return None
    template = Template.of(note)
    if template.names and body is None:
        return None
    env: Mapping[str, Any] = {"param": parameters.resolve(entry.compiled, body or "", clock.today())}
    return template.fill(env, shower(entry.procedure))


def opening_action(procedure: CompiledProcedure, roles: frozenset[str]) -> str | None:
    """The first action with which these roles may open a case."""
    return next(
        (
            n
            for n, a in procedure.actions.items()
            if a.action.opens and a.action.offered and roles & set(a.action.roles)
        ),
        None,
    )


def party_roles(compiled: CompiledService) -> frozenset[str]:
    return frozenset(role.name for role in compiled.service.roles.values() if role.kind == "party")


@dataclass(frozen=True)
class ToBring:
    """What a form asks for, by section: names of the fields."""

    label: Label
    fields: tuple[Label, ...]


def asked(procedure: CompiledProcedure, action: str) -> Iterator[ToBring]:
    """What is asked when applying, so that it can be got ready."""
    from kiban.web.forms.steps import steps_of

    compiled = procedure.actions[action]
    for step in steps_of(procedure, action):
        needed = tuple(
            compiled.fields[name].field.label
            for name in step.fields
            if compiled.fields[name].field.required != "false" or compiled.fields[name].field.type == "group"
        )
        if needed:
            yield ToBring(step.label, needed)


def who(procedure: CompiledProcedure, action: str) -> list[Label]:
    """The party roles that may open a case."""
    roles = procedure.service.roles
    return [
        roles[name].label for name in procedure.actions[action].action.roles if roles[name].kind == "party"
    ]
