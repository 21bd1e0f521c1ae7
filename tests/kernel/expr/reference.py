"""The meaning of expressions, written as plainly as possible: a walk over the typed tree.

Slow and obvious on purpose; the compiled closure is held against it.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from kiban.kernel.expr import PENDING
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

LIMIT = 10**18


class Wrong(Exception):
    """An error of evaluation."""


def run(node: Node, env: Mapping[str, Any]) -> Any:
    """The value of a typed tree, PENDING, or Wrong."""
    value = walk(node, dict(env))
    return PENDING if isinstance(value, list) and any(part is PENDING for part in value) else value


def walk(node: Node, env: dict[str, Any]) -> Any:
    match node:
        case Literal(_, value):
            return value
        case Name(name):
            return exact(env.get(name, PENDING))
        case Member(operand, name):
            row = walk(operand, env)
            return PENDING if row is PENDING else exact(row.get(name, PENDING))
        case Logic(operator, operands):
            return logic(operator == "||", [(operand, env) for operand in operands])
        case Ternary():
            return ternary(node, env)
        case Has(path):
            return has(path, env)
        case Coalesce(items):
            return coalesce(items, env)
        case Macro():
            return macro(node, env)
        case ListOf(items):
            return [walk(item, env) for item in items]
        case RowOf(entries):
            return {key: walk(value, env) for key, value in entries}
    return strict(node, [walk(child, env) for child in node.children()], env)


def exact(value: Any) -> Any:
    return Fraction(value) if isinstance(value, Decimal) else value


def attempt(node: Node, env: dict[str, Any], doubtful: bool) -> Any:
    try:
        return walk(node, env)
    except Wrong:
        if doubtful:
            return PENDING
        raise


def logic(decides: bool, operands: list[tuple[Node, dict[str, Any]]]) -> Any:
    """|| decides by true, && by false; a pending part leaves it open."""
    doubtful = False
    for operand, env in operands:
        value = attempt(operand, env, doubtful)
        if value is decides:
            return decides
        doubtful = doubtful or value is PENDING
    return PENDING if doubtful else not decides


def ternary(node: Ternary, env: dict[str, Any]) -> Any:
    condition = walk(node.condition, env)
    if condition is not PENDING:
        return walk(node.yes if condition else node.no, env)
    yes, no = attempt(node.yes, env, True), attempt(node.no, env, True)
    return yes if yes is not PENDING and no is not PENDING and yes == no else PENDING


def has(path: Node, env: dict[str, Any]) -> bool:
    if isinstance(path, Member):
        return has(path.operand, env) and walk(path.operand, env).get(path.name) not in (None, PENDING)
    assert isinstance(path, Name)
    return env.get(path.name) not in (None, PENDING)


def coalesce(items: tuple[Node, ...], env: dict[str, Any]) -> Any:
    pending = False
    for item in items:
        value = walk(item, env)
        if value is PENDING:
            pending = True
        elif value is not None:
            return value
    return PENDING if pending else None


def macro(node: Macro, env: dict[str, Any]) -> Any:
    items = walk(node.operand, env)
    if items is PENDING:
        return PENDING
    inner = [{**env, node.variable: item} for item in items]
    if node.kind in ("all", "exists"):
        return logic(node.kind == "exists", [(node.body, each) for each in inner])
    if node.kind == "exists_one":
        return exists_one(node, inner)
    condition = node.body if node.kind == "filter" else node.condition
    found = []
    for each in inner:
        test = True if condition is None else walk(condition, each)
        value = PENDING if test is PENDING else each[node.variable]
        if test is True and node.kind == "map":
            value = walk(node.body, each)
        if test is not False and value is PENDING:
            return PENDING
        if test is True:
            found.append(value)
    return found


def exists_one(node: Macro, inner: list[dict[str, Any]]) -> Any:
    found, pending = 0, False
    for each in inner:
        value = walk(node.body, each)
        pending = pending or value is PENDING
        found += value is True
        if found > 1:
            return False
    return PENDING if pending else found == 1


def strict(node: Node, values: list[Any], env: dict[str, Any]) -> Any:
    """Nodes that are pending as soon as a part of them is."""
    if any(value is PENDING for value in values):
        return PENDING
    if isinstance(node, Binary):
        return binary(node.operator, *values)
    if isinstance(node, Unary):
        return (not values[0]) if node.operator == "!" else -values[0]
    if isinstance(node, Index):
        if not 0 <= values[1] < len(values[0]):
            raise Wrong
        return values[0][values[1]]
    assert isinstance(node, Call) and node.target is not None
    return call(node, values, env)


def call(node: Call, values: list[Any], env: dict[str, Any]) -> Any:
    function = node.target
    assert function is not None
    if not function.lazy and any(part is PENDING for v in values if isinstance(v, list) for part in v):
        return PENDING
    for index, read in function.literal.items():
        values[index] = read(values[index])
    try:
        return function.call(*(env[name] for name in function.env), *values)
    except (ValueError, ArithmeticError):
        raise Wrong from None


def binary(operator: str, left: Any, right: Any) -> Any:
    match operator:
        case "==":
            return left == right
        case "!=":
            return left != right
        case "<":
            return left < right
        case "<=":
            return left <= right
        case ">":
            return left > right
        case ">=":
            return left >= right
        case "in":
            if any(left == item for item in right if item is not PENDING):
                return True
            return PENDING if any(item is PENDING for item in right) else False
    return arithmetic(operator, left, right)


def arithmetic(operator: str, left: Any, right: Any) -> Any:
    if isinstance(left, date) or isinstance(right, date):
        return days(operator, left, right)
    if isinstance(left, str | list):
        return left + right
    if operator in "/%" and right == 0:
        raise Wrong
    result = {
        "+": lambda: left + right,
        "-": lambda: left - right,
        "*": lambda: left * right,
        "/": lambda: Fraction(left) / Fraction(right),
        "%": lambda: left - right * int(Fraction(left) / Fraction(right)),
    }[operator]()
    if abs(result) > LIMIT:
        raise Wrong
    return result


def days(operator: str, left: Any, right: Any) -> Any:
    if isinstance(left, date) and isinstance(right, date):
        return (left - right).days
    day, count = (left, right) if isinstance(left, date) else (right, left)
    try:
        return day + timedelta(days=count if operator == "+" else -count)
    except OverflowError:
        raise Wrong from None
