"""What a condition tells about null: the paths that are known not to be null once it is true, or false."""

from functools import reduce

from kiban.kernel.expr.tree import Binary, Has, ListOf, Literal, Logic, Member, Name, Node, Unary, path_of
from kiban.kernel.expr.types import List, may_be_null

Path = tuple[str, ...]
Facts = frozenset[Path]


def when_true(node: Node) -> Facts:
    """Paths that aren't null where the (typed) condition is true."""
    match node:
        case Has(path):
            return _prefixes(path)
        case Unary("!", operand):
            return when_false(operand)
        case Logic("&&", operands):
            return frozenset().union(*map(when_true, operands))
        case Logic("||", operands):
            return reduce(frozenset.intersection, map(when_true, operands))
        case Binary("!=", left, right):
            return _beside_null(left, right)
        case Binary("==", left, right):
            return _beside_value(left, right) | _beside_value(right, left)
        case Binary("in", left, right) if isinstance(right.type, List) and not may_be_null(right.type.item):
            return _path(left)
    return frozenset()


def when_false(node: Node) -> Facts:
    """Paths that aren't null where the (typed) condition is false."""
    match node:
        case Unary("!", operand):
            return when_true(operand)
        case Logic("||", operands):
            return frozenset().union(*map(when_false, operands))
        case Logic("&&", operands):
            return reduce(frozenset.intersection, map(when_false, operands))
        case Binary("==", left, right):
            return _beside_null(left, right)
        case Binary("!=", left, right):
            return _beside_value(left, right) | _beside_value(right, left)
    return frozenset()


def _path(node: Node) -> Facts:
    path = path_of(node)
    return frozenset() if path is None else frozenset({path})


def _prefixes(node: Node) -> Facts:
    """``has(a.b)`` tells of a.b and of a."""
    found: set[Path] = set()
    while isinstance(node, Name | Member):
        found |= _path(node)
        if isinstance(node, Name):
            break
        node = node.operand
    return frozenset(found)


def _is_null(node: Node) -> bool:
    return isinstance(node, Literal) and node.kind == "null"


def _beside_null(left: Node, right: Node) -> Facts:
    if _is_null(right):
        return _path(left)
    return _path(right) if _is_null(left) else frozenset()


def _beside_value(node: Node, value: Node) -> Facts:
    """Equal to something that is never null."""
    certain = not may_be_null(value.type) and not isinstance(value, ListOf)
    return _path(node) if certain else frozenset()
