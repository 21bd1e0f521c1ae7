"""Operators that need all their parts."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from kiban.kernel.expr import numbers
from kiban.kernel.expr.adapt import plain
from kiban.kernel.expr.closure.output import Atom, Output
from kiban.kernel.expr.tree import (
    Binary,
    ListOf,
    Node,
    Unary,
)
from kiban.kernel.expr.types import (
    DATE,
    NUMBER,
    List,
    Row,
    is_container,
    is_numeric,
    strip,
)
from kiban.kernel.expr.values import LARGEST, PENDING


def among(value: Any, items: Sequence[Any]) -> Any:
    """Whether the value is an item; pending when none is and an item is pending."""
    unknown = False
    for item in items:
        if item is PENDING:
            unknown = True
        elif item == value:
            return True
    return PENDING if unknown else False


class OperatorWriter(Output):
    """Writes unary and binary operators."""

    def _unary(self, node: Node) -> Atom:
        assert isinstance(node, Unary)
        operand = self.emit(node.operand)
        return self._strict(node, [operand], f"{'not' if node.operator == '!' else '-'} {operand.code}")

    def _binary(self, node: Node) -> Atom:
        assert isinstance(node, Binary)
        if node.operator == "in":
            return self._in(node)
        left, right = self.emit(node.left), self.emit(node.right)
        if node.operator in ("==", "!="):
            return self._equal(node, left, right)
        if node.operator in ("<", "<=", ">", ">="):
            return self._strict(node, [left, right], f"{left.code} {node.operator} {right.code}")
        return self._arithmetic(node, left, right)

    def _equal(self, node: Binary, left: Atom, right: Atom) -> Atom:
        operator = node.operator
        if (None,) in (left.value, right.value):
            operator = "is" if operator == "==" else "is not"
        one, other = left.code, right.code
        if not is_container(node.left.type) and not is_container(node.right.type):
            return self._strict(node, [left, right], f"{one} {operator} {other}")
        if operator in ("==", "!="):
            one, other = (
                self._strict(side, [], f"{self.constant(plain(side.type))}({atom.code})").code
                for side, atom in ((node.left, left), (node.right, right))
            )
        return self._strict(node, [Atom(one, True), Atom(other, True)], f"{one} {operator} {other}")

    def _in(self, node: Binary) -> Atom:
        left = self.emit(node.left)
        fixed = self._fixed_items(node.right)
        if fixed is not None:
            return self._strict(node, [left], f"{left.code} in {self.constant(fixed)}")
        right = self.emit(node.right)
        row = strip(node.right.type)
        if isinstance(row, Row):
            keys = self.constant(frozenset(row.fields))
            return self._strict(node, [left, right], f"{left.code} in {keys}")
        if not right.holes:
            return self._strict(node, [left, right], f"{left.code} in {right.code}")
        atom = self._strict(node, [left, right], f"{self.constant(among)}({left.code}, {right.code})")
        return Atom(atom.code, True)

    def _fixed_items(self, node: Node) -> frozenset[Any] | None:
        if not isinstance(node, ListOf):
            return None
        values = [self.known(item) for item in node.items]
        return frozenset(value[0] for value in values if value is not None) if None not in values else None

    def _arithmetic(self, node: Binary, left: Atom, right: Atom) -> Atom:
        both, operator = [left, right], node.operator
        one, other = strip(node.left.type), strip(node.right.type)
        if operator in "/%":
            call = self.constant(numbers.divide if operator == "/" else numbers.remainder)
            return self._strict(node, both, f"{call}({left.code}, {right.code})")
        if is_numeric(one) and is_numeric(other):
            small = f"{-LARGEST} <= {{0}} <= {LARGEST}"
            wide = node.type == NUMBER
            check = f"if {'{0}.__class__ is not int_ or ' if wide else ''}not {small}: {{0}} = bound({{0}})"
            return self._strict(node, both, f"{left.code} {operator} {right.code}", check)
        if one == DATE and other == DATE:
            return self._strict(node, both, f"({left.code} - {right.code}).days")
        if DATE in (one, other):
            day, days = (left, right) if one == DATE else (right, left)
            return self._strict(node, both, f"{day.code} {operator} {self._days(days)}")
        atom = self._strict(node, both, self._joined(node, left, right))
        return Atom(atom.code, atom.pending, left.holes or right.holes)

    def _joined(self, node: Binary, left: Atom, right: Atom) -> str:
        if isinstance(strip(node.type), List):
            return f"[*{left.code}, *{right.code}]"
        return f"{left.code} + {right.code}"

    def _days(self, days: Atom) -> str:
        if days.value and abs(days.value[0]) < 10**6:
            return self.constant(timedelta(days=days.value[0]))
        return f"{self.constant(timedelta)}({days.code})"
