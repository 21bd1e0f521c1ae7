"""Tree → typed tree. Finds every type error and unknown name, and says which names an expression uses.

Null is followed through conditions: after ``x != null &&``, ``has(x) &&`` or in the right branch of
``x == null ? … : …`` the path x has its type without null. That is sound for pending answers as well, because
a condition is only pending where the facts that it would establish are established or pending themselves.
"""

from dataclasses import replace

from kiban.kernel.expr.calls import CallChecker
from kiban.kernel.expr.checking import LONGEST_TEXT, is_text, leaves, named
from kiban.kernel.expr.narrowing import Path, when_false, when_true
from kiban.kernel.expr.operators import binary_type
from kiban.kernel.expr.tree import (
    Binary,
    Coalesce,
    Has,
    Index,
    ListOf,
    Literal,
    Logic,
    Macro,
    Member,
    Name,
    Node,
    RowOf,
    Ternary,
    Unary,
    path_of,
)
from kiban.kernel.expr.types import (
    BOOL,
    INT,
    NULL,
    NUMBER,
    UNKNOWN,
    Code,
    List,
    Nullable,
    Row,
    Text,
    Type,
    is_numeric,
    is_textual,
    may_be_null,
    strip,
)


class Checker(CallChecker):
    """Checks one source: `result` answers the typed tree."""

    def result(self, tree: Node, expect: Type | None) -> Node:
        """The typed tree of a whole expression whose value must be of `expect`."""
        return self.check(tree) if expect is None else self.expect(tree, expect)

    def _literal(self, node: Literal) -> Node:
        if node.kind == "text":
            return replace(node, type=Text(len(str(node.value))))
        kinds = {"null": NULL, "bool": BOOL, "int": INT, "number": NUMBER}
        return replace(node, type=kinds[node.kind])

    def _name(self, node: Name) -> Node:
        kind = self._lookup(node)
        self._use(node)
        return replace(node, type=self._narrowed(node, kind))

    def _lookup(self, node: Name) -> Type:
        if node.name in self.variables:
            return self.variables[node.name][0]
        if node.name in self.scope.names:
            return self.scope.names[node.name]
        if node.name in self.scope.functions:
            self.problems.add(node.span, "function_not_called", name=node.name)
        else:
            meant = self.problems.nearest(node.name, [*self.scope.names, *self.variables])
            self.problems.add(node.span, "unknown_name", meant, name=node.name)
        return UNKNOWN

    def _narrowed(self, node: Node, kind: Type) -> Type:
        return strip(kind) if path_of(node) in self.facts and kind != NULL else kind

    def _use(self, node: Node) -> None:
        path = self._dotted(node)
        if path is not None:
            self.used.add(path)

    def _dotted(self, node: Node) -> str | None:
        """The path in the environment that a node reads, through macro variables, filters and indexes."""
        match node:
            case Name(name):
                return self.variables[name][1] if name in self.variables else name
            case Member(operand, name):
                base = self._dotted(operand)
                return None if base is None else f"{base}.{name}"
            case Index(operand, _):
                return self._dotted(operand)
            case Macro("filter", operand):
                return self._dotted(operand)
        return None

    def _member(self, node: Member) -> Node:
        operand = self._inner(node.operand)
        found = self.non_null(operand)
        kind: Type = UNKNOWN
        if isinstance(found, Row):
            if node.name in found.fields:
                kind = found.fields[node.name]
                self._use(node)
            else:
                span = (node.span[1] - len(node.name), node.span[1])
                meant = self.problems.nearest(node.name, found.fields)
                self.problems.add(span, "unknown_member", meant, type=named(found), name=node.name)
        elif found != UNKNOWN:
            self.problems.add(node.span, "not_a_row", found=named(found))
        return replace(node, operand=operand, type=self._narrowed(node, kind))

    def _inner(self, operand: Node) -> Node:
        """The operand of a member: the path to it isn't itself a use (``param`` of ``param.max_days``)."""
        if not isinstance(operand, Name | Member):
            return self.check(operand)
        before = set(self.used)
        typed = self.check(operand)
        path = self._dotted(operand)
        if path is not None and path not in before:
            self.used.discard(path)
        return typed

    def _index(self, node: Index) -> Node:
        operand, index = self.check(node.operand), self.check(node.index)
        found = self.non_null(operand)
        kind: Type = UNKNOWN
        if isinstance(found, List):
            self.fits(index, INT)
            kind = found.item
        elif isinstance(found, Row):
            kind = self._row_index(node, found, index)
        elif found != UNKNOWN:
            self.problems.add(operand.span, "not_a_list", found=named(found))
        return replace(node, operand=operand, index=index, type=kind)

    def _row_index(self, node: Index, row: Row, index: Node) -> Type:
        if isinstance(index, Literal) and isinstance(index.value, str):
            if index.value in row.fields:
                return row.fields[index.value]
            meant = self.problems.nearest(index.value, row.fields)
            shown = None if meant is None else f'"{meant}"'
            self.problems.add(index.span, "unknown_member", shown, type=named(row), name=index.value)
            return UNKNOWN
        kind = self.non_null(index)
        if kind != UNKNOWN and not is_textual(kind):
            self.problems.add(index.span, "expected_type", expected=named(Text()), found=named(kind))
        joined = self._all_one_type(node, row.fields.values())
        complete = isinstance(kind, Code) and kind.codes is not None and kind.codes <= set(row.fields)
        return joined if complete or joined == UNKNOWN else Nullable(joined)

    def _unary(self, node: Unary) -> Node:
        if node.operator == "!":
            return replace(node, operand=self.expect(node.operand, BOOL), type=BOOL)
        operand = self.check(node.operand)
        kind = self.non_null(operand)
        if kind != UNKNOWN and not is_numeric(kind):
            self.problems.add(node.span, "bad_operand", operator="-", type=named(kind))
            kind = UNKNOWN
        return replace(node, operand=operand, type=kind)

    def _binary(self, node: Binary) -> Node:
        left, right = self.check(node.left), self.check(node.right)
        for literal, code in ((left, right), (right, left)):
            self._literals_against_code(node.operator, literal, code)
        kind = binary_type(node, left, right, self)
        if isinstance(kind, Text) and kind.max_length > LONGEST_TEXT:
            self.problems.add(node.span, "text_too_long", length=kind.max_length, most=LONGEST_TEXT)
            kind = UNKNOWN
        return replace(node, left=left, right=right, type=kind)

    def _literals_against_code(self, operator: str, literal: Node, code: Node) -> None:
        kind = strip(code.type)
        kind = strip(kind.item) if isinstance(kind, List) else kind
        if operator not in ("==", "!=", "in") or not isinstance(kind, Code):
            return
        items = literal.items if isinstance(literal, ListOf) else (literal,)
        for item in items:
            for leaf in leaves(item):
                if isinstance(leaf, Literal) and is_text(leaf):
                    self._check_code(leaf, kind)

    def _logic(self, node: Logic) -> Node:
        learn = when_true if node.operator == "&&" else when_false
        facts: frozenset[Path] = frozenset()
        operands: list[Node] = []
        for operand in node.operands:
            typed = self.assuming(facts, operand, BOOL)
            facts |= learn(typed)
            operands.append(typed)
        return replace(node, operands=tuple(operands), type=BOOL)

    def _ternary(self, node: Ternary) -> Node:
        condition = self.expect(node.condition, BOOL)
        yes = self.assuming(when_true(condition), node.yes)
        no = self.assuming(when_false(condition), node.no)
        kind = self._all_one_type(node, (yes.type, no.type))
        return replace(node, condition=condition, yes=yes, no=no, type=kind)

    def _listof(self, node: ListOf) -> Node:
        items = tuple(self.check(item) for item in node.items)
        kind = self._all_one_type(node, [item.type for item in items])
        return replace(node, items=items, type=List(kind, len(items)))

    def _rowof(self, node: RowOf) -> Node:
        entries = tuple((key, self.check(value)) for key, value in node.entries)
        return replace(node, entries=entries, type=Row({key: value.type for key, value in entries}))

    def _macro(self, node: Macro) -> Node:
        operand = self.check(node.operand)
        found = self.non_null(operand)
        if not isinstance(found, List):
            if found != UNKNOWN:
                self.problems.add(operand.span, "not_a_list", found=named(found))
            found = List(UNKNOWN)
        if node.variable in self.variables or node.variable in self.scope.names:
            self.problems.add(node.span, "shadowed", name=node.variable)
        shadowed = self.variables.get(node.variable)
        self.variables[node.variable] = (found.item, self._dotted(node.operand))
        typed = self._macro_body(replace(node, operand=operand), found)
        del self.variables[node.variable]
        if shadowed is not None:
            self.variables[node.variable] = shadowed
        return typed

    def _macro_body(self, node: Macro, operand: List) -> Node:
        if node.kind != "map":
            kind: Type = List(operand.item, operand.max_items) if node.kind == "filter" else BOOL
            return replace(node, body=self.expect(node.body, BOOL), type=kind)
        if node.condition is None:
            body = self.check(node.body)
            return replace(node, body=body, type=List(body.type, operand.max_items))
        condition = self.expect(node.condition, BOOL)
        body = self.assuming(when_true(condition), node.body)
        return replace(node, condition=condition, body=body, type=List(body.type, operand.max_items))

    def _has(self, node: Has) -> Node:
        operand = node.path
        prefixes: list[Path] = []
        while isinstance(operand, Member):
            operand = operand.operand
            path = path_of(operand)
            if path is not None:
                prefixes.append(path)
        return replace(node, path=self.assuming(prefixes, node.path), type=BOOL)

    def _coalesce(self, node: Coalesce) -> Node:
        items = tuple(self.check(item) for item in node.items)
        if not items:
            self.problems.add(node.span, "arity", name="coalesce", expected="1…", found=0)
        certain = any(not may_be_null(item.type) for item in items)
        kind = self._all_one_type(node, [item.type for item in items])
        return replace(node, items=items, type=strip(kind) if certain else kind)
