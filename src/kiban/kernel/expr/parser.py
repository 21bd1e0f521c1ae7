"""Source → tree, by precedence climbing over the grammar of CEL.

Hostile sources are refused quickly: the length is bounded, and nesting is counted before Python's own stack
could be. Every source that is accepted is valid CEL syntax.
"""

from dataclasses import replace
from fractions import Fraction

from kiban.kernel.expr.lexer import KEYWORDS, RESERVED, Token, tokenize
from kiban.kernel.expr.problems import Problems
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
    depth,
    path_of,
)

MOST_CHARACTERS = 4000
MOST_LEVELS = 60

MACROS = {
    "all": "x, condition",
    "exists": "x, condition",
    "exists_one": "x, condition",
    "filter": "x, condition",
    "map": "x, value",
}
_LOGIC = ("||", "&&")
_BINARY = {
    "||": 1,
    "&&": 2,
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">=", "in"), 3),
    **dict.fromkeys(("+", "-"), 4),
    **dict.fromkeys(("*", "/", "%"), 5),
}
_WORDS = {"and": "&&", "or": "||", "not": "!"}


class _Stop(Exception):
    """The grammar is broken at one place; nothing after it can be trusted."""


def parse(source: str) -> Node:
    """The tree of a source, without types. Raises ExpressionErrors."""
    problems = Problems(source)
    if len(source) > MOST_CHARACTERS:
        problems.add((0, 1), "too_long", length=len(source), most=MOST_CHARACTERS)
        problems.raise_if_any()
    tokens = tokenize(source, problems)
    tree = None
    if len(tokens) == 1 and not len(problems):
        problems.add((0, 1), "empty")
    try:
        tree = _Parser(tokens, problems).whole()
        if depth(tree) > MOST_LEVELS:
            problems.add(tree.span, "too_deep", most=MOST_LEVELS)
    except _Stop:
        pass
    problems.raise_if_any()
    assert tree is not None
    return tree


class _Parser:
    def __init__(self, tokens: list[Token], problems: Problems) -> None:
        self.tokens = tokens
        self.problems = problems
        self.at = 0
        self.level = 0
        # A mark that was refused already may well be the cause of the grammar's trouble.
        self.quiet = len(problems) > 0

    # Tokens

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def next(self) -> Token:
        token = self.tokens[self.at]
        self.at = min(self.at + 1, len(self.tokens) - 1)
        return token

    def is_op(self, *marks: str) -> bool:
        return self.token.kind == "op" and self.token.value in marks

    def take(self, mark: str) -> bool:
        if self.is_op(mark):
            self.next()
            return True
        return False

    def want(self, mark: str) -> Token:
        if not self.is_op(mark):
            self.stop(f"{mark} is missing", f"{mark} が要ります")
        return self.next()

    def stop(self, expected: str, expected_ja: str, suggestion: str | None = None) -> None:
        """Report what stands here and give up."""
        token = self.token
        if not self.quiet:
            found = ("the end", "式の終わり") if token.kind == "end" else (str(token.value),) * 2
            span = token.span if token.kind != "end" else (max(0, token.span[0] - 1), token.span[0])
            self.problems.add(span, "unexpected", suggestion, found=found, expected=(expected, expected_ja))
        raise _Stop

    # Grammar, loosest first

    def whole(self) -> Node:
        tree = self.expression()
        if self.token.kind != "end":
            word = str(self.token.value)
            suggestion = _WORDS.get(word.lower()) if self.token.kind == "name" else None
            self.stop("an operator or the end is", "演算子か式の終わりが要ります", suggestion)
        return tree

    def expression(self) -> Node:
        self.level += 1
        if self.level > MOST_LEVELS:
            self.problems.add(self.token.span, "too_deep", most=MOST_LEVELS)
            raise _Stop
        condition = self.binary(1)
        if self.take("?"):
            yes = self.binary(1)
            self.want(":")
            no = self.expression()
            condition = Ternary(condition, yes, no, span=(condition.span[0], no.span[1]))
        self.level -= 1
        return condition

    def binary(self, rank: int) -> Node:
        """Operators that bind at least as tightly as `rank`, by precedence climbing."""
        left = self.unary()
        while True:
            operator = str(self.token.value)
            found = _BINARY.get(operator, 0) if self.token.kind == "op" or operator == "in" else 0
            if found < rank or self.token.kind == "text":
                return left
            if operator in _LOGIC:
                left = self.chain(operator, left, found)
                continue
            self.next()
            right = self.binary(found + 1)
            left = Binary(operator, left, right, span=(left.span[0], right.span[1]))

    def chain(self, operator: str, first: Node, rank: int) -> Node:
        """``a && b && c`` as one node."""
        operands = [first]
        while self.take(operator):
            operands.append(self.binary(rank + 1))
        return Logic(operator, tuple(operands), span=(first.span[0], operands[-1].span[1]))

    def unary(self) -> Node:
        if not self.is_op("!", "-"):
            return self.postfix()
        mark = self.next()
        self.level += 1
        if self.level > MOST_LEVELS:
            self.problems.add(mark.span, "too_deep", most=MOST_LEVELS)
            raise _Stop
        operand = self.unary()
        self.level -= 1
        return Unary(str(mark.value), operand, span=(mark.span[0], operand.span[1]))

    def postfix(self) -> Node:
        node = self.primary()
        while True:
            if self.take("."):
                node = self.selected(node)
            elif self.take("["):
                index = self.expression()
                end = self.want("]").span[1]
                node = Index(node, index, span=(node.span[0], end))
            else:
                return node

    def selected(self, operand: Node) -> Node:
        word = self.token
        if word.kind != "name" or word.value in KEYWORDS:
            self.stop("a name is needed after the dot", "点の後には名前が要ります")
        self.next()
        name = str(word.value)
        if not self.is_op("("):
            return Member(operand, name, span=(operand.span[0], word.span[1]))
        args, end = self.arguments()
        span = (operand.span[0], end)
        if name in MACROS:
            return self.macro(name, operand, args, span)
        if name == "coalesce":
            return Coalesce((operand, *args), span=span)
        return Call(name, (operand, *args), True, span=span)

    def arguments(self) -> tuple[tuple[Node, ...], int]:
        self.want("(")
        args: list[Node] = []
        while not self.is_op(")"):
            args.append(self.expression())
            if not self.take(","):
                break
        return tuple(args), self.want(")").span[1]

    def macro(self, kind: str, operand: Node, args: tuple[Node, ...], span: tuple[int, int]) -> Node:
        right = len(args) == 2 or (kind == "map" and len(args) == 3)
        if not right or not isinstance(args[0], Name):
            self.problems.add(span, "bad_macro", kind=kind, form=MACROS[kind])
            return operand
        condition = args[1] if len(args) == 3 else None
        return Macro(kind, operand, args[0].name, args[-1], condition, span=span)

    def primary(self) -> Node:
        token = self.token
        if token.kind == "name":
            return self.word()
        if token.kind in ("int", "number", "text"):
            self.next()
            assert isinstance(token.value, int | Fraction | str)
            return Literal(token.kind, token.value, span=token.span)
        if self.take("("):
            inner = self.expression()
            end = self.want(")").span[1]
            return replace(inner, span=(token.span[0], end))
        if self.take("["):
            return self.list_literal(token.span[0])
        if self.take("{"):
            return self.row_literal(token.span[0])
        self.stop("a value is needed", "値が要ります")
        raise AssertionError

    def word(self) -> Node:
        token = self.next()
        name, span = str(token.value), token.span
        if name in ("true", "false"):
            return Literal("bool", name == "true", span=span)
        if name == "null":
            return Literal("null", None, span=span)
        if name in RESERVED or name in KEYWORDS:
            self.problems.add(span, "reserved", name=name)
            return Name(name, span=span)
        if name.lower() == "not" and self.token.kind in ("name", "text", "int", "number"):
            self.at -= 1
            self.stop("a value is needed", "値が要ります", "!")
        if not self.is_op("("):
            return Name(name, span=span)
        args, end = self.arguments()
        span = (span[0], end)
        if name == "has":
            return self.has(args, span)
        if name == "coalesce":
            return Coalesce(args, span=span)
        return Call(name, args, span=span)

    def has(self, args: tuple[Node, ...], span: tuple[int, int]) -> Node:
        if len(args) != 1 or path_of(args[0]) is None:
            self.problems.add(span, "bad_has")
            return Literal("bool", True, span=span)
        return Has(args[0], span=span)

    def list_literal(self, start: int) -> Node:
        items: list[Node] = []
        while not self.is_op("]"):
            items.append(self.expression())
            if not self.take(","):
                break
        return ListOf(tuple(items), span=(start, self.want("]").span[1]))

    def row_literal(self, start: int) -> Node:
        entries: dict[str, Node] = {}
        while not self.is_op("}"):
            key = self.expression()
            self.want(":")
            value = self.expression()
            if not isinstance(key, Literal) or not isinstance(key.value, str):
                self.problems.add(key.span, "row_key")
            elif key.value in entries:
                self.problems.add(key.span, "row_key_twice", name=key.value)
            else:
                entries[key.value] = value
            if not self.take(","):
                break
        return RowOf(tuple(entries.items()), span=(start, self.want("}").span[1]))
