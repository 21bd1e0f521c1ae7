"""Tree → source, with no more parentheses than needed. Parsing the result gives an equal tree."""

from fractions import Fraction

from kiban.kernel.expr.numbers import decimal_text
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

_TERNARY, _OR, _AND, _RELATION, _SUM, _PRODUCT, _UNARY, _POSTFIX = range(8)
_RANKS = {"+": _SUM, "-": _SUM, "*": _PRODUCT, "/": _PRODUCT, "%": _PRODUCT}
_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def unparse(node: Node) -> str:
    """The source of a tree."""
    return _write(node)[0]


def _at(node: Node, rank: int) -> str:
    text, own = _write(node)
    return text if own >= rank else f"({text})"


def _owner(node: Node) -> str:
    """What stands before a dot: a bare number there would read as one with a decimal point."""
    bare = isinstance(node, Literal) and node.kind in ("int", "number")
    return f"({unparse(node)})" if bare else _at(node, _POSTFIX)


def _list(nodes: tuple[Node, ...]) -> str:
    return ", ".join(map(unparse, nodes))


def _write(node: Node) -> tuple[str, int]:
    """The text and how tightly its outermost operator binds."""
    match node:
        case Binary(operator, left, right):
            rank = _RANKS.get(operator, _RELATION)
            return f"{_at(left, rank)} {operator} {_at(right, rank + 1)}", rank
        case Logic(operator, operands):
            rank = _AND if operator == "&&" else _OR
            return f" {operator} ".join(_at(operand, rank + 1) for operand in operands), rank
        case Ternary(condition, yes, no):
            return f"{_at(condition, _OR)} ? {_at(yes, _OR)} : {_at(no, _TERNARY)}", _TERNARY
        case Unary(operator, operand):
            return f"{operator}{_at(operand, _UNARY)}", _UNARY
    return _write_postfix(node), _POSTFIX


def _write_postfix(node: Node) -> str:
    match node:
        case Literal():
            return _literal(node)
        case Name(name):
            return name
        case Member(operand, name):
            return f"{_owner(operand)}.{name}"
        case Index(operand, index):
            return f"{_at(operand, _POSTFIX)}[{unparse(index)}]"
        case ListOf(items):
            return f"[{_list(items)}]"
        case RowOf(entries):
            return "{" + ", ".join(f"{text_literal(key)}: {unparse(value)}" for key, value in entries) + "}"
        case Call(function, args, method):
            if method:
                return f"{_owner(args[0])}.{function}({_list(args[1:])})"
            return f"{function}({_list(args)})"
        case Macro(kind, operand, variable, body, condition):
            parts = [variable, *([] if condition is None else [unparse(condition)]), unparse(body)]
            return f"{_owner(operand)}.{kind}({', '.join(parts)})"
        case Has(path):
            return f"has({unparse(path)})"
        case Coalesce(items):
            return f"coalesce({_list(items)})"
    raise TypeError(type(node).__name__)


def _literal(node: Literal) -> str:
    match node.value:
        case None:
            return "null"
        case bool(value):
            return "true" if value else "false"
        case str(text):
            return text_literal(text)
        case Fraction() as number:
            text = decimal_text(number) or ""
            return text if "." in text else f"{text}.0"
    return str(node.value)


def text_literal(text: str) -> str:
    """The text between double quotes, with escapes."""
    return '"' + "".join(_ESCAPES.get(c) or (c if c.isprintable() else _point(c)) for c in text) + '"'


def _point(character: str) -> str:
    number = ord(character)
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"
