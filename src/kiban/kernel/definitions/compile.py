"""Turns a `Service` into programs: every expression typed, every reference checked, all problems with file:line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from kiban.kernel.definitions.check import reference_problems
from kiban.kernel.definitions.compiled import (
    CompiledAction,
    CompiledClock,
    CompiledEffect,
    CompiledField,
    CompiledGuard,
    CompiledLookup,
    CompiledNotice,
    CompiledPart,
    CompiledProcedure,
    CompiledRegistry,
    CompiledRule,
    CompiledService,
)
from kiban.kernel.definitions.loader import DefinitionErrors, Loaded, Marks
from kiban.kernel.definitions.model import Action, Field, Label, Procedure, Rule, Service
from kiban.kernel.definitions.parameters import ParameterCodec, parameter_codecs
from kiban.kernel.definitions.programs import Builder
from kiban.kernel.definitions.scopes import (
    base_names,
    charge_names,
    codecs_of,
    input_fields,
    input_type,
    lookup_type,
    parameter_type,
    record_row,
)
from kiban.kernel.definitions.templates import Template
from kiban.kernel.expr import BOOL, DATE, INT, TEXT, List, Program, Row, Type
from kiban.kernel.values import Codec, codec

__all__ = [
    "CompiledAction",
    "CompiledClock",
    "CompiledEffect",
    "CompiledField",
    "CompiledGuard",
    "CompiledLookup",
    "CompiledNotice",
    "CompiledProcedure",
    "CompiledRegistry",
    "CompiledRule",
    "CompiledService",
    "compile_service",
]

_Path = tuple[str | int, ...]


def compile_service(loaded: Service | Loaded) -> CompiledService:
    """Programs of a service. Raises DefinitionErrors with every problem found in any expression or reference."""
    service, marks = (loaded.service, loaded.marks) if isinstance(loaded, Loaded) else (loaded, Marks())
    problems = list(reference_problems(service, marks))
    if problems:
        raise DefinitionErrors(problems)
    builder = Builder(marks)
    registries = {
        name: CompiledRegistry(name, {f: codec(item, service.codes) for f, item in registry.fields.items()})
        for name, registry in service.registries.items()
    }
    parameters = parameter_codecs(service, marks, builder.problems)
    notices = {
        name: CompiledNotice(name, notice.to, Template.of(notice.subject), Template.of(notice.text))
        for name, notice in service.notices.items()
    }
    procedures = {
        name: _Compiler(service, procedure, builder, registries, parameters, notices).compile()
        for name, procedure in service.procedures.items()
    }
    own = {name: parameter_type(item, service) for name, item in service.parameters.items()}
    retention = builder.program(("retention",), service.retention, {"param": Row(own)}, INT)
    payments = service.payments
    four_eyes = (
        builder.program(("payments", "four_eyes"), payments.four_eyes, {"param": Row(own)}, BOOL)
        if payments is not None
        else None
    )
    if builder.problems or retention is None:
        raise DefinitionErrors(builder.problems)
    return CompiledService(
        service, procedures, registries, parameters, service.documents, retention, four_eyes
    )


class _Compiler:
    """Compiles one procedure; names of types grow as computed values are inferred."""

    def __init__(
        self,
        service: Service,
        procedure: Procedure,
        builder: Builder,
        registries: Mapping[str, CompiledRegistry],
        parameters: Mapping[str, ParameterCodec],
        notices: Mapping[str, CompiledNotice],
    ) -> None:
        self.service, self.procedure, self.builder = service, procedure, builder
        self.registries, self.parameters, self.notices = registries, parameters, notices
        self.codecs = codecs_of(service, procedure)
        self.names = base_names(service, procedure, self.codecs)
        self.path: _Path = ("procedures", procedure.name)
        self.form = service.forms[procedure.form]

    def compile(self) -> CompiledProcedure:
        computed = self._computed()
        fields = self._fields()
        order = self.builder.order(
            {name: item.when.names for name, item in fields.items() if item.when}
            | {name: program.names for name, program in computed.items()},
            (*self.path, "computed"),
        )
        lookups = {name: self._lookup(name) for name in self.procedure.lookups}
        self.names["lookup"] = lookup_type(self.service, self.procedure)
        rules = [self._rule(index, rule) for index, rule in enumerate(self.procedure.rules)]
        actions = {
            name: self._action(action, fields, rules, lookups)
            for name, action in self.procedure.actions.items()
        }
        always = self._effects(self.procedure.always, (*self.path, "always"), self.names)
        subject = self.procedure.subject
        return CompiledProcedure(
            service=self.service, procedure=self.procedure, codecs=self.codecs, fields=fields, order=order,
            always_shown=frozenset(name for name, item in fields.items() if item.when is None),
            computed=computed, actions=actions, always=always, notices=self.notices, registries=self.registries,
            subject=self._one((*self.path, "subject", "key"), subject.key, TEXT) if subject else None,
            title=self._template((*self.path, "title"), Label(ja=self.procedure.title), self.names),
            parameters=self.parameters, charges=tuple(charge_names(self.procedure)),
        )  # fmt: skip

    def _one(
        self, path: _Path, source: str | None, expect: Type | None, names: Mapping[str, Type] | None = None
    ) -> Program | None:
        return None if source is None else self.builder.program(path, source, names or self.names, expect)

    def _template(self, path: _Path, label: Label, names: Mapping[str, Type]) -> Template:
        template = Template.of(label)
        for place in template.names:
            if not place.startswith("suggest."):
                self.builder.program(path, place, names, None)
        return template

    def _computed(self) -> dict[str, Program]:
        """Computed values in the order in which their types can be known."""
        waiting = {name: item for name, item in self.procedure.computed.items() if item.value is not None}
        programs: dict[str, Program] = {}
        while waiting:
            ready = [
                n for n, item in waiting.items() if not self.builder.mentions(item.value or "", waiting, n)
            ]
            for name in ready or list(waiting):
                item = waiting.pop(name)
                expect = self.codecs.computed[name].expr_type if name in self.codecs.computed else None
                program = self.builder.program(
                    (*self.path, "computed", name, "value"), item.value or "", self.names, expect
                )
                if program is not None:
                    programs[name] = program
                    self.names.setdefault(name, program.type)
        return programs

    def _fields(self) -> dict[str, CompiledField]:
        found = {}
        for section in self.form.sections.values():
            for name, item in section.fields.items():
                path: _Path = ("forms", self.form.name, "sections", section.name, "fields", name)
                found[name] = self._field(item, section.name, self.codecs.fields[name], path, self.names)
        return found

    def _field(
        self, item: Field, section: str, item_codec: Codec, path: _Path, names: Mapping[str, Type]
    ) -> CompiledField:
        constant = item.required in ("true", "false")
        return CompiledField(
            item, section, item_codec,
            None if constant else self._one((*path, "required"), item.required, BOOL, names),
            self._one((*path, "when"), item.when, BOOL, names),
            self._one((*path, "default"), item.default, item_codec.expr_type, names),
            item.required == "true", tuple(self._parts(item, item_codec, path, names)),
        )  # fmt: skip

    def _parts(
        self, item: Field, item_codec: Codec, path: _Path, names: Mapping[str, Type]
    ) -> Iterator[CompiledPart]:
        """The parts of a group that are required under a condition of their row."""
        if item.type != "group" or not isinstance(item_codec.expr_type, List):
            return
        row = {**names, "item": item_codec.expr_type.item}
        for part in item.fields.values():
            if part.required not in ("true", "false"):
                program = self._one((*path, "fields", part.name, "required"), part.required, BOOL, row)
                if program is not None:
                    yield CompiledPart(part, program)

    def _lookup(self, name: str) -> CompiledLookup:
        item, path = self.procedure.lookups[name], (*self.path, "lookups", name)
        names = {**self.names, "input": input_type(self.codecs, item.at)}
        row = record_row(self.service, item.registry)
        key = self.builder.program((*path, "key"), item.key, names, None) if item.key else None
        return CompiledLookup(
            name, item.registry, frozenset(item.at), key,
            self._many((*path, "where"), item.where, names),
            self._one((*path, "filter"), item.filter, BOOL, {**names, "row": row}), item.max_items,
        )  # fmt: skip

    def _many(self, path: _Path, sources: Mapping[str, str], names: Mapping[str, Type]) -> dict[str, Program]:
        found = {
            name: self.builder.program((*path, name), source, names, None) for name, source in sources.items()
        }
        return {name: program for name, program in found.items() if program is not None}

    def _rule(self, index: int, rule: Rule) -> CompiledRule:
        path = (*self.path, "rules", index)
        names = {**self.names, "input": input_type(self.codecs, rule.at)}
        if rule.each is not None:
            group = names.get(rule.each)
            if isinstance(group, List):
                names["item"] = group.item
        check = self.builder.program((*path, "check"), rule.check, names, BOOL)
        return CompiledRule(
            rule, self._one((*path, "when"), rule.when, BOOL, names), check or self.builder.false,
            self._many((*path, "suggest"), rule.suggest, names),
            self._template((*path, "message"), rule.message, names),
        )  # fmt: skip

    def _action(
        self,
        action: Action,
        fields: Mapping[str, CompiledField],
        rules: Iterable[CompiledRule],
        lookups: Mapping[str, CompiledLookup],
    ) -> CompiledAction:
        path = (*self.path, "actions", action.name)
        names = {**self.names, "input": input_type(self.codecs, [action.name])}
        taken = {}
        for name, item in input_fields(self.procedure, self.service, action).items():
            own = name in action.fields
            taken[name] = (
                self._field(item, "", self.codecs.inputs[action.name][name], (*path, "fields", name), names)
                if own else fields[name]
            )  # fmt: skip
        guards = tuple(
            CompiledGuard(
                guard.code, self._one((*path, "guards", i, "when"), guard.when, BOOL, names),
                self._one((*path, "guards", i, "check"), guard.check, BOOL, names), guard.different_from,
                self._template((*path, "guards", i, "message"), guard.message, names), guard.hides,
            )
            for i, guard in enumerate(action.guards)
        )  # fmt: skip
        settings, after = self._settings(action, path, names)
        to = tuple(
            (target.state, self._one((*path, "to", i, "when"), target.when, BOOL, after))
            for i, target in enumerate(action.to)
        )
        effects = self._effects(action.effects, (*path, "effects"), after)
        requested = ("number", "allocate")
        return CompiledAction(
            action=action, fields=taken, own=frozenset(action.fields), guards=guards,
            rules=tuple(rule for rule in rules if action.name in rule.rule.at),
            lookups=tuple(item for item in lookups.values() if action.name in item.at),
            set=settings, to=to, requests=tuple(e for e in effects if e.kind in requested),
            effects=tuple(e for e in effects if e.kind not in requested), clocks=self._clocks(action.name),
        )  # fmt: skip

    def _settings(
        self, action: Action, path: _Path, names: Mapping[str, Type]
    ) -> tuple[dict[str, Program], dict[str, Type]]:
        """`set` words in their order; one that is not a declared computed value is a name of this act alone."""
        after, programs = dict(names), dict[str, Program]()
        for name, source in action.set.items():
            declared = name in self.codecs.computed or name in self.codecs.fields
            expect = self.builder.settable(self.names[name]) if declared else None
            program = self.builder.program((*path, "set", name), source, after, expect)
            if program is not None:
                programs[name] = program
                if not declared:
                    after[name] = program.type
        return programs, after

    def _clocks(self, action: str) -> tuple[CompiledClock, ...]:
        found = []
        for name, clock in self.procedure.clocks.items():
            if action not in clock.start:
                continue
            path = (*self.path, "clocks", name)
            from_ = self.builder.program((*path, "from"), clock.from_, self.names, DATE)
            n = self.builder.program((*path, "n"), clock.n, self.names, INT)
            roll = self.builder.program((*path, "roll"), clock.roll, self.names, TEXT)
            if from_ and n and roll:
                when = self._one((*path, "when"), clock.when, BOOL)
                found.append(CompiledClock(name, when, from_, n, roll))
        return tuple(found)

    def _effects(
        self, effects: Iterable[object], path: _Path, names: Mapping[str, Type]
    ) -> tuple[CompiledEffect, ...]:
        return tuple(
            self._effect(effect, (*path, index), dict(names)) for index, effect in enumerate(effects)
        )

    def _effect(self, effect: object, path: _Path, names: dict[str, Type]) -> CompiledEffect:
        programs: dict[str, Program] = {}
        when = self._one((*path, "when"), getattr(effect, "when", None), BOOL, names)
        each = getattr(effect, "each", None)
        if each is not None and (program := self.builder.program((*path, "each"), each, names, None)):
            programs["each"] = program
            if isinstance(program.type, List):
                names["item"] = program.type.item
        expected: dict[str, Type | None] = {
            "key": TEXT, "pattern": TEXT, "prefer": TEXT, "amount": INT, "method": TEXT, "reference": TEXT,
            "date": DATE, "to": TEXT, "until": DATE,
        }  # fmt: skip
        for word, expect in expected.items():
            source = getattr(effect, word, None)
            if source is not None and (program := self.builder.program((*path, word), source, names, expect)):
                programs[word] = program
        for word in ("set", "where"):
            for name, program in self._many((*path, word), getattr(effect, word, None) or {}, names).items():
                programs[f"{word}.{name}"] = program
        for i, order in enumerate(getattr(effect, "order", ())):
            if order.when is not None and (
                program := self.builder.program((*path, "order", i, "when"), order.when, names, BOOL)
            ):
                programs[f"order.{i}"] = program
        return CompiledEffect(effect, str(effect.kind), when, programs)  # type: ignore[attr-defined]
