"""The types of binary operators."""

from typing import TYPE_CHECKING

from kiban.kernel.expr.tree import Binary, Literal, Node, path_of
from kiban.kernel.expr.types import (
    BOOL,
    DATE,
    INT,
    NULL,
    NUMBER,
    UNKNOWN,
    Code,
    List,
    Row,
    Text,
    Type,
    describe,
    describe_ja,
    is_container,
    is_numeric,
    is_ordered,
    is_textual,
    join,
    max_length,
    may_be_null,
    strip,
)

if TYPE_CHECKING:
    from kiban.kernel.expr.checking import Checking

_DATE_MINUS: dict[tuple[Type, Type], Type] = {(DATE, INT): DATE, (DATE, DATE): INT}
_ORDER = ("<", "<=", ">", ">=")


def binary_type(node: Binary, left: Node, right: Node, checker: "Checking") -> Type:
    """The type of ``left operator right``; reports what doesn't fit."""
    if node.operator in ("==", "!="):
        _check_equality(node, left, right, checker)
        return BOOL
    if node.operator == "in":
        _check_in(node, left, right, checker)
        return BOOL
    if node.operator in _ORDER and _is_comparison(node.left):
        checker.problems.add(node.span, "chained")
        return BOOL
    one, other = checker.non_null(left), checker.non_null(right)
    if UNKNOWN in (one, other):
        return BOOL if node.operator in _ORDER else UNKNOWN
    found = _ordered(one, other) if node.operator in _ORDER else _arithmetic(node.operator, one, other)
    if found is None:
        _refuse(node, one, other, checker)
        return BOOL if node.operator in _ORDER else UNKNOWN
    return found


def _is_comparison(node: Node) -> bool:
    """``a < b < c``: the left side is a comparison that nobody put in parentheses on purpose."""
    return isinstance(node, Binary) and node.operator in _ORDER


def _refuse(node: Binary, one: Type, other: Type, checker: "Checking") -> None:
    left, right = (describe(one), describe_ja(one)), (describe(other), describe_ja(other))
    checker.problems.add(node.span, "bad_operands", operator=node.operator, left=left, right=right)


def _ordered(one: Type, other: Type) -> Type | None:
    joined = join(one, other)
    return BOOL if joined is not None and is_ordered(joined) else None


def _arithmetic(operator: str, one: Type, other: Type) -> Type | None:
    if is_numeric(one) and is_numeric(other):
        return _numeric(operator, one, other)
    if operator == "+":
        if is_textual(one) and is_textual(other):
            return Text(max_length(one) + max_length(other))
        if isinstance(one, List) and isinstance(other, List):
            item = join(one.item, other.item)
            return None if item is None else List(item, one.max_items + other.max_items)
        return DATE if (one, other) in ((DATE, INT), (INT, DATE)) else None
    if operator == "-":
        return _DATE_MINUS.get((one, other))
    return None


def _numeric(operator: str, one: Type, other: Type) -> Type | None:
    both = INT if one == INT and other == INT else NUMBER
    if operator == "%":
        return INT if both == INT else None
    return NUMBER if operator == "/" else both


def _check_equality(node: Binary, left: Node, right: Node, checker: "Checking") -> None:
    for null, value in ((left, right), (right, left)):
        literal = isinstance(null, Literal) and null.kind == "null"
        known = path_of(value) in checker.facts  # asked before: needless, but no mistake
        if literal and value.type != UNKNOWN and not may_be_null(value.type) and not known:
            kind = describe(value.type), describe_ja(value.type)
            checker.problems.add(node.span, "never_null", type=kind)
            return
    one, other = strip(left.type), strip(right.type)
    if NULL not in (left.type, right.type) and (join(one, other) is None or _disjoint(one, other)):
        pair = (describe(one), describe_ja(one)), (describe(other), describe_ja(other))
        checker.problems.add(node.span, "never_equal", left=pair[0], right=pair[1])


def _disjoint(one: Type, other: Type) -> bool:
    closed = isinstance(one, Code) and isinstance(other, Code) and one.codes and other.codes
    return bool(closed) and not one.codes & other.codes  # type: ignore[attr-defined]


def _check_in(node: Binary, left: Node, right: Node, checker: "Checking") -> None:
    held = checker.non_null(right)
    one = strip(left.type)
    if UNKNOWN in (held, one):
        return
    if isinstance(held, List):
        item = strip(held.item)
        if join(one, item) is None or is_container(item) or _disjoint(one, item):
            _refuse(node, left.type, held, checker)
    elif isinstance(held, Row) and is_textual(left.type):
        if isinstance(left, Literal) and str(left.value) not in held.fields:
            meant = checker.problems.nearest(str(left.value), held.fields)
            shown = None if meant is None else f'"{meant}"'
            kind = describe(held), describe_ja(held)
            checker.problems.add(left.span, "unknown_member", shown, type=kind, name=left.value)
    else:
        _refuse(node, left.type, held, checker)
