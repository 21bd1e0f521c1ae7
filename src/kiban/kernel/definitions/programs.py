"""Compiles the expressions of a definition and keeps what is wrong with them, with file:line."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from functools import cached_property
from graphlib import CycleError, TopologicalSorter

from kiban.kernel.definitions.loader import DefinitionProblem, Marks
from kiban.kernel.expr import (
    BOOL,
    BUILTINS,
    Code,
    ExpressionErrors,
    List,
    Nullable,
    Program,
    Scope,
    Type,
    compile_expression,
)

_Path = tuple[str | int, ...]
_WORD = re.compile(r"[a-z_][a-z0-9_]*")
_LITERAL = re.compile(r"'[^']*'|\"[^\"]*\"")


def _opened(kind: Type) -> Type:
    return Code(kind.name, None) if isinstance(kind, Code) else kind


class Builder:
    """Compiles expressions of one service; equal ones in equal scopes are compiled once."""

    def __init__(self, marks: Marks) -> None:
        self.marks = marks
        self.problems: list[DefinitionProblem] = []

    @cached_property
    def false(self) -> Program:
        return compile_expression("false", Scope(names={}, functions=BUILTINS), expect=BOOL)

    def program(
        self, path: _Path, source: str, names: Mapping[str, Type], expect: Type | None
    ) -> Program | None:
        """A program, or None with the problems noted at `path`."""
        try:
            return compile_expression(source, Scope(names=names, functions=BUILTINS), expect=expect)
        except ExpressionErrors as errors:
            for problem in errors.problems:
                self.problems.append(
                    self.marks.problem(path, f"{problem.message} (in `{source}`, column {problem.column})")
                )
            return None

    def settable(self, kind: Type) -> Type:
        """What may be set where `kind` stands: null clears, and a computed text may be one of the codes."""
        if isinstance(kind, List):
            return Nullable(List(_opened(kind.item), kind.max_items))
        return Nullable(_opened(kind))

    def mentions(self, source: str, names: Collection[str], itself: str) -> bool:
        """Whether an expression mentions one of `names` other than `itself` (by word, outside of texts)."""
        words = set(_WORD.findall(_LITERAL.sub("", source)))
        return any(name in words for name in names if name != itself)

    def order(self, uses: Mapping[str, Collection[str]], path: _Path) -> tuple[str, ...]:
        """Names so ordered that each comes after those that it uses; a circle is a problem."""
        sorter: TopologicalSorter[str] = TopologicalSorter()
        for name, used in uses.items():
            heads = {dotted.split(".", 1)[0] for dotted in used}
            sorter.add(name, *(head for head in heads if head in uses))
        try:
            return tuple(sorter.static_order())
        except CycleError as error:
            circle = " → ".join(error.args[1])
            self.problems.append(
                self.marks.problem(path, f"these follow from each other in a circle: {circle}")
            )
            return tuple(uses)
