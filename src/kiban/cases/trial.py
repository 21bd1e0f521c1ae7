"""What another setting of a body would do, shown on the body's latest case: asked, never done.

The opening act of a real case is evaluated twice on the day on which it was opened: with the parameters and fields
that held, and with the new ones. Only what differs is told.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from kiban.access.scope import scope
from kiban.cases import queries
from kiban.cases.facts import facts_for
from kiban.cases.models import Case
from kiban.cases.queries import CaseView
from kiban.cases.world import looking
from kiban.kernel.definitions.compile import CompiledService
from kiban.kernel.definitions.local import head
from kiban.kernel.definitions.model import Label
from kiban.kernel.expr import is_pending
from kiban.kernel.facts import ActorFacts
from kiban.kernel.forms import Evaluation, evaluate
from kiban.kernel.values import Codec

_NONE = Label(ja="なし", en="none")
_TRIED = 20


@dataclass(frozen=True)
class Effect:
    """The example case, and what would differ: (what, before, after)."""

    number: str
    title: str
    lines: tuple[tuple[Label, Label, Label], ...]


def effect(compiled: CompiledService, body: str, name: str, value: object, viewer: str) -> Effect | None:
    """The effect of a value (internal) on the latest case on which it has one; else on the latest case at all.

    None when the body has no case of the service yet. Opens its own scopes.
    """
    return _effect(compiled, compiled, body, {name: value}, viewer)


def effect_of_fields(
    before: CompiledService, after: CompiledService, body: str, viewer: str
) -> Effect | None:
    """The effect of other fields of the body: two editions that differ in them. As `effect`."""
    return _effect(before, after, body, {}, viewer)


def _effect(
    compiled: CompiledService, after: CompiledService, body: str, values: Mapping[str, object], viewer: str
) -> Effect | None:
    with scope(body, viewer=viewer):
        rows = Case.objects.filter(body=body, service=compiled.service.slug).order_by("-id")[:_TRIED]
        ids = [row.id for row in rows]
        views = [found for found in map(queries.view, ids) if found is not None]
        queries.log_access("settings_example")
    first: Effect | None = None
    for view in views:
        found = _of(compiled, after, body, view, values)
        if found is not None and found.lines:
            return found
        first = first or found
    return first


def _of(
    compiled: CompiledService,
    wanted: CompiledService,
    body: str,
    view: CaseView,
    values: Mapping[str, object],
) -> Effect | None:
    procedure, other = (one.procedures.get(view.row.procedure) for one in (compiled, wanted))
    if procedure is None or other is None:
        return None
    opening = next((a for a in procedure.actions.values() if a.action.opens and a.fields), None)
    if opening is None:
        return None
    raw = {
        field: item.codec.to_json(view.state.values[field])
        for field, item in opening.fields.items()
        if view.state.values.get(field) is not None
    }
    kind: Any = "party" if view.party else "staff"
    actor = ActorFacts("example", kind, frozenset(opening.action.roles), place=view.party or body)
    facts = facts_for(compiled, body, actor, view.row.opened_at)
    then = replace(facts, parameters={**facts.parameters, **values})
    with looking(body, compiled) as world:
        before = evaluate(procedure, opening.action.name, raw, facts, world)
        after = evaluate(other, opening.action.name, raw, then, world)
    words = {**procedure.codecs.fields, **procedure.codecs.computed, **other.codecs.fields}
    return Effect(view.row.number, view.row.title, tuple(_lines(before, after, words)))


def _lines(
    before: Evaluation, after: Evaluation, words: Mapping[str, Codec]
) -> Iterator[tuple[Label, Label, Label]]:
    for name, codec in words.items():
        one, other = before.computed.get(name), after.computed.get(name)
        if one != other:
            yield codec.field.label, _shown(codec, one), _shown(codec, other)
    for name in sorted(before.shown ^ after.shown):
        asked = Label(ja="入力を求める", en="asked for")
        yield (
            _label(words, name),
            asked if name in before.shown else _NONE,
            asked if name in after.shown else _NONE,
        )
    told = {(p.field, p.code): p.message for p in before.problems}
    tells = {(p.field, p.code): p.message for p in after.problems}
    for key in sorted(set(told) | set(tells)):
        if told.get(key) != tells.get(key):
            yield _label(words, key[0]), told.get(key, _NONE), tells.get(key, _NONE)


def _label(words: Mapping[str, Codec], path: str) -> Label:
    name = head(path)
    return words[name].field.label if name in words else Label(ja=path)


def _shown(codec: Codec, value: object) -> Label:
    if value is None or is_pending(value):
        return _NONE
    return Label(ja=codec.display(value, "ja"), en=codec.display(value, "en"))
