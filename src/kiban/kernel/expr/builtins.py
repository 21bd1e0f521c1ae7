"""The functions that every expression may call (docs/expressions.md lists them for authors)."""

import math
from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from typing import Any

from kiban.kernel.dates import JST, Month
from kiban.kernel.expr import calendars, numbers, texts
from kiban.kernel.expr.functions import Function, FunctionTable, item_of, per_item, per_text
from kiban.kernel.expr.tree import ListOf, Literal, Node, Unary
from kiban.kernel.expr.types import (
    BOOL,
    DATE,
    DATETIME,
    INT,
    MONTH,
    NUMBER,
    TEXT,
    TIME,
    UNKNOWN,
    List,
    Nullable,
    Text,
    Type,
    is_container,
    is_ordered,
    join_all,
    max_items,
    max_length,
    may_be_null,
    strip,
)
from kiban.kernel.periods import age_on, attains_on
from kiban.kernel.text import grapheme_length
from kiban.kernel.wareki import fiscal_year, format_wareki

ANY_LIST = List(UNKNOWN)
DAY_OR_MONTH = (DATE, MONTH)


# Result types of the polymorphic ones


def _item(args: Sequence[Node]) -> Type:
    return Nullable(item_of(args[0]))


def _same_list(args: Sequence[Node]) -> Type | None:
    return None if is_container(item_of(args[0])) else args[0].type


def _sorted(args: Sequence[Node]) -> Type | None:
    return args[0].type if is_ordered(item_of(args[0])) else None


def _least_of_list(args: Sequence[Node]) -> Type | None:
    item = item_of(args[0])
    if not is_ordered(item):
        return None
    filled = isinstance(args[0], ListOf) and args[0].items
    return item if filled else Nullable(item)


def _least_of_args(args: Sequence[Node]) -> Type | None:
    joined = join_all(arg.type for arg in args)
    return joined if joined is not None and is_ordered(joined) else None


def _summed(args: Sequence[Node]) -> Type | None:
    item = item_of(args[0])
    return INT if item == UNKNOWN else item


def _same_number(args: Sequence[Node]) -> Type:
    return args[0].type


def _rounded(args: Sequence[Node]) -> Type:
    """INT without decimals, as far as the source tells."""
    if len(args) < 2 or args[0].type == INT:
        return INT
    digits = args[1].operand if isinstance(args[1], Unary) else args[1]
    whole = isinstance(digits, Literal) and (digits.value == 0 or digits is not args[1])
    return INT if whole else NUMBER


def _found(args: Sequence[Node]) -> Type | None:
    item = item_of(args[0])
    joined = join_all((item, args[1].type))
    return INT if joined is not None and not is_container(item) and not may_be_null(args[1].type) else None


def _same_text(args: Sequence[Node]) -> Type:
    return Text(max_length(args[0].type))


def _grown(args: Sequence[Node]) -> Type:
    """NFKC makes up to 18 characters of one (U+FDFA); ordinary Japanese at most 5."""
    return Text(max_length(args[0].type) * 18)


def _cased(args: Sequence[Node]) -> Type:
    return Text(max_length(args[0].type) * 3)


def _parts(args: Sequence[Node]) -> Type:
    longest = max_length(args[0].type)
    return List(Text(longest), min(longest + 1, texts.MOST_PARTS))


def _joined(args: Sequence[Node]) -> Type:
    separator = max_length(args[1].type) if len(args) > 1 else 0
    return Text(max_items(args[0].type) * (max_length(item_of(args[0])) + separator))


def _join_cost(args: Sequence[Type]) -> int:
    item = strip(args[0])
    longest = max_length(item.item) if isinstance(item, List) else 0
    return 1 + max_items(args[0]) * (1 + longest // 1000)


# What they do


def _unique(items: Sequence[Any]) -> list[Any]:
    return list(dict.fromkeys(items))


def _first(items: Sequence[Any]) -> Any:
    return items[0] if items else None


def _last(items: Sequence[Any]) -> Any:
    return items[-1] if items else None


def _min_of(items: Sequence[Any]) -> Any:
    return min(items, default=None)


def _max_of(items: Sequence[Any]) -> Any:
    return max(items, default=None)


def _index_of(items: Sequence[Any], item: Any) -> int:
    return next((at for at, found in enumerate(items) if found == item), -1)


def _same(value: Any) -> Any:
    return value


def _iso(value: date | time | Month) -> str:
    return str(value) if isinstance(value, date | Month) else value.isoformat("minutes")


def _instant(value: datetime) -> str:
    return value.astimezone(JST).isoformat("T", "minutes")


def _bool_text(value: bool) -> str:
    return "true" if value else "false"


def _year(day: date | Month) -> int:
    return day.year


def _month(day: date | Month) -> int:
    return day.month


def _day(day: date) -> int:
    return day.day


def _log_cost(args: Sequence[Type]) -> int:
    most = max_items(args[0])
    return 1 + most * max(1, math.ceil(math.log2(most + 1)))


def _of(
    name: str, params: Sequence[Type], result: Type, call: Callable[..., object], **more: Any
) -> Function:
    return Function(name, tuple(params), result, call, trusted=True, **more)


def _lists() -> list[Function]:
    one = {"cost": per_item}
    return [
        _of("size", [ANY_LIST], INT, len, lazy=True),
        _of("count", [ANY_LIST], INT, len, lazy=True),
        _of("first", [ANY_LIST], UNKNOWN, _first, rule=_item, lazy=True),
        _of("last", [ANY_LIST], UNKNOWN, _last, rule=_item, lazy=True),
        _of("distinct", [ANY_LIST], UNKNOWN, _unique, rule=_same_list, **one),
        _of("sort", [ANY_LIST], UNKNOWN, sorted, rule=_sorted, cost=_log_cost),
        _of("sum", [List(NUMBER)], NUMBER, numbers.total, rule=_summed, **one),
        _of("min", [ANY_LIST], UNKNOWN, _min_of, rule=_least_of_list, **one),
        _of("max", [ANY_LIST], UNKNOWN, _max_of, rule=_least_of_list, **one),
        _of("min", [UNKNOWN, UNKNOWN], UNKNOWN, min, rule=_least_of_args, variadic=True),
        _of("max", [UNKNOWN, UNKNOWN], UNKNOWN, max, rule=_least_of_args, variadic=True),
        _of("index_of", [ANY_LIST, UNKNOWN], INT, _index_of, rule=_found, **one),
    ]


def _texts() -> list[Function]:
    one = {"cost": per_text}
    return [
        _of("size", [TEXT], INT, grapheme_length, **one),
        _of("contains", [TEXT, TEXT], BOOL, texts.contains, **one),
        _of("startsWith", [TEXT, TEXT], BOOL, str.startswith),
        _of("endsWith", [TEXT, TEXT], BOOL, str.endswith),
        _of("matches", [TEXT, TEXT], BOOL, texts.matches, literal={1: texts.pattern}, **one),
        _of("index_of", [TEXT, TEXT], INT, str.find, **one),
        _of("substring", [TEXT, INT, INT], TEXT, texts.substring, rule=_same_text, optional=1, **one),
        _of("lower", [TEXT], TEXT, str.lower, rule=_cased, **one),
        _of("upper", [TEXT], TEXT, str.upper, rule=_cased, **one),
        _of("trim", [TEXT], TEXT, str.strip, rule=_same_text, **one),
        _of("nfkc", [TEXT], TEXT, texts.nfkc, rule=_grown, **one),
        _of("split", [TEXT, TEXT], List(TEXT), texts.split, rule=_parts, **one),
        _of("join", [List(TEXT), TEXT], TEXT, texts.join, rule=_joined, optional=1, cost=_join_cost),
        _of("text", [TEXT], TEXT, _same, rule=_same_text),
        _of("text", [NUMBER], Text(100), numbers.number_text),
        _of("text", [BOOL], Text(5), _bool_text),
        _of("text", [DATE], Text(10), _iso),
        _of("text", [MONTH], Text(7), _iso),
        _of("text", [TIME], Text(5), _iso),
        _of("text", [DATETIME], Text(22), _instant),
    ]


def _numbers() -> list[Function]:
    rounding = (
        ("round_half_up", numbers.round_half_up),
        ("cut", numbers.cut),
        ("ceil_at", numbers.ceil_at),
        ("floor_at", numbers.floor_at),
    )
    return [
        *(_of(name, [NUMBER, INT], NUMBER, call, rule=_rounded, optional=1) for name, call in rounding),
        _of("abs", [NUMBER], NUMBER, abs, rule=_same_number),
        _of("int", [NUMBER], INT, numbers.whole),
        _of("int", [TEXT], INT, numbers.parse_whole),
        _of("number", [NUMBER], NUMBER, _same),
        _of("number", [TEXT], NUMBER, numbers.parse_number),
    ]


def _dates() -> list[Function]:
    calendar = {"env": ("calendar",), "cost": 5}
    return [
        _of("date", [TEXT], DATE, _same, literal={0: calendars.date_literal}),
        _of("year_month", [TEXT], MONTH, _same, literal={0: Month.parse}),
        _of("time", [TEXT], TIME, _same, literal={0: calendars.time_literal}),
        _of("datetime", [TEXT], DATETIME, _same, literal={0: calendars.datetime_literal}),
        *(_of("year", [kind], INT, _year) for kind in DAY_OR_MONTH),
        *(_of("month", [kind], INT, _month) for kind in DAY_OR_MONTH),
        _of("fiscal_year", [DATE], INT, fiscal_year),
        _of("fiscal_year", [MONTH], INT, calendars.fiscal_year_of_month),
        _of("day", [DATE], INT, _day),
        _of("weekday", [DATE], INT, calendars.weekday),
        _of("month_of", [DATE], MONTH, Month.of),
        _of("days_between", [DATE, DATE], INT, calendars.days_between),
        _of("add_days", [DATE, INT], DATE, calendars.add_days),
        _of("add_months", [DATE, INT], DATE, calendars.add_months),
        _of("add_months", [MONTH, INT], MONTH, calendars.plus_months),
        _of("age_on", [DATE, DATE], INT, age_on),
        _of("attains_on", [DATE, INT], DATE, attains_on),
        _of("wareki", [DATE], Text(20), format_wareki, cost=2),
        _of("date_of", [DATETIME], DATE, calendars.date_of),
        _of("time_of", [DATETIME], TIME, calendars.time_of),
        _of("minutes_between", [DATETIME, DATETIME], INT, calendars.minutes_between),
        _of("is_open_day", [DATE], BOOL, lambda days, day: days.is_open(day), **calendar),
        _of("next_open_day", [DATE], DATE, lambda days, day: days.next_open(day), **calendar),
        _of("previous_open_day", [DATE], DATE, lambda days, day: days.previous_open(day), **calendar),
        _of("add_open_days", [DATE, INT], DATE, calendars.add_open_days, env=("calendar",), cost=50),
    ]


BUILTINS = FunctionTable([*_lists(), *_texts(), *_numbers(), *_dates()])
"""Every function that is there without any engine."""
