"""The types of expressions, and how they relate.

Sizes (`List.max_items`, `Text.max_length`) belong to a type because the cost of an expression is bounded from
them before it runs; they play no part in equality.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field


class Type:
    """Any type of an expression."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Scalar(Type):
    """A type without parts, known by its name."""

    name: str


@dataclass(frozen=True, slots=True)
class Text(Type):
    """Text of at most `max_length` characters (code points)."""

    max_length: int = field(default=10_000, compare=False)


@dataclass(frozen=True, slots=True)
class Code(Type):
    """One of `codes`; `codes=None` is an open list. A code can stand wherever text can."""

    name: str
    codes: frozenset[str] | None = None

    def __post_init__(self) -> None:
        if self.codes is not None:
            object.__setattr__(self, "codes", frozenset(self.codes))


@dataclass(frozen=True, slots=True)
class List(Type):
    """At most `max_items` values of one type."""

    item: Type
    max_items: int = field(default=1000, compare=False)


@dataclass(frozen=True, eq=False)
class Row(Type):
    """Named fields, each with its type. A value is any Mapping that has at least these keys."""

    fields: Mapping[str, Type]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Row) and dict(self.fields) == dict(other.fields)

    def __hash__(self) -> int:
        return hash(frozenset(self.fields.items()))


@dataclass(frozen=True, slots=True)
class Nullable(Type):
    """A value of `item`, or null."""

    item: Type

    def __post_init__(self) -> None:
        if isinstance(self.item, Nullable):
            object.__setattr__(self, "item", self.item.item)


BOOL = Scalar("bool")
INT = Scalar("int")
NUMBER = Scalar("number")
TEXT = Text()
DATE = Scalar("date")
MONTH = Scalar("month")
DATETIME = Scalar("datetime")
TIME = Scalar("time")
NULL = Scalar("null")
UNKNOWN = Scalar("unknown")
"""The type of what was already refused: agrees with everything, so that one mistake is reported once."""

ORDERED = (INT, NUMBER, DATE, MONTH, DATETIME, TIME)
"""Scalars that can be compared with < and sorted; text and codes too (by code point)."""

_JA = {
    "bool": "真偽",
    "int": "整数",
    "number": "数",
    "date": "日付",
    "month": "年月",
    "datetime": "日時",
    "time": "時刻",
    "null": "null",
    "unknown": "不明",
}


def describe(of: Type) -> str:
    """The type in English, as in messages: ``list of {cost: int}``, ``date or null``."""
    match of:
        case Scalar(name):
            return name
        case Text():
            return "text"
        case Code(name):
            return f"code {name}"
        case List(item):
            return f"list of {describe(item)}"
        case Nullable(item):
            return f"{describe(item)} or null"
        case Row(fields):
            return "row {" + _some(f"{name}: {describe(kind)}" for name, kind in fields.items()) + "}"
    return "value"


def describe_ja(of: Type) -> str:
    """The type in Japanese, as in messages."""
    match of:
        case Scalar(name):
            return _JA.get(name, name)
        case Text():
            return "文字列"
        case Code(name):
            return f"コード（{name}）"
        case List(item):
            return f"{describe_ja(item)}の一覧"
        case Nullable(item):
            return f"{describe_ja(item)}またはnull"
        case Row(fields):
            return "行（" + _some(fields) + "）"
    return "値"


def _some(parts: Iterable[str]) -> str:
    shown = list(parts)
    return ", ".join(shown[:6]) + (", …" if len(shown) > 6 else "")


def strip(of: Type) -> Type:
    """The type without its null."""
    return of.item if isinstance(of, Nullable) else of


def may_be_null(of: Type) -> bool:
    return of == NULL or isinstance(of, Nullable)


def is_textual(of: Type) -> bool:
    return isinstance(of, Text | Code)


def is_numeric(of: Type) -> bool:
    return of in (INT, NUMBER)


def is_ordered(of: Type) -> bool:
    return is_textual(of) or of in ORDERED


def is_container(of: Type) -> bool:
    """Whether values of the type hold other values."""
    return isinstance(strip(of), List | Row)


def max_length(of: Type) -> int:
    """The longest text of a textual type, in characters."""
    kind = strip(of)
    if isinstance(kind, Text):
        return kind.max_length
    if isinstance(kind, Code) and kind.codes is not None:
        return max(map(len, kind.codes), default=0)
    return TEXT.max_length


def max_items(of: Type) -> int:
    """The most items of a list type; 0 for any other type."""
    kind = strip(of)
    return kind.max_items if isinstance(kind, List) else 0


def assignable(source: Type, target: Type) -> bool:
    """Whether every value of `source` can stand where `target` is expected."""
    if UNKNOWN in (source, target):
        return True
    if isinstance(target, Nullable):
        return source == NULL or assignable(strip(source), target.item)
    match source, target:
        case (Text() | Code(), Text()):
            return True
        case (Text(), Code(codes=None)):
            return True
        case (Code(codes=given), Code(codes=wanted)):
            return wanted is None or (given is not None and given <= wanted)
        case (List(given_item), List(wanted_item)):
            return assignable(given_item, wanted_item)
        case (Row(given_fields), Row(wanted_fields)):
            return all(
                name in given_fields and assignable(given_fields[name], kind)
                for name, kind in wanted_fields.items()
            )
    return source == target or (source == INT and target == NUMBER)


def join(one: Type, other: Type) -> Type | None:
    """The smallest type that holds both, or None."""
    if UNKNOWN in (one, other):
        return other if one == UNKNOWN else one
    if may_be_null(one) or may_be_null(other):
        return _join_nullable(one, other)
    match one, other:
        case (Text() | Code(), Text() | Code()):
            return _join_text(one, other)
        case (List(item, most), List(other_item, other_most)):
            both = join(item, other_item)
            return None if both is None else List(both, max(most, other_most))
        case (Row(fields), Row(other_fields)):
            return _join_rows(fields, other_fields)
    if one == other:
        return one
    return NUMBER if is_numeric(one) and is_numeric(other) else None


def _join_nullable(one: Type, other: Type) -> Type | None:
    if one == NULL or other == NULL:
        some = other if one == NULL else one
        return some if may_be_null(some) else Nullable(some)
    both = join(strip(one), strip(other))
    return None if both is None else Nullable(both)


def _join_text(one: Type, other: Type) -> Type:
    if isinstance(one, Code) and isinstance(other, Code) and one.name == other.name:
        closed = one.codes is not None and other.codes is not None
        return Code(one.name, one.codes | other.codes if closed else None)  # type: ignore[operator]
    return Text(max(max_length(one), max_length(other)))


def _join_rows(fields: Mapping[str, Type], others: Mapping[str, Type]) -> Type | None:
    if set(fields) != set(others):
        return None
    joined = {name: join(kind, others[name]) for name, kind in fields.items()}
    whole = {name: kind for name, kind in joined.items() if kind is not None}
    return Row(whole) if len(whole) == len(joined) else None


def join_all(kinds: Iterable[Type]) -> Type | None:
    """The smallest type that holds all; UNKNOWN for none."""
    joined: Type | None = UNKNOWN
    for kind in kinds:
        if joined is None:
            return None
        joined = join(joined, kind)
    return joined
