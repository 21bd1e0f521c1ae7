"""Random expressions: syntactic trees of any shape, and well-typed ones with environments to run them in."""

from datetime import date
from decimal import Decimal
from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from kiban.kernel.expr import (
    BOOL,
    DATE,
    INT,
    NUMBER,
    PENDING,
    TEXT,
    Code,
    List,
    Nullable,
    Row,
    Scope,
)
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
)

# Trees of any shape

NAMES = st.sampled_from(["a", "b", "total_cost", "param", "_x1", "Kind"])
LITERALS = st.one_of(
    st.just(Literal("null", None)),
    st.booleans().map(lambda value: Literal("bool", value)),
    st.integers(0, 10**18).map(lambda value: Literal("int", value)),
    st.decimals(0, 10**6, places=4).map(lambda value: Literal("number", Fraction(value))),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8).map(
        lambda value: Literal("text", value)
    ),
)
LEAVES = LITERALS | NAMES.map(Name)


def _paths(draw: Any) -> Node:
    node: Node = Name(draw(NAMES))
    for name in draw(st.lists(NAMES, max_size=2)):
        node = Member(node, name)
    return node


def _larger(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    binary = st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "in", "+", "-", "*", "/", "%"])
    some = st.lists(inner, max_size=3).map(tuple)
    return st.one_of(
        st.builds(Unary, st.sampled_from(["!", "-"]), inner),
        st.builds(Binary, binary, inner, inner),
        st.builds(Logic, st.sampled_from(["&&", "||"]), st.lists(inner, min_size=2, max_size=4).map(tuple)),
        st.builds(Ternary, inner, inner, inner),
        st.builds(Member, inner, NAMES),
        st.builds(Index, inner, inner),
        st.builds(ListOf, some),
        st.builds(
            RowOf, st.dictionaries(st.text("ab\"'\\\n 鷹", max_size=3), inner, max_size=3).map(_entries)
        ),
        st.builds(Call, st.sampled_from(["size", "sum", "f"]), some),
        st.builds(lambda args: Call("size", args, True), st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(Macro, st.sampled_from(["all", "exists", "exists_one", "filter"]), inner, NAMES, inner),
        st.builds(Macro, st.just("map"), inner, NAMES, inner, st.none() | inner),
        st.builds(Coalesce, some),
        st.composite(_paths)().map(Has),
    )


def _entries(rows: dict[str, Node]) -> tuple[tuple[str, Node], ...]:
    return tuple(rows.items())


TREES = st.recursive(LEAVES, _larger, max_leaves=25)

# Well-typed trees

KIND = Code("kind", frozenset({"car", "bus", "truck"}))
ITEM = Row({"cost": NUMBER, "ok": BOOL, "more": Nullable(INT)})
SCOPE = Scope(
    {
        "i": INT,
        "j": INT,
        "x": NUMBER,
        "p": BOOL,
        "q": BOOL,
        "t": TEXT,
        "d": DATE,
        "e": DATE,
        "n": Nullable(INT),
        "kind": KIND,
        "row": Row({"i": INT, "m": Nullable(INT), "deep": Row({"p": BOOL})}),
        "xs": List(INT, 4),
        "rows": List(ITEM, 4),
    }
)


class Typed:
    """Draws well-typed trees. `facts` are the nullable paths that are known to hold a value here."""

    def __init__(self, draw: Any) -> None:
        self.draw = draw
        self.free = ["v1", "v2", "v3"]
        self.ints: list[Node] = [Name("i"), Name("j"), Member(Name("row"), "i")]
        self.numbers: list[Node] = [Name("x")]
        self.bools: list[Node] = [Name("p"), Name("q"), Member(Member(Name("row"), "deep"), "p")]
        self.nullables: list[Node] = [Name("n"), Member(Name("row"), "m")]

    def pick(self, *options: Any) -> Any:
        return self.draw(st.sampled_from(options))

    def bool(self, depth: int) -> Node:
        if depth <= 0:
            return self.pick(*self.bools, Literal("bool", True), Literal("bool", False))
        return getattr(self, self.pick(*BOOL_FORMS))(depth - 1)

    def bool_leaf(self, depth: int) -> Node:
        return self.bool(0)

    def negation(self, depth: int) -> Node:
        return Unary("!", self.bool(depth))

    def logic(self, depth: int) -> Node:
        count = self.pick(2, 2, 3, 4)
        return Logic(self.pick("&&", "||"), tuple(self.bool(depth) for _ in range(count)))

    def ternary_bool(self, depth: int) -> Node:
        return Ternary(self.bool(depth), self.bool(depth), self.bool(depth))

    def ordered(self, depth: int) -> Node:
        make = self.pick(self.int, self.number, self.date, self.text)
        return Binary(self.pick("<", "<=", ">", ">=", "==", "!="), make(depth), make(depth))

    def null_test(self, depth: int) -> Node:
        path = self.pick(*self.nullables)
        null = Literal("null", None)
        return self.pick(Has(path), Binary("==", path, null), Binary("!=", null, path))

    def guarded(self, depth: int) -> Node:
        """``path != null && …`` in which the path is an int."""
        path = self.pick(*self.nullables)
        test, operator = self.pick(
            (Binary("!=", path, Literal("null", None)), "&&"),
            (Has(path), "&&"),
            (Binary("==", path, Literal("null", None)), "||"),
        )
        self.ints.append(path)
        inner = self.bool(depth)
        self.ints.pop()
        return Logic(operator, (*((self.bool(depth),) if self.pick(True, False) else ()), test, inner))

    def guarded_int(self, depth: int) -> Node:
        path = self.pick(*self.nullables)
        otherwise = self.int(depth)
        self.ints.append(path)
        inner = self.int(depth)
        self.ints.pop()
        return Ternary(Binary("==", path, Literal("null", None)), otherwise, inner)

    def code(self, depth: int) -> Node:
        known = [Literal("text", code) for code in ("car", "bus")]
        return self.pick(
            Binary("==", Name("kind"), known[0]), Binary("in", Name("kind"), ListOf(tuple(known)))
        )

    def held(self, depth: int) -> Node:
        return Binary("in", self.int(depth), self.ints_list(depth))

    def quantified(self, depth: int) -> Node:
        return self.over(self.pick("all", "exists", "exists_one"), depth, self.bool)

    def over(self, kind: str, depth: int, body: Any, condition: Any = None) -> Node:
        """A macro over ints or rows, in whose body the variable can be used."""
        if not self.free:
            return Literal("bool", True) if kind != "map" else ListOf(())
        name = self.free.pop()
        over_rows = self.pick(True, False)
        operand = Name("rows") if over_rows else self.ints_list(depth)
        kept = self.ints, self.numbers, self.bools, self.nullables
        if over_rows:
            self.numbers = [*self.numbers, Member(Name(name), "cost")]
            self.bools = [*self.bools, Member(Name(name), "ok")]
            self.nullables = [*self.nullables, Member(Name(name), "more")]
        else:
            self.ints = [*self.ints, Name(name), Name(name)]
        test = None if condition is None else condition(depth)
        inner = body(depth)
        self.ints, self.numbers, self.bools, self.nullables = kept
        self.free.append(name)
        return Macro(kind, operand, name, inner, test)

    def int(self, depth: int) -> Node:
        if depth <= 0:
            return self.pick(*self.ints, Literal("int", 0), Literal("int", 3))
        return getattr(self, self.pick(*INT_FORMS))(depth - 1)

    def int_leaf(self, depth: int) -> Node:
        return self.int(0)

    def sum_int(self, depth: int) -> Node:
        return Binary(self.pick("+", "-", "*", "%"), self.int(depth), self.int(depth))

    def minus(self, depth: int) -> Node:
        return Unary("-", self.int(depth))

    def days(self, depth: int) -> Node:
        return Binary("-", self.date(depth), self.date(depth))

    def call_int(self, depth: int) -> Node:
        return self.pick(
            lambda: Call("size", (self.ints_list(depth),), True),
            lambda: Call("sum", (self.ints_list(depth),)),
            lambda: Call("max", (self.int(depth), self.int(depth))),
            lambda: Call("index_of", (self.ints_list(depth), self.int(depth))),
            lambda: Call("cut", (self.number(depth),)),
            lambda: Call("size", (self.text(depth),)),
            lambda: Call("weekday", (self.date(depth),)),
        )()

    def picked(self, depth: int) -> Node:
        return Index(self.ints_list(depth), self.int(0))

    def coalesced(self, depth: int) -> Node:
        parts = (self.pick(*self.nullables), Call("first", (self.ints_list(depth),)), self.int(depth))
        return Coalesce(parts[self.pick(0, 1) :])

    def ternary_int(self, depth: int) -> Node:
        return Ternary(self.bool(depth), self.int(depth), self.int(depth))

    def number(self, depth: int) -> Node:
        if depth <= 0:
            return self.pick(*self.numbers, Literal("number", Fraction(1, 10)), Name("i"))
        return Binary(self.pick("+", "-", "*", "/"), self.number(depth - 1), self.number(depth - 1))

    def date(self, depth: int) -> Node:
        if depth <= 0:
            return self.pick(Name("d"), Name("e"), Call("date", (Literal("text", "2024-02-29"),)))
        if self.pick(True, False):
            return Call("add_months", (self.date(depth - 1), self.int(0)))
        return Binary(self.pick("+", "-"), self.date(depth - 1), self.int(depth - 1))

    def text(self, depth: int) -> Node:
        leaf = self.pick(Name("t"), Name("kind"))
        return leaf if depth <= 0 else Binary("+", Literal("text", "葛󠄀"), self.text(depth - 1))

    def ints_list(self, depth: int) -> Node:
        if depth <= 0:
            return self.pick(Name("xs"), ListOf((self.int(0), self.int(0))))
        return self.pick(
            lambda: Name("xs"),
            lambda: ListOf((self.int(depth - 1), self.int(0))),
            lambda: self.over("map", depth - 1, self.int, self.pick(None, self.bool)),
            lambda: Macro("filter", Name("xs"), "w", Binary(">", Name("w"), self.int(0))),
            lambda: Binary("+", Name("xs"), self.ints_list(depth - 1)),
        )()


BOOL_FORMS = (
    "bool_leaf", "negation", "logic", "logic", "ternary_bool", "ordered", "ordered", "null_test", "guarded",
    "code", "held", "quantified", "quantified",
)  # fmt: skip
INT_FORMS = (
    "int_leaf", "sum_int", "minus", "days", "call_int", "picked", "coalesced", "ternary_int", "guarded_int",
)  # fmt: skip


@st.composite
def typed_trees(draw: Any) -> Node:
    """A well-typed tree of type bool, int, number or list of int over SCOPE."""
    typed = Typed(draw)
    make = draw(st.sampled_from([typed.bool, typed.bool, typed.int, typed.number, typed.ints_list]))
    return make(draw(st.integers(1, 4)))


SMALL = st.integers(-3, 5)
DAYS = st.dates(date(2023, 12, 25), date(2024, 3, 5))
NUMBERS = SMALL | st.fractions(-3, 3, max_denominator=6) | st.decimals(-3, 3, places=1).map(Decimal)


ABSENT = object()


def _maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Mostly answered; now and then PENDING."""
    return _seldom(values, PENDING, 10)


def _seldom(values: st.SearchStrategy[Any], other: object, one_in: int) -> st.SearchStrategy[Any]:
    return st.integers(1, one_in).flatmap(lambda n: st.just(other) if n == one_in else values)


def _row(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Rows in which a field may be absent, which is as good as pending."""
    every = {name: _seldom(values, ABSENT, 20) for name, values in fields.items()}
    return st.fixed_dictionaries(every).map(
        lambda row: {name: value for name, value in row.items() if value is not ABSENT}
    )


ITEMS = _row(cost=_maybe(NUMBERS), ok=_maybe(st.booleans()), more=_maybe(st.none() | SMALL))
ENVIRONMENTS = _row(
    i=_maybe(SMALL),
    j=_maybe(SMALL),
    x=_maybe(NUMBERS),
    p=_maybe(st.booleans()),
    q=_maybe(st.booleans()),
    t=_maybe(st.text("aあ葛\U000e0100", max_size=3)),
    d=_maybe(DAYS),
    e=_maybe(DAYS),
    n=_maybe(st.none() | SMALL),
    kind=_maybe(st.sampled_from(["car", "bus", "truck"])),
    row=_maybe(
        _row(i=_maybe(SMALL), m=_maybe(st.none() | SMALL), deep=_maybe(_row(p=_maybe(st.booleans()))))
    ),
    xs=_maybe(st.lists(_maybe(SMALL), max_size=4)),
    rows=_maybe(st.lists(_maybe(ITEMS), max_size=4)),
)
