"""The whole writer: every kind of node, calls, and functions that were split off."""

from collections.abc import Callable

from kiban.kernel.expr.adapt import adapter, plain
from kiban.kernel.expr.closure.logic import LogicWriter
from kiban.kernel.expr.closure.macros import MacroWriter
from kiban.kernel.expr.closure.operators import OperatorWriter
from kiban.kernel.expr.closure.output import DEEPEST, Atom, Run
from kiban.kernel.expr.closure.paths import PathWriter
from kiban.kernel.expr.tree import (
    Call,
    ListOf,
    Literal,
    Node,
    RowOf,
)
from kiban.kernel.expr.types import (
    INT,
    List,
    is_container,
    strip,
)


class Writer(PathWriter, OperatorWriter, LogicWriter, MacroWriter):
    """Writes one typed tree as Python."""

    def main(self, tree: Node) -> Run:
        """The finished function."""
        self._open("main", ["env"])
        with self.block("try:", tree):
            atom = self.emit(tree)
            if is_container(tree.type):
                self.line(f"return {self.constant(plain(tree.type))}({atom.code})", tree)
            else:
                self.line(f"return {atom.code}", tree)
        with self.block("except FAILURES as error:", tree):
            self.line("raise located(error) from error", tree)
        self._close()
        return self._compile()

    def emit(self, node: Node) -> Atom:
        """Write what computes the node; where it stands."""
        known = self.known(node)
        if known is not None:
            return self.fixed(known[0])
        if self.functions[-1].indent > DEEPEST:
            return self._outsource(node)
        method: Callable[[Node], Atom] = getattr(self, f"_{type(node).__name__.lower()}")
        return method(node)

    def _outsource(self, node: Node) -> Atom:
        """Write the node as a function of its own, so that no text nests deeper than Python takes."""
        held = sorted({atom.code for atom in self.variables.values()})
        name, params = self.new().replace("t", "g"), ["env", *held]
        self._open(name, params)
        atom = self.emit(node)
        self.line(f"return {atom.code}", node)
        self._close()
        result = self.new()
        self.line(f"{result} = {name}({', '.join(params)})", node)
        return Atom(result, atom.pending, atom.holes)

    def _listof(self, node: Node) -> Atom:
        assert isinstance(node, ListOf)
        items = [self.emit(item) for item in node.items]
        result = self.new()
        self.line(f"{result} = [{', '.join(item.code for item in items)}]", node)
        return Atom(result, holes=any(item.pending for item in items))

    def _rowof(self, node: Node) -> Atom:
        assert isinstance(node, RowOf)
        parts = [f"{self.constant(key)}: {self.emit(value).code}" for key, value in node.entries]
        result = self.new()
        self.line(f"{result} = {{{', '.join(parts)}}}", node)
        return Atom(result)

    def _call(self, node: Node) -> Atom:
        assert isinstance(node, Call) and node.target is not None
        function = node.target
        atoms = [self._argument(node, index) for index in range(len(node.args))]
        outside = [Atom(self.new(), True) for _name in function.env]
        for name, atom in zip(function.env, outside, strict=True):
            self.line(f"{atom.code} = env.get({self.constant(name)}, P)", node)
        args = [*outside, *atoms]
        code = f"{self.constant(function.call, 'f')}({', '.join(atom.code for atom in args)})"
        if not function.trusted:
            code = f"{self.constant(adapter(node.type, node.function + '()'))}({code})"
        holes = "" if function.lazy else " or ".join(f"P in {atom.code}" for atom in atoms if atom.holes)
        atom = self._strict(node, args, code, holes=holes)
        item = function.lazy and node.type != INT
        return Atom(atom.code, atom.pending or item, item and isinstance(strip(node.type), List))

    def _argument(self, node: Call, index: int) -> Atom:
        function, arg = node.target, node.args[index]
        assert function is not None
        if index in function.literal and isinstance(arg, Literal):
            return self.fixed(function.literal[index](str(arg.value)))
        atom = self.emit(arg)
        if not function.trusted and is_container(arg.type):
            made = self._strict(arg, [], f"{self.constant(plain(arg.type))}({atom.code})")
            return Atom(made.code, True)
        return atom
