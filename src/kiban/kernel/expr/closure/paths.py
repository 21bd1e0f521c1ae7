"""Names, members and indexes: values from outside are made sure of where they enter."""

from collections.abc import Callable, Sequence
from typing import Any

from kiban.kernel.expr.adapt import adapter, scalar_class
from kiban.kernel.expr.closure.output import Atom, Output
from kiban.kernel.expr.problems import Failure
from kiban.kernel.expr.tree import (
    Has,
    Index,
    Member,
    Name,
    Node,
    path_of,
)
from kiban.kernel.expr.types import (
    NUMBER,
    List,
    Row,
    is_textual,
    max_length,
    strip,
)


def pick(items: Sequence[Any], index: int) -> Any:
    """The item at `index`, from 0; Failure when there is none."""
    if not 0 <= index < len(items):
        raise Failure("no_such_item", count=len(items), index=index)
    return items[index]


class PathWriter(Output):
    """Writes names, members, indexes and has()."""

    def _name(self, node: Node) -> Atom:
        assert isinstance(node, Name)
        if node.name in self.variables:
            return self.variables[node.name]
        return self._loaded(node, lambda: f"env.get({self.constant(node.name)}, P)")

    def _member(self, node: Node) -> Atom:
        assert isinstance(node, Member)
        key = self.constant(node.name)

        def load() -> str:
            row = self.emit(node.operand)
            get = f"{row.code}.get({key}, P)"
            return f"P if {row.code} is P else {get}" if row.pending else get

        return self._loaded(node, load)

    def _loaded(self, node: Name | Member, load: Callable[[], str]) -> Atom:
        """A value from outside, made one of its type; once for each path in a row of statements."""
        path = path_of(node)
        cache = self.functions[-1].cache
        if path is not None and path in cache:
            return cache[path]
        result = self.new()
        self.line(f"{result} = {load()}", node)
        self._adapt(result, node)
        atom = Atom(result, True, isinstance(strip(node.type), List))
        if path is not None:
            self.functions[-1].cache[path] = atom
        return atom

    def _adapt(self, result: str, node: Name | Member) -> None:
        """Let only values of the declared type pass."""
        kind = strip(node.type)
        wrong = f"{result}.__class__ is not {self.constant(scalar_class(kind))}"
        if is_textual(kind):
            wrong = f"({wrong} or len_({result}) > {max(max_length(kind), 1)})"
        elif kind == NUMBER:
            wrong = f"{result}.__class__ is not int_"
        elif scalar_class(kind) is None:
            wrong = f"{result} is not P"
        if kind != node.type:
            wrong = f"{result} is not None and {wrong}"
        make = self.constant(adapter(node.type, ".".join(path_of(node) or (node.name,))))
        self.line(f"if {wrong}: {result} = {make}({result})", node)

    def _index(self, node: Node) -> Atom:
        assert isinstance(node, Index)
        operand, index = self.emit(node.operand), self.emit(node.index)
        kind = strip(node.operand.type)
        make = self.constant(adapter(node.type, "item"))
        if isinstance(kind, Row):
            keys = self.constant(frozenset(kind.fields))
            get = f"{make}({operand.code}.get({index.code}, P) if {index.code} in {keys} else None)"
        else:
            get = f"{self.constant(pick)}({operand.code}, {index.code})"
        atom = self._strict(node, [operand, index], get)
        return Atom(atom.code, True, isinstance(strip(node.type), List))

    def _has(self, node: Node) -> Atom:
        assert isinstance(node, Has)
        result = self.new()
        self._chain(node.path, result)
        self.line(f"{result} = {result} is not P and {result} is not None", node)
        return Atom(result)

    def _chain(self, node: Node, result: str) -> None:
        """The raw value of a path; None where the way there ends early."""
        if isinstance(node, Member):
            self._chain(node.operand, result)
            key = self.constant(node.name)
            self.line(f"if {result} is not P and {result} is not None: {result} = {result}.get({key})", node)
        elif isinstance(node, Name) and node.name in self.variables:
            self.line(f"{result} = {self.variables[node.name].code}", node)
        elif isinstance(node, Name):
            self.line(f"{result} = env.get({self.constant(node.name)})", node)
