"""Typed tree → Python function.

The tree is written out as straight Python statements over local variables, compiled once. The text that is
compiled holds no character of the source: names are our own (t1, k2, f3), and every constant stands in the
function's globals. The line on which an exception is raised tells the node, so that positions cost nothing
while all goes well.

What is pending is the value P. Each statement that could meet it asks first, and only where it can occur.
`&&`, `||`, `?:`, `all` and `exists` go on past a pending part, because a later one may decide; an error in
what is evaluated only for that reason counts as pending too.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from types import CodeType, TracebackType
from typing import Any

from kiban.kernel.expr import numbers
from kiban.kernel.expr.adapt import adapter, plain, scalar_class
from kiban.kernel.expr.problems import ERROR_CLASSES, EvaluationError, Failure, place, say
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
    Span,
    Ternary,
    Unary,
    path_of,
    walk,
)
from kiban.kernel.expr.types import (
    BOOL,
    DATE,
    INT,
    NUMBER,
    List,
    Row,
    Type,
    is_container,
    is_numeric,
    is_textual,
    max_length,
    may_be_null,
    strip,
)
from kiban.kernel.expr.values import LARGEST, PENDING, bound

FILENAME = "<kiban expression>"
DEEPEST = 14
"""Levels of indentation before the rest goes to a function of its own (Python allows 20 nested blocks)."""

FAILURES = (ValueError, ArithmeticError, TypeError, LookupError, AttributeError)
Run = Callable[[Mapping[str, object]], Any]


@dataclass(frozen=True, slots=True)
class Atom:
    """Where a value stands: a local variable or a constant, by our name for it.

    `pending`: it may be P. `holes`: a list of which some items may be P. `value`: (the constant,) or ().
    """

    code: str
    pending: bool = False
    holes: bool = False
    value: tuple[Any, ...] = ()


@dataclass(slots=True)
class _Function:
    """A Python function while it is written."""

    lines: list[tuple[str, Span]]
    indent: int
    cache: dict[tuple[str, ...], Atom]


def can_fail(node: Node) -> bool:
    """Whether evaluating a typed node can end in an error other than by a wrong value for a name."""
    return any(
        isinstance(n, Call | Index) or (isinstance(n, Binary) and n.operator in ("+", "-", "*", "/", "%"))
        for n in walk(node)
    )


def pick(items: Sequence[Any], index: int) -> Any:
    """The item at `index`, from 0; Failure when there is none."""
    if not 0 <= index < len(items):
        raise Failure("no_such_item", count=len(items), index=index)
    return items[index]


def among(value: Any, items: Sequence[Any]) -> Any:
    """Whether the value is an item; pending when none is and an item is pending."""
    unknown = False
    for item in items:
        if item is PENDING:
            unknown = True
        elif item == value:
            return True
    return PENDING if unknown else False


def agreed(yes: Any, no: Any) -> Any:
    """What a ternary with a pending condition gives: the value that both branches have."""
    if yes is PENDING or no is PENDING:
        return PENDING
    return yes if yes == no else PENDING


class Writer:
    """Writes one typed tree as Python."""

    def __init__(self, source: str) -> None:
        self.source = source
        self.globals: dict[str, Any] = {
            "__builtins__": {},
            "P": PENDING,
            "FAILURES": FAILURES,
            "int_": int,
            "len_": len,
            "bound": bound,
        }
        self.constants: dict[int, str] = {}
        self.count = 0
        self.variables: dict[str, Atom] = {}
        self.functions: list[_Function] = []
        self.written: list[_Function] = []

    # Text of the function

    def line(self, text: str, node: Node) -> None:
        function = self.functions[-1]
        function.lines.append((" " * function.indent + text, node.span))

    @contextmanager
    def block(self, head: str, node: Node) -> Iterator[None]:
        """Statements under `head`; what they load isn't known to be loaded after them."""
        self.line(head, node)
        function = self.functions[-1]
        kept = function.cache
        function.cache = dict(kept)
        function.indent += 1
        yield
        function.indent -= 1
        function.cache = kept

    def new(self) -> str:
        self.count += 1
        return f"t{self.count}"

    def constant(self, value: object, prefix: str = "k") -> str:
        """The global name that holds `value`."""
        if value is None or value is True or value is False:
            return str(value)
        found = self.constants.get(id(value))
        if found is None:
            found = f"{prefix}{len(self.globals)}"
            self.constants[id(value)] = found
            self.globals[found] = value
        return found

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

    def _open(self, name: str, params: list[str]) -> None:
        self.functions.append(_Function([(f"def {name}({', '.join(params)}):", (0, 0))], 1, {}))

    def _close(self) -> None:
        self.written.append(self.functions.pop())

    def _compile(self) -> Run:
        lines = [line for function in self.written for line in function.lines]
        spans = [span for _text, span in lines]
        code: CodeType = compile(
            "\n".join(text for text, _span in lines) + "\n", FILENAME, "exec", dont_inherit=True
        )
        self.globals["located"] = _locator(self.source, spans)
        exec(code, self.globals)  # noqa: S102 - text of our own making, see the head of this module
        main: Run = self.globals["main"]
        return main

    # Nodes

    def emit(self, node: Node) -> Atom:
        """Write what computes the node; where it stands."""
        known = self.known(node)
        if known is not None:
            return self.fixed(known[0])
        if self.functions[-1].indent > DEEPEST:
            return self._outsource(node)
        method: Callable[[Node], Atom] = getattr(self, f"_{type(node).__name__.lower()}")
        return method(node)

    def known(self, node: Node) -> tuple[Any] | None:
        """The value of a node that is the same for every environment."""
        if isinstance(node, Literal):
            return (bound(node.value) if isinstance(node.value, Fraction) else node.value,)
        if isinstance(node, Unary) and node.operator == "-":
            inner = self.known(node.operand)
            return None if inner is None else (-inner[0],)
        if isinstance(node, Call) and node.target is not None and node.target.trusted and node.target.literal:
            if len(node.args) == 1 and isinstance(node.args[0], Literal):
                return (node.target.literal[0](str(node.args[0].value)),)
        return None

    def fixed(self, value: Any) -> Atom:
        return Atom(self.constant(value), value=(value,))

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

    def _name(self, node: Node) -> Atom:
        assert isinstance(node, Name)
        if node.name in self.variables:
            return self.variables[node.name]
        return self._loaded(node, lambda: f"env.get({self.constant(node.name)}, P)")

    def _member(self, node: Node) -> Atom:
        assert isinstance(node, Member)
        key = self.constant(node.name)

        def load() -> str:
            row = self.emit(node.operand)
            get = f"{row.code}.get({key}, P)"
            return f"P if {row.code} is P else {get}" if row.pending else get

        return self._loaded(node, load)

    def _loaded(self, node: Name | Member, load: Callable[[], str]) -> Atom:
        """A value from outside, made one of its type; once for each path in a row of statements."""
        path = path_of(node)
        cache = self.functions[-1].cache
        if path is not None and path in cache:
            return cache[path]
        result = self.new()
        self.line(f"{result} = {load()}", node)
        self._adapt(result, node)
        atom = Atom(result, True, isinstance(strip(node.type), List))
        if path is not None:
            self.functions[-1].cache[path] = atom
        return atom

    def _adapt(self, result: str, node: Name | Member) -> None:
        """Let only values of the declared type pass."""
        kind = strip(node.type)
        wrong = f"{result}.__class__ is not {self.constant(scalar_class(kind))}"
        if is_textual(kind):
            wrong = f"({wrong} or len_({result}) > {max(max_length(kind), 1)})"
        elif kind == NUMBER:
            wrong = f"{result}.__class__ is not int_"
        elif scalar_class(kind) is None:
            wrong = f"{result} is not P"
        if kind != node.type:
            wrong = f"{result} is not None and {wrong}"
        make = self.constant(adapter(node.type, ".".join(path_of(node) or (node.name,))))
        self.line(f"if {wrong}: {result} = {make}({result})", node)

    def _strict(self, node: Node, atoms: Sequence[Atom], code: str, check: str = "", holes: str = "") -> Atom:
        """``code`` unless one of the atoms is pending; `check` is a statement after it."""
        result = self.new()
        doubts = [f"{code} is P" for code in dict.fromkeys(a.code for a in atoms if a.pending)]
        if holes:
            doubts.append(holes)
        if doubts:
            self.line(f"if {' or '.join(doubts)}: {result} = P", node)
            self.line("else:", node)
            self.functions[-1].indent += 1
        self.line(f"{result} = {code}", node)
        if check:
            self.line(check.format(result), node)
        if doubts:
            self.functions[-1].indent -= 1
        return Atom(result, bool(doubts))

    def _index(self, node: Node) -> Atom:
        assert isinstance(node, Index)
        operand, index = self.emit(node.operand), self.emit(node.index)
        kind = strip(node.operand.type)
        make = self.constant(adapter(node.type, "item"))
        if isinstance(kind, Row):
            keys = self.constant(frozenset(kind.fields))
            get = f"{make}({operand.code}.get({index.code}, P) if {index.code} in {keys} else None)"
        else:
            get = f"{self.constant(pick)}({operand.code}, {index.code})"
        atom = self._strict(node, [operand, index], get)
        return Atom(atom.code, True, isinstance(strip(node.type), List))

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

    def _speculative(self, node: Node, doubt: str, result: str, guarded: bool) -> None:
        """``result`` = node; where `doubt` is pending, an error is pending as well."""
        if not guarded:
            self.line(f"{result} = {self.emit(node).code}", node)
            return
        with self.block("try:", node):
            self.line(f"{result} = {self.emit(node).code}", node)
        with self.block("except FAILURES:", node):
            self.line(f"if {doubt} is not P: raise", node)
            self.line(f"{result} = P", node)

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

    def _has(self, node: Node) -> Atom:
        assert isinstance(node, Has)
        result = self.new()
        self._chain(node.path, result)
        self.line(f"{result} = {result} is not P and {result} is not None", node)
        return Atom(result)

    def _chain(self, node: Node, result: str) -> None:
        """The raw value of a path; None where the way there ends early."""
        if isinstance(node, Member):
            self._chain(node.operand, result)
            key = self.constant(node.name)
            self.line(f"if {result} is not P and {result} is not None: {result} = {result}.get({key})", node)
        elif isinstance(node, Name) and node.name in self.variables:
            self.line(f"{result} = {self.variables[node.name].code}", node)
        elif isinstance(node, Name):
            self.line(f"{result} = env.get({self.constant(node.name)})", node)

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

    # Calls

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

    # Macros

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


def _item(node: Macro) -> Type:
    kind = strip(node.operand.type)
    return kind.item if isinstance(kind, List) else BOOL


def _result_item(node: Macro) -> Type:
    kind = strip(node.type)
    return kind.item if isinstance(kind, List) else BOOL


def _locator(source: str, spans: Sequence[Span]) -> Callable[[BaseException], EvaluationError]:
    """What turns an exception of the compiled function into an EvaluationError with its place."""

    def located(error: BaseException) -> EvaluationError:
        span = (0, len(source))
        trace: TracebackType | None = error.__traceback__
        while trace is not None:
            if trace.tb_frame.f_code.co_filename == FILENAME:
                span = spans[trace.tb_lineno - 1]
            trace = trace.tb_next
        code, message, ja = _words(error)
        kind = ERROR_CLASSES.get(code, EvaluationError)
        return kind(code, message, ja, place(source, span))

    return located


def _words(error: BaseException) -> tuple[str, str, str]:
    if isinstance(error, Failure):
        return error.code, error.message, error.ja
    code = "date_range" if isinstance(error, OverflowError) else "failed"
    return code, *say(code, why=str(error))
