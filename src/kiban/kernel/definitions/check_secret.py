"""Secret fields: where they may stand, and that nothing else of the definition says what they hold."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from kiban.kernel.definitions.loader import DefinitionProblem, Marks
from kiban.kernel.definitions.model import Field, Label, Procedure, Service
from kiban.kernel.definitions.templates import Template

_Path = tuple[str | int, ...]
_NOT_SECRET = ("group", "grid", "file")
_WORD = re.compile(r"[a-z_][a-z0-9_]*")
_LITERAL = re.compile(r"'[^']*'|\"[^\"]*\"")


def secret_problems(service: Service, marks: Marks) -> Iterator[DefinitionProblem]:
    """What is wrong with the secret fields of a service."""
    for form in service.forms.values():
        for section in form.sections.values():
            at: _Path = ("forms", form.name, "sections", section.name, "fields")
            for field in section.fields.values():
                yield from _field(field, section.readers is not None, (*at, field.name), marks)
                yield from _elsewhere(field.fields.values(), (*at, field.name, "fields"), marks)
    for registry in service.registries.values():
        yield from _elsewhere(registry.fields.values(), ("registries", registry.name, "fields"), marks)
    for procedure in service.procedures.values():
        for action in procedure.actions.values():
            here: _Path = ("procedures", procedure.name, "actions", action.name, "fields")
            yield from _elsewhere(action.fields.values(), here, marks)
        names = _secrets(service, procedure)
        for path, sources in _spoken(service, procedure) if names else ():
            for name in sorted(names.intersection(sources)):
                yield marks.problem(path, f"`{name}` is secret, and this would tell it")


def _field(field: Field, readers: bool, path: _Path, marks: Marks) -> Iterator[DefinitionProblem]:
    if not field.secret:
        return
    if not readers:
        yield marks.problem(path, "a secret field stands in a section that says who reads it (`readers`)")
    if field.type in _NOT_SECRET:
        yield marks.problem(path, f"a {field.type} can't be secret")
    if field.search != "none":
        yield marks.problem(path, "a secret field can't be searched for")


def _elsewhere(fields: Collection[Field], path: _Path, marks: Marks) -> Iterator[DefinitionProblem]:
    for field in fields:
        if field.secret:
            yield marks.problem((*path, field.name), "a secret field stands in a section of a form")


def _secrets(service: Service, procedure: Procedure) -> frozenset[str]:
    form = service.forms.get(procedure.form)
    sections = form.sections.values() if form is not None else ()
    return frozenset(field.name for section in sections for field in section.fields.values() if field.secret)


def _spoken(service: Service, procedure: Procedure) -> Iterator[tuple[_Path, set[str]]]:
    """(where, the names that are mentioned) of all that leaves the form: titles, words, records, computed values."""
    base: _Path = ("procedures", procedure.name)
    yield (*base, "title"), _of(Label(ja=procedure.title))
    yield (*base, "columns"), set(procedure.columns)
    if procedure.subject is not None:
        yield (*base, "subject"), _words(procedure.subject.key)
    for name, computed in procedure.computed.items():
        yield (*base, "computed", name), _words(computed.value or "")
    for name, lookup in procedure.lookups.items():
        sources = (lookup.key or "", *lookup.where.values())
        yield (*base, "lookups", name), set().union(*(_words(source) for source in sources))
    for index, rule in enumerate(procedure.rules):
        told = _of(rule.message).union(*(_words(source) for source in rule.suggest.values()))
        yield (*base, "rules", index), told
    for name, action in procedure.actions.items():
        at = (*base, "actions", name)
        yield (*at, "set"), set().union(*(_words(source) for source in action.set.values()))
        for index, guard in enumerate(action.guards):
            yield (*at, "guards", index), _of(guard.message)
        for index, effect in enumerate(action.effects):
            yield (*at, "effects", index), _effect(effect)
    for index, effect in enumerate(procedure.always):
        yield (*base, "always", index), _effect(effect)
    yield from _service_wide(service, procedure)


def _service_wide(service: Service, procedure: Procedure) -> Iterator[tuple[_Path, set[str]]]:
    """What stands beside the procedures: imports, charges, notices."""
    for name, item in service.imports.items():
        if item.procedure == procedure.name:
            yield ("imports", name, "columns"), set(item.columns)
    for name, charge in service.charges.items():
        yield ("charges", name, "payer"), {charge.payer or ""}
    for name, notice in service.notices.items():
        yield ("notices", name), _of(notice.subject) | _of(notice.text)


def _effect(effect: object) -> set[str]:
    """Names in what an effect writes: the fields and the key of a record, a number's pattern, a grant's fields."""
    sources = [str(getattr(effect, word, None) or "") for word in ("key", "pattern", "each")]
    sources += [str(source) for source in (getattr(effect, "set", None) or {}).values()]
    granted = getattr(effect, "fields", None) or ()
    return set(map(str, granted)).union(*(_words(source) for source in sources))


def _of(label: Label) -> set[str]:
    return {name.split(".", 1)[0] for name in Template.of(label).names}


def _words(source: str) -> set[str]:
    return set(_WORD.findall(_LITERAL.sub("", source)))
