"""What every part of the checker needs: expected types, facts about null, codes written as text."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from kiban.kernel.expr.builtins import BUILTINS
from kiban.kernel.expr.functions import Function
from kiban.kernel.expr.narrowing import Path
from kiban.kernel.expr.problems import Problems
from kiban.kernel.expr.tree import (
    Coalesce,
    ListOf,
    Literal,
    Node,
    RowOf,
    Ternary,
)
from kiban.kernel.expr.types import (
    NULL,
    UNKNOWN,
    Code,
    List,
    Row,
    Type,
    assignable,
    describe,
    describe_ja,
    join_all,
    may_be_null,
    strip,
)

LONGEST_TEXT = 1_000_000


@dataclass(frozen=True)
class Scope:
    """What an expression may name: values with their types, and functions.

    `functions` maps a name to a Function or to its overloads; ``{**BUILTINS, name: function}`` for engine functions.
    """

    names: Mapping[str, Type]
    functions: Mapping[str, Function | Sequence[Function]] = field(default_factory=lambda: BUILTINS)


def named(kind: Type) -> tuple[str, str]:
    """A type for a message: (English, Japanese)."""
    return describe(kind), describe_ja(kind)


class Checking:
    """The state of one check. `used` has the dotted paths that the expression reads."""

    def __init__(self, scope: Scope, problems: Problems) -> None:
        self.scope = scope
        self.problems = problems
        self.used: set[str] = set()
        self.variables: dict[str, tuple[Type, str | None]] = {}
        self.facts: frozenset[Path] = frozenset()

    def check(self, node: Node) -> Node:
        """The node with its type and those of all below."""
        method: Callable[[Node], Node] = getattr(self, f"_{type(node).__name__.lower()}")
        return method(node)

    def expect(self, node: Node, kind: Type) -> Node:
        """As `check`, and the value must be usable as `kind`."""
        typed = self.check(node)
        self.fits(typed, kind)
        return typed

    def fits(self, typed: Node, kind: Type) -> None:
        """Report unless `typed` can stand where `kind` is expected."""
        if assignable(typed.type, kind) or self._written_as(typed, kind):
            return
        if may_be_null(typed.type) and assignable(strip(typed.type), kind) and typed.type != NULL:
            self.problems.add(typed.span, "maybe_null")
        else:
            self.problems.add(typed.span, "expected_type", expected=named(kind), found=named(typed.type))

    def non_null(self, typed: Node) -> Type:
        """The type of a value that must not be null; reports and goes on where it may be."""
        if may_be_null(typed.type):
            self.problems.add(typed.span, "maybe_null")
            return UNKNOWN if typed.type == NULL else strip(typed.type)
        return typed.type

    def _written_as(self, typed: Node, kind: Type) -> bool:
        """Whether text literals stand where codes are wanted; reports those that aren't in the list."""
        unfit = [(leaf, strip(each)) for leaf, each in parts(typed, kind) if not assignable(leaf.type, each)]
        if not all(isinstance(code, Code) and is_text(leaf) for leaf, code in unfit):
            return False
        for leaf, code in unfit:
            assert isinstance(leaf, Literal) and isinstance(code, Code)
            self._check_code(leaf, code)
        return True

    def _check_code(self, literal: Literal, code: Code) -> None:
        text = str(literal.value)
        if code.codes is not None and literal.value is not None and text not in code.codes:
            meant = self.problems.nearest(text, sorted(code.codes))
            shown = None if meant is None else f'"{meant}"'
            self.problems.add(literal.span, "not_in_list", shown, text=text, name=code.name)

    def assuming(self, facts: Iterable[Path], node: Node, kind: Type | None = None) -> Node:
        """Check a node where the paths are known not to be null."""
        before = self.facts
        self.facts = before | frozenset(facts)
        typed = self.check(node) if kind is None else self.expect(node, kind)
        self.facts = before
        return typed

    def _all_one_type(self, node: Node, kinds: Iterable[Type]) -> Type:
        found = list(kinds)
        joined = join_all(found)
        if joined is not None:
            return joined
        other = next(kind for kind in found if join_all((found[0], kind)) is None or kind == found[-1])
        self.problems.add(node.span, "mixed", left=named(found[0]), right=named(other))
        return UNKNOWN


def is_text(node: Node) -> bool:
    return isinstance(node, Literal) and node.kind == "text"


def leaves(node: Node) -> Iterator[Node]:
    """The nodes whose value the node can have, through ``? :`` and coalesce."""
    match node:
        case Ternary(_, yes, no):
            yield from leaves(yes)
            yield from leaves(no)
        case Coalesce(items):
            for item in items:
                yield from leaves(item)
        case _:
            yield node


def parts(node: Node, kind: Type) -> Iterator[tuple[Node, Type]]:
    """The leaves of a value as written, through lists and rows, each with the type wanted in its place."""
    wanted = strip(kind)
    for leaf in leaves(node):
        if isinstance(leaf, ListOf) and isinstance(wanted, List):
            for item in leaf.items:
                yield from parts(item, wanted.item)
        elif (
            isinstance(leaf, RowOf)
            and isinstance(wanted, Row)
            and set(wanted.fields) <= dict(leaf.entries).keys()
        ):
            for key, value in leaf.entries:
                if key in wanted.fields:
                    yield from parts(value, wanted.fields[key])
        else:
            yield leaf, kind
