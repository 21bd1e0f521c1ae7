"""An import as programs: the columns of a ledger, what a row is known by, and whether it would go through. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from kiban.kernel.decide import judge, may
from kiban.kernel.definitions.compiled import (
    CompiledAction,
    CompiledField,
    CompiledProcedure,
    CompiledService,
)
from kiban.kernel.definitions.import_words import Import
from kiban.kernel.definitions.local import head
from kiban.kernel.definitions.model import Label
from kiban.kernel.facts import Facts, Refusal, World
from kiban.kernel.forms import Draft
from kiban.kernel.problems import INVALID, Problem
from kiban.kernel.values import ReadContext


@dataclass(frozen=True)
class Column:
    """A column of the sheet: the field that it fills."""

    name: str
    field: CompiledField

    @property
    def label(self) -> Label:
        return self.field.field.label

    @property
    def needed(self) -> bool:
        """Whether a row can't do without it, as far as that is known beforehand."""
        return self.field.always_required and self.field.field.when is None and self.field.default is None


@dataclass(frozen=True)
class CompiledImport:
    """An import with the procedure and the action that take its rows."""

    word: Import
    procedure: CompiledProcedure

    @property
    def action(self) -> CompiledAction:
        return self.procedure.actions[self.word.action]

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        return tuple(Column(name, self.action.fields[name]) for name in self.word.columns)

    def read_key(self, cells: Mapping[str, str], context: ReadContext) -> str | None:
        """The digest of what the row is known by; None where a part of it can't be read."""
        found = []
        for name in self.word.key:
            reading = self.action.fields[name].codec.read(cells.get(name), context, name)
            if reading.value is None:
                return None
            found.append(self.action.fields[name].codec.to_json(reading.value))
        return _digest([self.procedure.service.slug, self.word.name, found])

    def content(self, cells: Mapping[str, str]) -> str:
        """The digest of all that stands in the row."""
        return _digest({name: cells[name] for name in self.word.columns if cells.get(name)})

    def judge(self, cells: Mapping[str, str], facts: Facts, world: World) -> Iterator[Problem]:
        """What is wrong with a row as it stands; the path of a problem is the name of its column where it has one.

        Nothing is taken or numbered: what only the act itself can tell (a number, a free record) is told then.
        """
        early = may(self.action, None, facts)
        if early is not None:
            yield Problem("", early.code, early.message)
            return
        refused = judge(Draft(self.procedure, self.action, None, given(cells), facts, world), {})
        if isinstance(refused, Refusal):
            yield from self.told(refused)

    def told(self, refusal: Refusal) -> Iterator[Problem]:
        """A refusal as problems of the row: those that block, each at its column, or the refusal itself."""
        found = [self._placed(problem) for problem in refusal.problems if problem.blocks]
        yield from found or [Problem("", refusal.code, refusal.message)]

    def _placed(self, problem: Problem) -> Problem:
        """A problem with the name of its column as path; one of something that is no column has none."""
        name = head(problem.field)
        return replace(problem, field=name if name in self.word.columns else "")


def given(cells: Mapping[str, str]) -> dict[str, object]:
    """The input of the act: the cells in which something stands, as typed."""
    return {name: text for name, text in cells.items() if text.strip()}


def imports_of(service: CompiledService) -> dict[str, CompiledImport]:
    """Every import that an edition declares, by name."""
    return {
        name: CompiledImport(word, service.procedures[word.procedure])
        for name, word in service.service.imports.items()
    }


def duplicate(column: str, first: str) -> Problem:
    """The problem of a row that stands in the file a second time; `first` says where the first one is."""
    line = first.isdigit()
    message = Label(
        ja=f"{first}{'行目' if line else ''}と同じものです。どちらかの行を削除してください。",
        en=f"The same as {'line ' if line else ''}{first}. Please delete one of them.",
    )
    return Problem(column, INVALID, message)


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
