"""Splits the source into tokens. Reports every mark that can't stand in an expression, and goes on."""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from kiban.kernel.expr.problems import Problems
from kiban.kernel.expr.tree import Span
from kiban.kernel.expr.values import LARGEST

KEYWORDS = frozenset({"true", "false", "null", "in"})
RESERVED = frozenset(
    {"as", "break", "const", "continue", "else", "for", "function", "if", "import", "let", "loop", "package"}
    | {"namespace", "return", "var", "void", "while"}
)
"""Words that CEL keeps for its hosts; refused as names, allowed after a dot."""


@dataclass(frozen=True, slots=True)
class Token:
    """`kind` is name, int, number, text, op or end; `value` is the word, the mark or the literal's value."""

    kind: str
    value: str | int | Fraction
    span: Span


_TOKEN = re.compile(
    r"""
    (?P<space>[ \t\r\n\f]+|//[^\n]*)
    |(?P<raw>[rR](?:"[^"\n]*"|'[^'\n]*'))
    |(?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    |(?P<number>[0-9]+(?:\.[0-9]+)?)
    |(?P<name>[A-Za-z_][A-Za-z0-9_]*)
    |(?P<op>&&|\|\||==|!=|<=|>=|[-+*/%!<>?:.,()\[\]{}])
    """,
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.?)", re.DOTALL)
_ESCAPES = {"\\": "\\", '"': '"', "'": "'", "n": "\n", "r": "\r", "t": "\t"}
_MEANT = {"=": "==", "&": "&&", "|": "||", "<>": "!=", "≠": "!=", "≦": "<=", "≧": ">=", "≤": "<=", "≥": ">="}
_STUCK = re.compile(r"[A-Za-z0-9_.]*")
_WRONG = re.compile(r"<>|[=&|]")


def tokenize(source: str, problems: Problems) -> list[Token]:
    """The tokens with an `end` token last. `source` must be of bounded length."""
    return [*_tokens(source, problems), Token("end", "", (len(source), len(source)))]


def _tokens(source: str, problems: Problems) -> Iterator[Token]:
    at = 0
    while at < len(source):
        found = _TOKEN.match(source, at)
        if source.startswith("<>", at) or found is None:
            at = _refuse(source, at, problems)
            continue
        kind, text, span = found.lastgroup or "", found[0], found.span()
        at = found.end()
        if kind == "op" or kind == "name":
            yield Token(kind, text, span)
        elif kind == "number":
            at = _tail(source, at)
            yield _number(source[span[0] : at], (span[0], at), problems)
        elif kind == "raw":
            yield Token("text", _clean(text[2:-1], span, problems), span)
        elif kind == "text":
            yield Token("text", _clean(_unescape(text[1:-1], span, problems), span, problems), span)


def _tail(source: str, at: int) -> int:
    """The end of what sticks to a number (1e3, 0x1f, 2u, 1.size): refused as a whole, as in CEL."""
    found = _STUCK.match(source, at)
    return found.end() if found else at


def _number(text: str, span: Span, problems: Problems) -> Token:
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", text, re.ASCII):
        problems.add(span, "bad_number", text=text[:40])
        return Token("int", 0, span)
    if len(text) > 60 or Fraction(text) > LARGEST:
        problems.add(span, "number_too_large")
        return Token("int", 0, span)
    return Token("number", Fraction(text), span) if "." in text else Token("int", int(text), span)


def _refuse(source: str, at: int, problems: Problems) -> int:
    """Reports what stands at `at` and answers where to go on."""
    character = source[at]
    if character in "\"'":
        end = source.find("\n", at)
        end = len(source) if end < 0 else end
        problems.add((at, end), "open_text", quote=character)
        return end
    wrong = _WRONG.match(source, at)
    if wrong is not None:
        problems.add(wrong.span(), "bad_operator", _MEANT[wrong[0]], text=wrong[0])
        return wrong.end()
    plain = _MEANT.get(character) or unicodedata.normalize("NFKC", character).strip()
    meant = plain if plain.isascii() and plain.isprintable() and plain != character else None
    shown = character if character.isprintable() else f"U+{ord(character):04X}"
    problems.add((at, at + 1), "bad_character", meant or None, text=shown)
    return at + 1


def _unescape(text: str, span: Span, problems: Problems) -> str:
    if "\\" not in text:
        return text
    return _ESCAPE.sub(_replacer(span, problems), text)


def _replacer(span: Span, problems: Problems) -> Callable[[re.Match[str]], str]:
    def replace(found: re.Match[str]) -> str:
        word = found[1]
        if word in _ESCAPES:
            return _ESCAPES[word]
        if len(word) > 1:
            point = int(word[1:], 16)
            if point <= 0x10FFFF:
                return chr(point)
        start = span[0] + 1 + found.start()
        problems.add((start, start + len(found[0])), "bad_escape", text=found[0])
        return ""

    return replace


def _clean(text: str, span: Span, problems: Problems) -> str:
    """The text without NUL and lone surrogates, which no store of ours takes."""
    for character in text:
        if character == "\0" or "\ud800" <= character <= "\udfff":
            problems.add(span, "bad_character", text=f"U+{ord(character):04X}")
            return ""
    return text
