"""all, exists, exists_one, filter, map."""

from collections.abc import Iterator
from contextlib import contextmanager

from kiban.kernel.expr.closure.output import Atom, Output, can_fail
from kiban.kernel.expr.tree import (
    Macro,
    Node,
)
from kiban.kernel.expr.types import (
    BOOL,
    List,
    Type,
    is_container,
    strip,
)


def _item(node: Macro) -> Type:
    kind = strip(node.operand.type)
    return kind.item if isinstance(kind, List) else BOOL


def _result_item(node: Macro) -> Type:
    kind = strip(node.type)
    return kind.item if isinstance(kind, List) else BOOL


class MacroWriter(Output):
    """Writes macros as loops."""

    def _macro(self, node: Node) -> Atom:
        assert isinstance(node, Macro)
        items = self.emit(node.operand)
        result = self.new()
        shape = {"all": self._all, "exists": self._all, "exists_one": self._exists_one}
        write = shape.get(node.kind, self._collect)
        if not items.pending:
            return write(node, items, result)
        self.line(f"{result} = P", node)
        with self.block(f"if {items.code} is not P:", node):
            atom = write(node, items, result)
        return Atom(atom.code, True)

    @contextmanager
    def _each(self, node: Macro, items: Atom) -> Iterator[Atom]:
        """The loop over the items, with the macro's variable."""
        holes = items.holes or is_container(_item(node))
        variable = Atom(self.new(), holes, isinstance(strip(_item(node)), List))
        self.variables[node.variable] = variable
        with self.block(f"for {variable.code} in {items.code}:", node):
            yield variable
        del self.variables[node.variable]

    def _all(self, node: Macro, items: Atom, result: str) -> Atom:
        """all and exists: && and || over the items."""
        decided, neutral = ("False", "True") if node.kind == "all" else ("True", "False")
        self.line(f"{result} = {neutral}", node)
        value = self.new()
        with self._each(node, items):
            self._speculative(node.body, result, value, can_fail(node.body))
            with self.block(f"if {value} is not {neutral}:", node):
                self.line(f"{result} = {value}", node)
                self.line(f"if {value} is {decided}: break", node)
        return Atom(result, True)

    def _exists_one(self, node: Macro, items: Atom, result: str) -> Atom:
        count, unknown = self.new(), self.new()
        self.line(f"{count} = 0", node)
        self.line(f"{unknown} = False", node)
        with self._each(node, items):
            body = self.emit(node.body)
            self.line(f"if {body.code} is P: {unknown} = True", node)
            with self.block(f"elif {body.code}:", node):
                self.line(f"{count} = {count} + 1", node)
                self.line(f"if {count} > 1: break", node)
        self.line(f"{result} = False if {count} > 1 else P if {unknown} else {count} == 1", node)
        return Atom(result, True)

    def _collect(self, node: Macro, items: Atom, result: str) -> Atom:
        """filter and map: a list, pending as soon as a part of it is."""
        self.line(f"{result} = []", node)
        condition = node.body if node.kind == "filter" else node.condition
        with self._each(node, items) as variable:
            if condition is None:
                self._append(node, result, self.emit(node.body))
            else:
                test = self.emit(condition)
                with self.block(f"if {test.code} is P:", node):
                    self.line(f"{result} = P", node)
                    self.line("break", node)
                self.line(f"if {test.code}:", node)
                self.functions[-1].indent += 1
                self._append(node, result, variable if node.kind == "filter" else self.emit(node.body))
                self.functions[-1].indent -= 1
        return Atom(result, True, is_container(_result_item(node)))

    def _append(self, node: Macro, result: str, value: Atom) -> None:
        if value.pending:
            with self.block(f"if {value.code} is P:", node):
                self.line(f"{result} = P", node)
                self.line("break", node)
        self.line(f"{result}.append({value.code})", node)
