"""Values from outside → values of the declared type, or a Failure that says which name holds what wrong.

Compiled expressions ask the class of a value in place and come here only when it isn't the expected one.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from fractions import Fraction
from typing import Any

from kiban.kernel.dates import Month
from kiban.kernel.expr.problems import Failure
from kiban.kernel.expr.types import (
    BOOL,
    DATE,
    DATETIME,
    INT,
    MONTH,
    NUMBER,
    TIME,
    List,
    Nullable,
    Row,
    Type,
    describe,
    describe_ja,
    is_container,
    is_textual,
    max_length,
    strip,
)
from kiban.kernel.expr.values import PENDING, exact

Adapter = Callable[[Any], Any]


def scalar_class(kind: Type) -> type | None:
    """The class that nearly all values of a type have; None where the class alone doesn't prove the value."""
    if is_textual(kind):
        return str
    return {BOOL: bool, INT: int, DATE: date, MONTH: Month}.get(kind)


def adapter(kind: Type, name: str) -> Adapter:
    """What makes a value of the type from what was given for `name`; lets PENDING through."""
    make = _maker(strip(kind))
    optional = isinstance(kind, Nullable)

    def adapt(value: Any) -> Any:
        if value is PENDING or (value is None and optional):
            return value
        try:
            return make(value)
        except (TypeError, ValueError) as error:
            if isinstance(error, Failure):
                raise
            shown = describe(kind), describe_ja(kind)
            raise Failure("bad_value", name=name, type=shown) from None

    def make_text(value: Any) -> Any:
        text = adapt(value)
        if isinstance(text, str) and len(text) > longest:
            raise Failure("value_too_long", name=name, length=len(text), most=longest)
        return text

    def make_list(value: Any) -> Any:
        if value is PENDING or (value is None and optional):
            return value
        if not isinstance(value, Sequence) or isinstance(value, str | bytes):
            raise Failure("bad_value", name=name, type=(describe(kind), describe_ja(kind)))
        if len(value) > most:
            raise Failure("too_many_items", name=name, count=len(value), most=most)
        return value if item is None else [item(found) for found in value]

    bare = strip(kind)
    if is_textual(bare):
        longest = max(max_length(bare), 1)
        return make_text
    if isinstance(bare, List):
        most = bare.max_items
        item = None if isinstance(strip(bare.item), Row) else adapter(bare.item, name)
        return make_list
    return adapt


def _maker(kind: Type) -> Adapter:
    if kind == NUMBER:
        return _number
    if kind == DATETIME:
        return _instant
    if kind == DATE:
        return _date
    if kind == INT:
        return _int
    if isinstance(kind, Row):
        return _row
    expected = str if is_textual(kind) else {BOOL: bool, MONTH: Month, TIME: time}.get(kind, type(None))

    def make(value: Any) -> Any:
        if not isinstance(value, expected):
            raise TypeError
        return str.__str__(value) if expected is str else value

    return make


def _int(value: Any) -> int:
    if isinstance(value, Fraction | Decimal):
        raise TypeError
    return int(exact(value))


def _number(value: Any) -> Any:
    return exact(value)


def _date(value: Any) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise TypeError
    return value


def _instant(value: Any) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise TypeError
    return value


def _row(value: Any) -> Any:
    if not isinstance(value, Mapping):
        raise TypeError
    return value


def plain(kind: Type, name: str = "value") -> Adapter:
    """What makes a whole value of the type, rows included; PENDING when anything in it is pending."""
    bare, optional = strip(kind), isinstance(kind, Nullable)
    if not is_container(bare):
        return adapter(kind, name)
    shallow = adapter(kind, name)
    if isinstance(bare, Row):
        fields = {key: plain(field, f"{name}.{key}") for key, field in bare.fields.items()}

        def make_row(value: Any) -> Any:
            row = shallow(value)
            if row is PENDING or (row is None and optional):
                return row
            made = {key: make(row.get(key, PENDING)) for key, make in fields.items()}
            return PENDING if any(part is PENDING for part in made.values()) else made

        return make_row
    assert isinstance(bare, List)
    item = plain(bare.item, name)

    def make_list(value: Any) -> Any:
        items = shallow(value)
        if items is PENDING or (items is None and optional):
            return items
        made = [item(part) for part in items]
        return PENDING if any(part is PENDING for part in made) else made

    return make_list
