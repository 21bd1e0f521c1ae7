"""The tree of an expression. The parser makes it; the checker makes the same tree again with types.

Nodes are immutable. `span` (offsets into the source) and `type` play no part in equality, so that two texts
that mean the same give equal trees.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from kiban.kernel.expr.types import UNKNOWN, Type

if TYPE_CHECKING:
    from kiban.kernel.expr.functions import Function

Span = tuple[int, int]
"""From (inclusive) and to (exclusive), in characters of the source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Any node. `type` is UNKNOWN until checked."""

    span: Span = field(default=(0, 0), compare=False)
    type: Type = field(default=UNKNOWN, compare=False)

    def children(self) -> Iterator["Node"]:
        """The nodes right below, in the order of the source."""
        yield from ()


@dataclass(frozen=True, slots=True)
class Literal(Node):
    """`kind` is null, bool, int, number or text."""

    kind: str
    value: bool | int | Fraction | str | None


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A name of the scope or a macro's variable."""

    name: str


@dataclass(frozen=True, slots=True)
class Member(Node):
    """``operand.name`` of a row."""

    operand: Node
    name: str

    def children(self) -> Iterator[Node]:
        yield self.operand


@dataclass(frozen=True, slots=True)
class Index(Node):
    """``operand[index]``: of a list by number from 0, of a row by text."""

    operand: Node
    index: Node

    def children(self) -> Iterator[Node]:
        yield self.operand
        yield self.index


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """``!`` or ``-``."""

    operator: str
    operand: Node

    def children(self) -> Iterator[Node]:
        yield self.operand


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """``== != < <= > >= in + - * / %``."""

    operator: str
    left: Node
    right: Node

    def children(self) -> Iterator[Node]:
        yield self.left
        yield self.right


@dataclass(frozen=True, slots=True)
class Logic(Node):
    """``&&`` or ``||`` over two or more operands; ``a && b && c`` is one node."""

    operator: str
    operands: tuple[Node, ...]

    def children(self) -> Iterator[Node]:
        yield from self.operands


@dataclass(frozen=True, slots=True)
class Ternary(Node):
    """``condition ? yes : no``."""

    condition: Node
    yes: Node
    no: Node

    def children(self) -> Iterator[Node]:
        yield self.condition
        yield self.yes
        yield self.no


@dataclass(frozen=True, slots=True)
class ListOf(Node):
    """``[a, b]``."""

    items: tuple[Node, ...]

    def children(self) -> Iterator[Node]:
        yield from self.items


@dataclass(frozen=True, slots=True)
class RowOf(Node):
    """``{"a": 1}``; keys are text literals, each once."""

    entries: tuple[tuple[str, Node], ...]

    def children(self) -> Iterator[Node]:
        for _key, value in self.entries:
            yield value


@dataclass(frozen=True, slots=True)
class Call(Node):
    """``f(a, b)`` or, when `method`, ``a.f(b)``; `target` is set by the checker."""

    function: str
    args: tuple[Node, ...]
    method: bool = field(default=False)
    target: "Function | None" = field(default=None, compare=False)

    def children(self) -> Iterator[Node]:
        yield from self.args


@dataclass(frozen=True, slots=True)
class Macro(Node):
    """``operand.kind(variable, body)``; `condition` only in ``map(variable, condition, body)``."""

    kind: str
    operand: Node
    variable: str
    body: Node
    condition: Node | None = None

    def children(self) -> Iterator[Node]:
        yield self.operand
        if self.condition is not None:
            yield self.condition
        yield self.body


@dataclass(frozen=True, slots=True)
class Has(Node):
    """``has(path)``: answered and not null."""

    path: Node

    def children(self) -> Iterator[Node]:
        yield self.path


@dataclass(frozen=True, slots=True)
class Coalesce(Node):
    """``coalesce(a, b, …)``: the first that is answered and not null."""

    items: tuple[Node, ...]

    def children(self) -> Iterator[Node]:
        yield from self.items


def walk(root: Node) -> Iterator[Node]:
    """Every node of the tree, `root` first."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(reversed(tuple(node.children())))


def depth(root: Node) -> int:
    """The number of levels; never recurses, so that it can judge trees that are too deep for the rest."""
    deepest = 0
    waiting = [(root, 1)]
    while waiting:
        node, level = waiting.pop()
        deepest = max(deepest, level)
        waiting.extend((child, level + 1) for child in node.children())
    return deepest


def path_of(node: Node) -> tuple[str, ...] | None:
    """``("param", "max_days")`` for a chain of names; None for anything else."""
    fields: list[str] = []
    while isinstance(node, Member):
        fields.append(node.name)
        node = node.operand
    if not isinstance(node, Name):
        return None
    return (node.name, *reversed(fields))
