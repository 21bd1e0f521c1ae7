"""Tree → typed tree. Finds every type error and unknown name, and says which names an expression uses.

Null is followed through conditions: after ``x != null &&``, ``has(x) &&`` or in the right branch of
``x == null ? … : …`` the path x has its type without null. That is sound for pending answers as well, because
a condition is only pending where the facts that it would establish are established or pending themselves.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from kiban.kernel.expr.builtins import BUILTINS
from kiban.kernel.expr.functions import Function
from kiban.kernel.expr.narrowing import Path, when_false, when_true
from kiban.kernel.expr.operators import binary_type
from kiban.kernel.expr.problems import Problems, nearest
from kiban.kernel.expr.tree import (
    Binary,
    Call,
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
    assignable,
    describe,
    describe_ja,
    is_numeric,
    is_textual,
    join_all,
    may_be_null,
    strip,
)

LONGEST_TEXT = 1_000_000


@dataclass(frozen=True)
class Scope:
    """What an expression may name: values with their types, and functions.

    `functions` maps a name to a Function or to its overloads; use ``BUILTINS.adding(…)`` for engine functions.
    """

    names: Mapping[str, Type]
    functions: Mapping[str, Function | Sequence[Function]] = field(default_factory=lambda: BUILTINS)


def named(kind: Type) -> tuple[str, str]:
    """A type for a message: (English, Japanese)."""
    return describe(kind), describe_ja(kind)


class Checker:
    """Checks one source. `check` answers the typed tree; `used` has the dotted paths that it reads."""

    def __init__(self, scope: Scope, problems: Problems) -> None:
        self.scope = scope
        self.problems = problems
        self.used: set[str] = set()
        self.variables: dict[str, tuple[Type, str | None]] = {}
        self.facts: frozenset[Path] = frozenset()

    def result(self, tree: Node, expect: Type | None) -> Node:
        """The typed tree of a whole expression whose value must be of `expect`."""
        return self.check(tree) if expect is None else self.expect(tree, expect)

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
        if not all(isinstance(code, Code) and _is_text(leaf) for leaf, code in unfit):
            return False
        for leaf, code in unfit:
            assert isinstance(leaf, Literal) and isinstance(code, Code)
            self._check_code(leaf, code)
        return True

    def _check_code(self, literal: Literal, code: Code) -> None:
        text = str(literal.value)
        if code.codes is not None and literal.value is not None and text not in code.codes:
            meant = nearest(text, sorted(code.codes))
            shown = None if meant is None else f'"{meant}"'
            self.problems.add(literal.span, "not_in_list", shown, text=text, name=code.name)

    def assuming(self, facts: Iterable[Path], node: Node, kind: Type | None = None) -> Node:
        """Check a node where the paths are known not to be null."""
        before = self.facts
        self.facts = before | frozenset(facts)
        typed = self.check(node) if kind is None else self.expect(node, kind)
        self.facts = before
        return typed

    # Leaves and paths

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
            meant = nearest(node.name, [*self.scope.names, *self.variables])
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
                meant = nearest(node.name, found.fields)
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
            meant = nearest(index.value, row.fields)
            shown = None if meant is None else f'"{meant}"'
            self.problems.add(index.span, "unknown_member", shown, type=named(row), name=index.value)
            return UNKNOWN
        kind = self.non_null(index)
        if kind != UNKNOWN and not is_textual(kind):
            self.problems.add(index.span, "expected_type", expected=named(Text()), found=named(kind))
        joined = self._all_one_type(node, row.fields.values())
        complete = isinstance(kind, Code) and kind.codes is not None and kind.codes <= set(row.fields)
        return joined if complete or joined == UNKNOWN else Nullable(joined)

    def _all_one_type(self, node: Node, kinds: Iterable[Type]) -> Type:
        found = list(kinds)
        joined = join_all(found)
        if joined is not None:
            return joined
        other = next(kind for kind in found if join_all((found[0], kind)) is None or kind == found[-1])
        self.problems.add(node.span, "mixed", left=named(found[0]), right=named(other))
        return UNKNOWN

    # Operators

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
                if isinstance(leaf, Literal) and _is_text(leaf):
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

    # Lists, rows, macros

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

    # Calls

    def _call(self, node: Call) -> Node:
        args = tuple(self.check(arg) for arg in node.args)
        typed = replace(node, args=args)
        found = self.scope.functions.get(node.function)
        if found is None:
            self._unknown_function(node)
            return typed
        overloads = (found,) if isinstance(found, Function) else tuple(found)
        fitting = [f for f in overloads if f.takes(len(args))]
        if not fitting:
            counts = sorted({count for f in overloads for count in range(10) if f.takes(count)})
            shown = "…" if len(counts) > 5 else "/".join(map(str, counts))
            self.problems.add(node.span, "arity", name=node.function, expected=shown, found=len(args))
            return typed
        for function in fitting:
            kind = self._result(function, args)
            if kind is not None:
                return self._resolved(replace(typed, target=function), function, kind)
        self._no_overload(typed, fitting)
        return typed

    def _unknown_function(self, node: Call) -> None:
        meant = nearest(node.function, [*self.scope.functions, "has", "coalesce"])
        at = node.span[0]
        if node.method:
            at = self.problems.source.find(node.function, node.args[0].span[1])
        span = (at, at + len(node.function))
        self.problems.add(span, "unknown_function", meant, name=node.function)

    def _result(self, function: Function, args: Sequence[Node]) -> Type | None:
        if any(arg.type == UNKNOWN for arg in args):
            return UNKNOWN
        for index, arg in enumerate(args):
            wanted = function.param(index)
            if not assignable(arg.type, wanted) or (wanted == UNKNOWN and may_be_null(arg.type)):
                return None
        return function.result if function.rule is None else function.rule(args)

    def _resolved(self, node: Call, function: Function, kind: Type) -> Node:
        for index, read in function.literal.items():
            self._check_literal(node, index, read)
        if isinstance(kind, Text) and kind.max_length > LONGEST_TEXT:
            self.problems.add(node.span, "text_too_long", length=kind.max_length, most=LONGEST_TEXT)
            kind = UNKNOWN
        self.used.update(function.env)
        return replace(node, type=kind)

    def _check_literal(self, node: Call, index: int, read: Callable[[str], object]) -> None:
        arg = node.args[index]
        if not isinstance(arg, Literal) or not isinstance(arg.value, str):
            self.problems.add(arg.span, "literal_needed", name=node.function)
            return
        try:
            read(arg.value)
        except ValueError as error:
            self.problems.add(
                arg.span, "bad_literal", text=arg.value[:80], name=node.function, why=str(error)
            )

    def _no_overload(self, node: Call, overloads: Sequence[Function]) -> None:
        bare = tuple(replace(arg, type=strip(arg.type)) for arg in node.args)
        nulls = [arg for arg in node.args if may_be_null(arg.type)]
        if nulls and any(self._result(function, bare) is not None for function in overloads):
            for arg in nulls:
                self.problems.add(arg.span, "maybe_null")
            return
        if len(overloads) == 1 and overloads[0].rule is None:
            for index, arg in enumerate(node.args):
                self.fits(arg, overloads[0].param(index))
            return
        found = tuple(", ".join(parts) for parts in zip(*(named(arg.type) for arg in node.args), strict=True))
        forms = " / ".join(dict.fromkeys(function.form() for function in overloads))
        self.problems.add(node.span, "no_overload", name=node.function, found=found, forms=forms)


def _is_text(node: Node) -> bool:
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
