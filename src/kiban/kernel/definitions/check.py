"""References inside a definition: every named state, role, field, code list, registry … must exist."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from kiban.kernel.definitions.check_money import money_problems
from kiban.kernel.definitions.check_secret import secret_problems
from kiban.kernel.definitions.import_words import NOT_IN_CELLS, NOT_IN_COLUMNS, Import
from kiban.kernel.definitions.loader import DefinitionProblem, Marks
from kiban.kernel.definitions.model import (
    Action,
    Field,
    GrantEffect,
    NumberEffect,
    Procedure,
    Registry,
    Service,
)
from kiban.kernel.definitions.scopes import RESERVED, input_fields
from kiban.kernel.definitions.templates import Template
from kiban.kernel.expr.problems import nearest
from kiban.kernel.expr.texts import whole

_Path = tuple[str | int, ...]
_MARKED = {"value", "text", "mark"}  # an answer may be an object of these


class _Checker:
    def __init__(self, service: Service, marks: Marks) -> None:
        self.service, self.marks = service, marks

    def known(self, path: _Path, kind: str, name: str, names: Collection[str]) -> Iterator[DefinitionProblem]:
        if name not in names:
            near = nearest(name, names)
            hint = f"; did you mean {near}?" if near else ""
            yield self.marks.problem(path, f"there is no {kind} `{name}`{hint}")

    def all_known(
        self, path: _Path, kind: str, wanted: Iterable[str], names: Collection[str]
    ) -> Iterator[DefinitionProblem]:
        for name in wanted:
            yield from self.known(path, kind, name, names)

    def fields(self, path: _Path, fields: dict[str, Field]) -> Iterator[DefinitionProblem]:
        for name, field in fields.items():
            here = (*path, name)
            if name in RESERVED:
                yield self.marks.problem(here, f"`{name}` is a reserved name")
            if field.codes is not None:
                yield from self.known((*here, "codes"), "code list", field.codes, self.service.codes)
            if (
                field.type == "choice"
                and field.codes is None
                and field.options is None
                and field.options_from is None
            ):
                yield self.marks.problem(here, "a choice needs `codes` or `options`")
            yield from self._shape(here, field)
            yield from self.fields((*here, "fields"), field.fields)
            for part in field.fields.values():
                for word in ("when", "default"):
                    if getattr(part, word) is not None:
                        yield self.marks.problem(
                            (*here, "fields", part.name, word), f"a part of a group has no `{word}`"
                        )

    def pattern(self, path: _Path, field: Field) -> Iterator[DefinitionProblem]:
        """A pattern is of RE2, describes the whole text, and what it says holds for the example."""
        if not field.pattern:
            return
        here = (*path, "pattern")
        if field.type != "text":
            yield self.marks.problem(here, "a pattern belongs to a field of type `text`")
        try:
            fits = whole(field.pattern)
        except ValueError as error:
            yield self.marks.problem(here, f"this pattern can't be read: {error}")
            return
        if field.example and not fits(field.example):
            yield self.marks.problem(here, f"the example `{field.example}` does not have this form")

    def _shape(self, here: _Path, field: Field) -> Iterator[DefinitionProblem]:
        """A group has parts; a grid has rows and columns that a cell can hold."""
        if (field.type in ("group", "grid")) != bool(field.fields):
            yield self.marks.problem(here, "`fields` belong to a group or a grid, which needs them")
        if (field.type == "grid") != bool(field.rows):
            yield self.marks.problem(here, "`rows` belong to a grid, and a grid needs them")
        for row in _MARKED & field.rows.keys():
            yield self.marks.problem((*here, "rows", row), f"`{row}` is a reserved name of a row")
        for column in field.fields.values() if field.type == "grid" else ():
            if column.type in NOT_IN_CELLS:
                yield self.marks.problem(
                    (*here, "fields", column.name), f"no cell of a grid is a {column.type}"
                )
        yield from self.pattern(here, field)

    def service_wide(self) -> Iterator[DefinitionProblem]:
        service = self.service
        for name, form in service.forms.items():
            seen: set[str] = set()
            for section in form.sections.values():
                path: _Path = ("forms", name, "sections", section.name)
                yield from self.fields((*path, "fields"), section.fields)
                yield from self.all_known((*path, "readers"), "role", section.readers or (), service.roles)
                for field in seen & set(section.fields):
                    yield self.marks.problem((*path, "fields", field), "this field stands in two sections")
                seen |= set(section.fields)
        for registry in service.registries.values():
            yield from self.registry(registry)
        for name, parameter in service.parameters.items():
            if parameter.codes is not None:
                yield from self.known(
                    ("parameters", name, "codes"), "code list", parameter.codes, service.codes
                )
            if parameter.value is None and not parameter.values and not parameter.nullable:
                yield self.marks.problem(("parameters", name), "a parameter needs a value")
        for name, figure in service.figures.items():
            yield from self.known(
                ("figures", name, "registry"), "registry", figure.registry, service.registries
            )
        for name, notice in service.notices.items():
            yield from self.known(("notices", name, "to"), "role", notice.to, service.roles)
        yield from self.questions()
        yield from self.imports()

    def questions(self) -> Iterator[DefinitionProblem]:
        service = self.service
        for name, question in service.questions.items():
            at = ("questions", name)
            if question.procedure is not None:
                yield from self.known((*at, "procedure"), "procedure", question.procedure, service.procedures)
            yield from self.all_known((*at, "roles"), "role", question.roles, service.roles)
            for place in sorted(Template.of(question.answer).names):
                head, _, parameter = place.partition(".")
                if head != "param":
                    yield self.marks.problem((*at, "answer"), f"`{place}`: an answer shows `param.…` only")
                else:
                    yield from self.known((*at, "answer"), "parameter", parameter, service.parameters)

    def imports(self) -> Iterator[DefinitionProblem]:
        service = self.service
        for name, item in service.imports.items():
            at: _Path = ("imports", name)
            procedure = service.procedures.get(item.procedure)
            if procedure is None:
                yield from self.known((*at, "procedure"), "procedure", item.procedure, service.procedures)
                continue
            action = procedure.actions.get(item.action)
            if action is None:
                yield from self.known((*at, "action"), "action", item.action, procedure.actions)
            elif procedure.form in service.forms:
                yield from self._columns(at, item, input_fields(procedure, service, action), action)

    def _columns(
        self, at: _Path, item: Import, fields: dict[str, Field], action: Action
    ) -> Iterator[DefinitionProblem]:
        if not action.opens:
            yield self.marks.problem((*at, "action"), "an import takes an action that opens a case")
        yield from self.all_known((*at, "columns"), "field", item.columns, fields)
        yield from self.all_known((*at, "key"), "column", item.key, item.columns)
        labels: dict[str, str] = {}
        for name in item.columns:
            field = fields.get(name)
            if field is None:
                continue
            if field.type in NOT_IN_COLUMNS:
                yield self.marks.problem((*at, "columns"), f"no cell can hold `{name}` ({field.type})")
            if labels.setdefault(field.label.ja, name) != name:
                yield self.marks.problem((*at, "columns"), f"two columns are called 「{field.label.ja}」")
        for name, field in fields.items():
            if field.required == "true" and not (field.when or field.default) and name not in item.columns:
                yield self.marks.problem(
                    (*at, "columns"), f"the action needs `{name}`, and no column gives it"
                )

    def registry(self, registry: Registry) -> Iterator[DefinitionProblem]:
        path: _Path = ("registries", registry.name)
        if registry.scope == "nation":
            yield self.marks.problem(
                (*path, "scope"), "a registry is kept by each body; `nation` can't be kept yet"
            )
        yield from self.fields((*path, "fields"), registry.fields)
        yield from self.all_known((*path, "columns"), "field", registry.columns, registry.fields)
        for change in registry.changes.values():
            at = (*path, "changes", change.name)
            yield from self.known(at, "procedure", change.procedure, self.service.procedures)
            if change.procedure in self.service.procedures:
                actions = self.service.procedures[change.procedure].actions
                yield from self.known(at, "action", change.action, actions)

    def procedure(self, procedure: Procedure) -> Iterator[DefinitionProblem]:
        path: _Path = ("procedures", procedure.name)
        if procedure.form not in self.service.forms:
            yield from self.known((*path, "form"), "form", procedure.form, self.service.forms)
            return
        if not any(action.opens for action in procedure.actions.values()):
            yield self.marks.problem((*path, "actions"), "no action opens a case (`opens: true`)")
        names = {n for s in self.service.forms[procedure.form].sections.values() for n in s.fields}
        for name in set(procedure.computed) & (names | RESERVED):
            yield self.marks.problem((*path, "computed", name), "this name is a field or reserved")
        for computed in procedure.computed.values():
            at = (*path, "computed", computed.name, "readers")
            yield from self.all_known(at, "role", computed.readers or (), self.service.roles)
        for action in procedure.actions.values():
            yield from self.action(procedure, action, (*path, "actions", action.name))
        for index, rule in enumerate(procedure.rules):
            at = (*path, "rules", index)
            yield from self.all_known((*at, "at"), "action", rule.at, procedure.actions)
            taken = {n for a in rule.at if a in procedure.actions
                     for n in input_fields(procedure, self.service, procedure.actions[a])}  # fmt: skip
            if rule.each is None and rule.field not in taken | names | set(procedure.computed):
                yield from self.known((*at, "field"), "field", rule.field, taken | names)
            if rule.severity == "refer" and (rule.judgement is None or rule.judgement not in taken):
                yield self.marks.problem(at, "a `refer` rule needs a `judgement` among the action's inputs")
        for name, clock in procedure.clocks.items():
            at = (*path, "clocks", name)
            yield from self.all_known((*at, "start"), "action", clock.start, procedure.actions)
            yield from self.all_known((*at, "while"), "state", clock.while_, procedure.states)
            yield from self.all_known(
                (*at, "act"), "action", (clock.act,) if clock.act else (), procedure.actions
            )
            yield from self.all_known((*at, "notify"), "notice", clock.notify, self.service.notices)
        for name, lookup in procedure.lookups.items():
            at = (*path, "lookups", name)
            yield from self.known((*at, "registry"), "registry", lookup.registry, self.service.registries)
            yield from self.all_known((*at, "at"), "action", lookup.at, procedure.actions)
            if (lookup.key is None) == (not lookup.where):
                yield self.marks.problem(at, "a lookup needs either `key` or `where`")
        yield from self.effects(procedure, procedure.always, (*path, "always"))

    def action(self, procedure: Procedure, action: Action, path: _Path) -> Iterator[DefinitionProblem]:
        sections = self.service.forms[procedure.form].sections
        yield from self.all_known((*path, "from"), "state", action.from_, procedure.states)
        yield from self.all_known((*path, "to"), "state", (t.state for t in action.to), procedure.states)
        yield from self.all_known((*path, "roles"), "role", action.roles, self.service.roles)
        yield from self.fields((*path, "fields"), action.fields)
        for index, ref in enumerate(action.input):
            section, _, name = ref.partition(".")
            yield from self.known((*path, "input", index), "section", section, sections)
            if name and section in sections:
                yield from self.known((*path, "input", index), "field", name, sections[section].fields)
        for guard in action.guards:
            yield from self.all_known((*path, "guards"), "action", guard.different_from, procedure.actions)
            if guard.check is None and not guard.different_from:
                yield self.marks.problem((*path, "guards"), "a guard needs `check` or `different_from`")
        yield from self.correction(action, path)
        if action.opens and not action.to:
            yield self.marks.problem(path, "an action that opens a case needs `to`")
        yield from self.effects(procedure, action.effects, (*path, "effects"))

    def correction(self, action: Action, path: _Path) -> Iterator[DefinitionProblem]:
        word = action.correction
        if word is None:
            return
        here = (*path, "correction")
        for name in (word.fields, word.points, word.comment):
            if name is not None:
                yield from self.known(here, "field of this action", name, action.fields)
        points = action.fields.get(word.points or "")
        if points is not None and not {"field", "reason"} <= set(points.fields):
            yield self.marks.problem(here, "`points` is a group with the parts `field` and `reason`")

    def effects(
        self, procedure: Procedure, effects: Iterable[object], path: _Path
    ) -> Iterator[DefinitionProblem]:
        service = self.service
        tables: dict[str, tuple[str, str, Collection[str]]] = {
            "record": ("record", "registry", service.registries),
            "document": ("document", "document", service.documents),
            "notify": ("notify", "notice", service.notices),
            "clock": ("clock", "clock", procedure.clocks),
            "allocate": ("registry", "registry", service.registries),
            "grant": ("grant", "role", service.roles),
        }
        for index, effect in enumerate(effects):
            kind = str(effect.kind)  # type: ignore[attr-defined]
            if kind in tables:
                word, what, names = tables[kind]
                name = str(getattr(effect, word))
                yield from self.known((*path, index, word), what, name, names)
                if kind == "record" and name in service.registries:
                    fields = service.registries[name].fields
                    yield from self.all_known(
                        (*path, index, "set"), "field", getattr(effect, "set", ()), fields
                    )
            if isinstance(effect, GrantEffect):
                yield from self.grant(procedure, effect, (*path, index))
            if kind in ("number", "allocate"):
                name = str(getattr(effect, kind))
                yield from self.known((*path, index, kind), "computed value", name, procedure.computed)
            if isinstance(effect, NumberEffect) and effect.not_in is not None:
                yield from self.known((*path, index, "not_in"), "registry", effect.not_in, service.registries)

    def grant(self, procedure: Procedure, effect: GrantEffect, path: _Path) -> Iterator[DefinitionProblem]:
        sections = self.service.forms[procedure.form].sections
        names = {name for section in sections.values() for name in section.fields} | set(procedure.computed)
        yield from self.all_known((*path, "sections"), "section", effect.sections, sections)
        yield from self.all_known((*path, "fields"), "field", effect.fields, names)
        yield from self.all_known((*path, "documents"), "document", effect.documents, self.service.documents)
        role = self.service.roles.get(effect.grant)
        if role is not None and role.reach != "granted":
            yield self.marks.problem((*path, "grant"), f"the role `{role.name}` needs `reach: granted`")
        if effect.do == "give" and effect.to is None:
            yield self.marks.problem(path, "a grant needs `to`: the body that it is for")
        if effect.do == "give" and not (effect.sections or effect.fields or effect.documents):
            yield self.marks.problem(
                path, "a grant needs `sections`, `fields` or `documents`: what may be seen"
            )
        if effect.do == "give" and not effect.basis:
            yield self.marks.problem(path, "a grant needs `basis`: the article or the reason")


def reference_problems(service: Service, marks: Marks) -> Iterator[DefinitionProblem]:
    """Every reference of a definition that leads nowhere."""
    checker = _Checker(service, marks)
    yield from checker.service_wide()
    yield from secret_problems(service, marks)
    yield from money_problems(service, marks)
    for procedure in service.procedures.values():
        yield from checker.procedure(procedure)
