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


_CLASSES: dict[Type, type] = {BOOL: bool, INT: int, DATE: date, MONTH: Month}


def scalar_class(kind: Type) -> type | None:
    """The class that nearly all values of a type have; None where the class alone doesn't prove the value."""
    return str if is_textual(kind) else _CLASSES.get(kind)


def adapter(kind: Type, name: str) -> Adapter:
    """What makes a value of the type from what was given for `name`; lets PENDING through.

    Rows stay as they are: their fields are made sure of where they are read.
    """
    bare = strip(kind)
    if is_textual(bare):
        make = _text_maker(max(max_length(bare), 1), name)
    elif isinstance(bare, List):
        make = _list_maker(bare, name)
    else:
        make = _maker(bare)
    optional = isinstance(kind, Nullable)

    def adapt(value: Any) -> Any:
        if value is PENDING or (value is None and optional):
            return value
        try:
            return make(value)
        except Failure:
            raise
        except (TypeError, ValueError):
            raise Failure("bad_value", name=name, type=(describe(kind), describe_ja(kind))) from None

    return adapt


_LISTS = (tuple, list)  # asked first: an abstract class answers slowly


def _text_maker(longest: int, name: str) -> Adapter:
    def make(value: Any) -> str:
        if not isinstance(value, str):
            raise TypeError
        if len(value) > longest:
            raise Failure("value_too_long", name=name, length=len(value), most=longest)
        return str.__str__(value)

    return make


def _list_maker(kind: List, name: str) -> Adapter:
    item = None if isinstance(strip(kind.item), Row) else adapter(kind.item, name)

    def make(value: Any) -> Any:
        if type(value) not in _LISTS and (not isinstance(value, Sequence) or isinstance(value, str | bytes)):
            raise TypeError
        if len(value) > kind.max_items:
            raise Failure("too_many_items", name=name, count=len(value), most=kind.max_items)
        return value if item is None else [item(found) for found in value]

    return make


def _maker(kind: Type) -> Adapter:
    makers: dict[Type, Adapter] = {NUMBER: exact, DATETIME: _instant, DATE: _date, INT: _int}
    if kind in makers:
        return makers[kind]
    if isinstance(kind, Row):
        return _row
    classes: dict[Type, type] = {BOOL: bool, MONTH: Month, TIME: time}
    expected = classes.get(kind, type(None))

    def make(value: Any) -> Any:
        if not isinstance(value, expected):
            raise TypeError
        return value

    return make


def _int(value: Any) -> int:
    if isinstance(value, Fraction | Decimal):
        raise TypeError
    return int(exact(value))


def _date(value: Any) -> date:
    if not isinstance(value, date) or isinstance(value, datetime):
        raise TypeError
    return value


def _instant(value: Any) -> datetime:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise TypeError
    return value


def _row(value: Any) -> Any:
    if type(value) is not dict and not isinstance(value, Mapping):
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
