"""One evaluation of a form, for pages, API, Excel, scenarios and bulk: they differ only in how they fill the input.

Reading is per field (kernel.values); what is shown, required and computed follows from the definition's expressions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace

from kiban.kernel.definitions.compile import (
    CompiledAction,
    CompiledField,
    CompiledGuard,
    CompiledLookup,
    CompiledProcedure,
    CompiledRule,
)
from kiban.kernel.definitions.local import flat
from kiban.kernel.definitions.model import Field, Label
from kiban.kernel.definitions.templates import Template
from kiban.kernel.environment import base_environment, shower
from kiban.kernel.expr import PENDING, EvaluationError, Program, is_pending
from kiban.kernel.facts import SEALED_MARK, CaseState, Facts, LookupRequest, World
from kiban.kernel.problems import INVALID, REQUIRED, UNKNOWN_FIELD, Problem
from kiban.kernel.values import ReadContext, Reading, RowsReading

_SPOKEN = ("unknown", "not_applicable", "hidden")
UNKNOWN_MESSAGE = Label(ja="この項目はありません。", en="There is no such field.")


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A form as it stands with one input. `values` are internal; `shown`, `required` and problems name fields."""

    values: Mapping[str, object]
    texts: Mapping[str, str]
    marks: Mapping[str, str]
    shown: frozenset[str]
    required: frozenset[str]
    problems: tuple[Problem, ...]
    computed: Mapping[str, object] = field(default_factory=dict)


class Draft:
    """An evaluation under way: the environment that grows from answers to lookups to rules."""

    __slots__ = ("action", "case", "env", "facts", "lookups", "marks", "places", "procedure", "read_problems",
                 "required", "shown", "texts", "values", "world")  # fmt: skip

    def __init__(
        self,
        procedure: CompiledProcedure,
        action: CompiledAction,
        case: CaseState | None,
        raw: Mapping[str, object],
        facts: Facts,
        world: World,
    ) -> None:
        self.procedure, self.action, self.case = procedure, action, case
        self.facts, self.world = facts, world
        self.values: dict[str, object] = dict(case.values) if case else {}
        self.texts: dict[str, str] = dict(case.texts) if case else {}
        self.marks: dict[str, str] = dict(case.marks) if case else {}
        self.places: dict[str, tuple[int, ...]] = {}
        self.read_problems: list[Problem] = []
        self.lookups: dict[str, object] = {}
        self.shown: set[str] = set(procedure.always_shown)
        self.required: set[str] = set()
        self.env = base_environment(procedure, case, facts)
        self._read(flat(raw))
        self._settle()
        self._look_up()

    def _read(self, raw: Mapping[str, object]) -> None:
        context = ReadContext(today=self.facts.today, locate=self.world.locate)
        given: dict[str, object] = {}
        own, values, texts, marks = self.action.own, self.values, self.texts, self.marks
        for name, item in self.action.fields.items():
            if name in raw:
                reading = item.codec.read(raw[name], context, name)
            else:
                value = self._default(name, item)
                if value is None:
                    continue
                reading = Reading(value, None, "prefilled")
            if (
                item.plain and reading.text is None and reading.mark == "answered" and not reading.problems
                and name not in texts and name not in marks
            ):  # fmt: skip
                if name not in own:  # what most answers are: a value alone
                    values[name] = reading.value
            else:
                self._keep(name, item, reading)
            if reading.value is not None:
                given[name] = reading.value
        for name in raw:
            if name not in self.action.fields:
                self.read_problems.append(Problem(str(name)[:100], UNKNOWN_FIELD, UNKNOWN_MESSAGE))
        self.env.update(self.values)
        self.env["input"] = given

    def _keep(self, name: str, item: CompiledField, reading: Reading) -> None:
        """What was read, what is wrong with it, and (but for an act's own inputs) text and mark beside it."""
        if reading.problems:
            self.read_problems.extend(reading.problems)
        text, mark = reading.text, reading.mark
        if item.field.type == "group":
            self._keep_rows(name, reading)
        if name in self.action.own:
            return
        if item.field.secret:
            text = None
            if reading.value is None and not reading.problems and self._has(name):
                return  # nobody sees it on the form: left empty, it stays as it is
            self.marks.pop(name, None)
        if mark in _SPOKEN and mark not in item.field.marks:
            mark = "unanswered"  # only where the field says so may its answer be "not known"
        _put(self.values, name, reading.value)
        if text is not None or name in self.texts:
            _put(self.texts, name, text)
        if mark != "answered" or name in self.marks:
            _put(self.marks, name, None if mark in ("answered", "unanswered") else mark)

    def _keep_rows(self, name: str, reading: Reading) -> None:
        """Under which numbers the rows of a group were given, and what was typed in them."""
        rows = reading if isinstance(reading, RowsReading) else None
        self.places[name] = rows.places if rows else ()
        if name not in self.action.own:
            self._drop_texts(name)
            self.texts.update(rows.texts if rows else {})

    def _has(self, name: str) -> bool:
        return name in self.values or self.marks.get(name) == SEALED_MARK

    def _drop_texts(self, name: str) -> None:
        self.texts.pop(name, None)
        for path in [path for path in self.texts if path.startswith(f"{name}[")]:
            del self.texts[path]

    def _place(self, name: str, index: int) -> int:
        """The number of a kept row (from 0) as it was given; from 1."""
        places = self.places.get(name, ())
        return places[index] if index < len(places) else index + 1

    def _default(self, name: str, item: CompiledField) -> object:
        if item.default is None or (name not in self.action.own and name in self.values):
            return None
        value = run(item.default, self.env)
        return None if is_pending(value) else value

    def _settle(self) -> None:
        """Shown fields and computed values, in the order in which they follow from each other."""
        env, values = self.env, self.values
        programs, kept = self.procedure.computed, self.procedure.codecs.computed
        for name in self.procedure.order:
            program = programs.get(name)
            if program is not None:
                value = run(program, env)
                if value is PENDING or value is None:
                    env.pop(name, None)
                    values.pop(name, None)
                else:
                    env[name] = value
                    if name in kept:
                        values[name] = value
                continue
            item = self.procedure.fields[name]
            if item.when is not None and run(item.when, env) is True:
                self.shown.add(name)
            elif name in values:
                self._hide(name)
        for name in self.action.own:
            item = self.action.fields[name]
            if item.when is None or run(item.when, env) is True:
                self.shown.add(name)

    def _hide(self, name: str) -> None:
        """A field that does not apply keeps no value (its problems go with it)."""
        self.values.pop(name, None)
        self._drop_texts(name)
        self.marks.pop(name, None)
        self.env.pop(name, None)
        self.env["input"].pop(name, None)
        self.read_problems = [p for p in self.read_problems if p.field.split("[", 1)[0] != name]

    def _look_up(self) -> None:
        rows = self.env["lookup"] = dict[str, object]()
        for lookup in self.action.lookups:
            request = self._request(lookup)
            if request is None:
                continue
            found = self.world.lookup(request)
            if lookup.filter is not None:
                env, test = self.env, lookup.filter
                found = [row for row in found if run(test, {**env, "row": row}) is True]
            rows[lookup.name] = list(found)
            registry = self.procedure.registries.get(lookup.registry)
            self.lookups[lookup.name] = [
                {"key": row.get("key"), **(registry.to_json(row) if registry else {})} for row in found
            ]

    def _request(self, lookup: CompiledLookup) -> LookupRequest | None:
        changes = lookup.registry in self.action.changes
        if lookup.key is not None:
            key = run(lookup.key, self.env)
            if is_pending(key) or key is None:
                return None
            keys = tuple(map(str, key)) if isinstance(key, list | tuple) else (str(key),)
            return LookupRequest(lookup.name, lookup.registry, keys, {}, lookup.max_items, changes)
        where = {name: run(program, self.env) for name, program in lookup.where.items()}
        if any(is_pending(value) or value is None for value in where.values()):
            return None
        return LookupRequest(lookup.name, lookup.registry, None, where, lookup.max_items, changes)

    # -- judging -----------------------------------------------------------------------------------------------

    def problems(self, reasons: Mapping[str, str]) -> list[Problem]:
        """Everything wrong with the input: what could not be read, what is missing, what a rule refuses."""
        found = list(self.read_problems)
        wrong = {problem.field.split("[", 1)[0] for problem in found}
        found.extend(self._missing(wrong))
        for rule in self.action.rules:
            if rule.rule.each is not None or not self._holds(rule, self.env):
                found.extend(self._broken(rule, reasons))
        return found

    @staticmethod
    def _holds(rule: CompiledRule, env: Mapping[str, object]) -> bool:
        """The quick way for the many rules that hold or do not apply."""
        try:
            return (rule.when is not None and rule.when.run(env) is not True) or rule.check.run(
                env
            ) is not False
        except EvaluationError:
            return False

    def _missing(self, wrong: Collection[str]) -> Iterator[Problem]:
        env = self.env
        given = env["input"]
        for name, item in self.action.fields.items():
            if name not in self.shown:
                continue
            if item.parts:
                yield from self._missing_parts(name, item)
            if not item.always_required and (item.required is None or run(item.required, env) is not True):
                continue
            self.required.add(name)
            answered = name in given if name in self.action.own else name in self.values
            if (
                not answered
                and name not in wrong
                and self.marks.get(name) not in ("unknown", "not_applicable", SEALED_MARK)
            ):
                yield required_problem(item.field)

    def _missing_parts(self, name: str, item: CompiledField) -> Iterator[Problem]:
        """Parts that the other answers (of their row, or outside) make required."""
        refused = {problem.field for problem in self.read_problems}
        rows = self.env["input"].get(name) if name in self.action.own else self.values.get(name)
        for index, row in enumerate(rows if isinstance(rows, list | tuple) else ()):
            for part in item.parts:
                if run(part.required, {**self.env, "item": row}) is not True:
                    continue
                path = f"{name}[{self._place(name, index)}].{part.field.name}"
                self.required.add(path)
                if row.get(part.field.name) is None and path not in refused:
                    yield replace(required_problem(part.field), field=path)

    def _broken(self, rule: CompiledRule, reasons: Mapping[str, str]) -> Iterator[Problem]:
        if rule.rule.each is None:
            yield from self._one(rule, self.env, rule.rule.field, reasons)
            return
        items = self.values.get(rule.rule.each)
        for index, item in enumerate(items if isinstance(items, list | tuple) else ()):
            path = f"{rule.rule.each}[{self._place(rule.rule.each, index)}].{rule.rule.field}"
            yield from self._one(rule, {**self.env, "item": item}, path, reasons)

    def _one(
        self, rule: CompiledRule, env: Mapping[str, object], path: str, reasons: Mapping[str, str]
    ) -> Iterator[Problem]:
        try:
            if rule.when is not None and rule.when(env) is not True:
                return
            if rule.check(env) is not False:
                return
        except EvaluationError as error:
            yield Problem(path, INVALID, Label(ja=error.ja, en=error.message), law=rule.rule.law)
            return
        word = rule.rule
        if word.severity == "refer" and word.judgement is not None and self._judged(word.judgement):
            return
        if word.severity == "warning" and (reasons.get(word.code) or reasons.get(f"{word.code}@{path}")):
            return
        suggest = {name: self._suggestion(name, program, env) for name, program in rule.suggest.items()}
        shown = {name: value for name, (value, _json) in suggest.items()}
        message = rule.message.fill({**env, "suggest": shown}, shower(self.procedure))
        stored = {name: json for name, (_value, json) in suggest.items()}
        yield Problem(path, word.code, message, word.severity, word.law, stored)

    def _judged(self, name: str) -> bool:
        given: Mapping[str, object] = self.env["input"]
        return given.get(name) is True

    def _suggestion(self, name: str, program: Program, env: Mapping[str, object]) -> tuple[object, object]:
        value = run(program, env)
        if is_pending(value):
            return None, None
        codec = self.procedure.codecs.get(name)
        return value, codec.to_json(value) if codec else value

    def guard_refuses(self, guard: CompiledGuard) -> bool:
        """A guard refuses when it applies and its check does not hold (what is not known does not hold)."""
        if guard.when is not None and run(guard.when, self.env) is not True:
            return False
        if guard.check is not None and run(guard.check, self.env) is not True:
            return True
        actors = self.case.actors if self.case else {}
        return any(actors.get(action) == self.facts.actor.id for action in guard.different_from)

    def fill(self, template: Template) -> Label:
        return template.fill(self.env, shower(self.procedure))


def run(program: Program, env: Mapping[str, object]) -> object:
    """A program's value; one that cannot be computed for these inputs counts as not known."""
    try:
        return program.run(env)
    except EvaluationError:
        return PENDING


def _put(mapping: dict[str, object] | dict[str, str], name: str, value: object) -> None:
    if value is None:
        mapping.pop(name, None)
    else:
        mapping[name] = value  # type: ignore[assignment]


def required_problem(item: Field) -> Problem:
    """「…」を入力してください。, or what the field says in its place."""
    label, override = item.label, item.problems.get(REQUIRED)
    choose = item.type in ("choice", "multiple", "yes_no", "file")
    message = Label(
        ja=f"「{label.ja}」を{'選んで' if choose else '入力して'}ください。",
        en=f"Please {'choose' if choose else 'fill in'}: {label.text('en')}.",
    )
    if override is None:
        return Problem(item.name, REQUIRED, message, law=item.law)
    return Problem(item.name, override.code, override.message or message, law=item.law)


def evaluate(
    procedure: CompiledProcedure,
    action: str,
    raw: Mapping[str, object],
    facts: Facts,
    world: World,
    *,
    case: CaseState | None = None,
    reasons: Mapping[str, str] | None = None,
) -> Evaluation:
    """The form of an action with one input (JSON values or typed text by field name).

    Raises KeyError for an action that the procedure does not have.
    """
    draft = Draft(procedure, procedure.actions[action], case, raw, facts, world)
    problems = draft.problems(reasons or {})
    computed = {name: draft.env[name] for name in procedure.computed if name in draft.env}
    return Evaluation(
        draft.values, draft.texts, draft.marks, frozenset(draft.shown), frozenset(draft.required),
        tuple(problems), computed,
    )  # fmt: skip
