"""A service as programs: what compiling makes and deciding uses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from kiban.kernel.definitions.model import (
    Action,
    ChargeEffect,
    Document,
    Field,
    Label,
    Procedure,
    RecordEffect,
    Rule,
    Service,
)
from kiban.kernel.definitions.parameters import ParameterCodec
from kiban.kernel.definitions.scopes import Codecs
from kiban.kernel.definitions.templates import Template
from kiban.kernel.expr import Program
from kiban.kernel.values import Codec


@dataclass(frozen=True)
class CompiledField:
    """A form field with its codec and its conditions."""

    field: Field
    section: str
    codec: Codec
    required: Program | None
    when: Program | None
    default: Program | None
    always_required: bool = False
    parts: tuple[CompiledPart, ...] = ()

    @cached_property
    def plain(self) -> bool:
        """Whether its answers are a value, perhaps a text and a mark: no rows, nothing secret."""
        return self.field.type != "group" and not self.field.secret


@dataclass(frozen=True)
class CompiledPart:
    """A part of a group that is required under a condition; `item` is its row."""

    field: Field
    required: Program


@dataclass(frozen=True)
class CompiledRule:
    rule: Rule
    when: Program | None
    check: Program
    suggest: Mapping[str, Program]
    message: Template


@dataclass(frozen=True)
class CompiledGuard:
    code: str
    when: Program | None
    check: Program | None
    different_from: tuple[str, ...]
    message: Template
    hides: bool = False


@dataclass(frozen=True)
class CompiledEffect:
    """An effect's words as programs, by the word's name (`when`, `key`, `amount`, `set.status` …)."""

    effect: object
    kind: str
    when: Program | None
    programs: Mapping[str, Program]


@dataclass(frozen=True)
class CompiledLookup:
    name: str
    registry: str
    at: frozenset[str]
    key: Program | None
    where: Mapping[str, Program]
    filter: Program | None
    max_items: int


@dataclass(frozen=True)
class CompiledAction:
    action: Action
    fields: Mapping[str, CompiledField]
    own: frozenset[str]
    guards: tuple[CompiledGuard, ...]
    rules: tuple[CompiledRule, ...]
    lookups: tuple[CompiledLookup, ...]
    set: Mapping[str, Program]
    to: tuple[tuple[str, Program | None], ...]
    requests: tuple[CompiledEffect, ...]
    effects: tuple[CompiledEffect, ...]
    clocks: tuple[CompiledClock, ...]

    @cached_property
    def settles(self) -> frozenset[str]:
        """The names that this action gives a value itself: by `set`, by a number, by taking a record."""
        taken = (str(getattr(request.effect, request.kind)) for request in self.requests)
        return frozenset([*self.set, *taken])

    @cached_property
    def changes(self) -> frozenset[str]:
        """The registries whose records this action changes itself."""
        words = (effect.effect for effect in self.effects)
        return frozenset(word.record for word in words if isinstance(word, RecordEffect))


@dataclass(frozen=True)
class CompiledClock:
    name: str
    when: Program | None
    from_: Program
    n: Program
    roll: Program


@dataclass(frozen=True)
class CompiledNotice:
    name: str
    to: str
    subject: Template
    text: Template


@dataclass(frozen=True)
class CompiledRegistry:
    """Record rows between internal values and JSON; `None` and absent fields are left out."""

    name: str
    codecs: Mapping[str, Codec]

    def from_json(self, data: Mapping[str, object]) -> dict[str, object]:
        codecs = self.codecs
        return {k: codecs[k].from_json(v) for k, v in data.items() if v is not None and k in codecs}

    def to_json(self, row: Mapping[str, object]) -> dict[str, object]:
        return {
            k: None if v is None else self.codecs[k].to_json(v) for k, v in row.items() if k in self.codecs
        }


@dataclass(frozen=True)
class CompiledProcedure:
    """A procedure ready to decide. `order` lists what is evaluated, in an order in which names are known."""

    service: Service
    procedure: Procedure
    codecs: Codecs
    fields: Mapping[str, CompiledField]
    always_shown: frozenset[str]
    order: tuple[str, ...]
    computed: Mapping[str, Program]
    actions: Mapping[str, CompiledAction]
    always: tuple[CompiledEffect, ...]
    notices: Mapping[str, CompiledNotice]
    registries: Mapping[str, CompiledRegistry]
    subject: Program | None
    title: Template
    parameters: Mapping[str, ParameterCodec]
    charges: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.procedure.name

    def charge_label(self, name: str) -> Label:
        """The words for a charge: its own, else those of the computed value that says what is due."""
        kind = self.service.charges.get(name)
        if kind is not None:
            return kind.label
        amounts = [
            effect.amount
            for action in self.procedure.actions.values()
            for effect in action.effects
            if isinstance(effect, ChargeEffect) and effect.charge == name and effect.do == "raise"
        ]
        for candidate in (*amounts, f"{name}_due"):
            word = self.procedure.computed.get(candidate)
            if word is not None and word.label is not None:
                return word.label
        return Label(ja="請求", en="Charge")

    @cached_property
    def listed(self) -> frozenset[str]:
        """The names of the values by which a case is listed and found: those of its title, its subject, its search."""
        told = {*self.title.names, *(self.subject.names if self.subject is not None else ())}
        return frozenset(dotted.split(".", 1)[0] for dotted in told) | self.codecs.sought.keys()

    @cached_property
    def uses(self) -> Mapping[str, frozenset[str]]:
        """By computed value: the names that its expression mentions (`clock` for `clock.x`)."""
        return {
            name: frozenset(dotted.split(".", 1)[0] for dotted in program.names)
            for name, program in self.computed.items()
        }


@dataclass(frozen=True)
class CompiledService:
    service: Service
    procedures: Mapping[str, CompiledProcedure]
    registries: Mapping[str, CompiledRegistry]
    parameters: Mapping[str, ParameterCodec]
    documents: Mapping[str, Document]
    retention: Program
    four_eyes: Program | None = None
