"""What can be decided with a part still pending: && || ?: coalesce."""

from typing import Any

from kiban.kernel.expr.closure.output import Atom, Output, can_fail
from kiban.kernel.expr.tree import (
    Coalesce,
    Logic,
    Node,
    Ternary,
)
from kiban.kernel.expr.types import (
    List,
    is_container,
    may_be_null,
    strip,
)
from kiban.kernel.expr.values import PENDING


def agreed(yes: Any, no: Any) -> Any:
    """What a ternary with a pending condition gives: the value that both branches have."""
    if yes is PENDING or no is PENDING:
        return PENDING
    return yes if yes == no else PENDING


class LogicWriter(Output):
    """Writes the logical forms."""

    def _logic(self, node: Node) -> Atom:
        assert isinstance(node, Logic)
        decided, neutral = ("False", "True") if node.operator == "&&" else ("True", "False")
        result = self.new()
        first = self.emit(node.operands[0])
        sure = dict(self.functions[-1].cache)
        self.line(f"{result} = {first.code}", node)
        pending, risky = first.pending, can_fail(node.operands[0])
        for operand in node.operands[1:]:
            risky = risky or can_fail(operand)
            pending = self._operand(operand, result, (decided, neutral), pending, risky) or pending
        self.functions[-1].cache = sure
        return Atom(result, pending)

    def _operand(self, node: Node, result: str, words: tuple[str, str], doubt: bool, risky: bool) -> bool:
        """A further operand of && or ||; whether it can be pending."""
        decided, neutral = words
        function = self.functions[-1]
        self.line(f"if {result} is not {decided}:", node)
        function.indent += 1
        if doubt and risky:
            value = self.new()
            self._speculative(node, result, value, True)
            atom = Atom(value, True)
        else:
            # What is loaded here is loaded for the next operand too, which only runs after this one.
            atom = self.emit(node)
        self.line(f"if {atom.code} is not {neutral}: {result} = {atom.code}", node)
        function.indent -= 1
        return atom.pending

    def _ternary(self, node: Node) -> Atom:
        assert isinstance(node, Ternary)
        condition = self.emit(node.condition)
        if not condition.pending:
            return self._branches(node, condition.code)
        risky, held = can_fail(node), is_container(node.type)
        yes, no, result = self.new(), self.new(), self.new()
        with self.block(f"if {condition.code} is not False:", node):
            self._speculative(node.yes, condition.code, yes, risky)
        with self.block(f"if {condition.code} is not True:", node):
            self._speculative(node.no, condition.code, no, risky)
        both = "P" if held else f"{self.constant(agreed)}({yes}, {no})"
        code = condition.code
        self.line(f"{result} = {yes} if {code} is True else {no} if {code} is False else {both}", node)
        return Atom(result, True, held)

    def _branches(self, node: Ternary, condition: str) -> Atom:
        result = self.new()
        with self.block(f"if {condition}:", node):
            yes = self.emit(node.yes)
            self.line(f"{result} = {yes.code}", node)
        with self.block("else:", node):
            no = self.emit(node.no)
            self.line(f"{result} = {no.code}", node)
        return Atom(result, yes.pending or no.pending, yes.holes or no.holes)

    def _coalesce(self, node: Node) -> Atom:
        assert isinstance(node, Coalesce)
        result, unknown = self.new(), self.new()
        first = self.emit(node.items[0])
        self.line(f"{result} = {first.code}", node)
        self.line(f"{unknown} = {result} is P", node)
        some, every = first.pending, first.pending or may_be_null(node.items[0].type)
        for item in node.items[1:]:
            with self.block(f"if {result} is P or {result} is None:", node):
                atom = self.emit(item)
                self.line(f"{result} = {atom.code}", item)
                self.line(f"if {result} is P: {unknown} = True", item)
            some, every = some or atom.pending, every and (atom.pending or may_be_null(item.type))
        if some and every:
            self.line(f"if {result} is None and {unknown}: {result} = P", node)
        return Atom(result, some and every, isinstance(strip(node.type), List))
