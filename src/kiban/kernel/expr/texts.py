"""Functions on text. Every one takes time linear in the length of the text."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from typing import Any

import re2  # type: ignore[import-untyped]

from kiban.kernel.expr.problems import Failure

MOST_PARTS = 1000
MOST_PATTERN = 500

_ONE_CLASS = re.compile(r"\[(?:[^\\\[\]&|~]|\\[^\w])+\][+*]?")
_OPTIONS = re2.Options()
_OPTIONS.log_errors = False
_OPTIONS.max_mem = 1 << 20


def pattern(text: str) -> Any:
    """A compiled RE2 pattern, which can't take more than linear time; ValueError with the reason."""
    if len(text) > MOST_PATTERN:
        raise ValueError(f"a pattern may have {MOST_PATTERN} characters")
    try:
        return re2.compile(text, _OPTIONS)
    except re2.error as error:
        why = error.args[0] if error.args else ""
        raise ValueError(why.decode("utf-8", "replace") if isinstance(why, bytes) else str(why)) from None


def whole(text: str) -> Callable[[str], bool]:
    """Whether a text has the form of a pattern (of RE2) from end to end; ValueError with the reason.

    Asked for each answer: one class of characters, which is what most patterns are, takes linear time with Python's
    own engine as well, and a hundredth of it.
    """
    compiled = pattern(text)
    if _ONE_CLASS.fullmatch(text):
        compiled = re.compile(text)
    return lambda given: compiled.fullmatch(given) is not None


def matches(text: str, compiled: Any) -> bool:
    """Whether the pattern is found anywhere in the text; ^ and $ tie it to the ends."""
    return compiled.search(text) is not None


def nfkc(text: str) -> str:
    """Unicode's compatibility form: full-width letters become half-width and so on."""
    return unicodedata.normalize("NFKC", text)


def split(text: str, separator: str) -> list[str]:
    """The parts between separators; at most 1,000."""
    if not separator:
        raise Failure("empty_separator")
    parts = text.split(separator, MOST_PARTS)
    if len(parts) > MOST_PARTS:
        raise Failure("too_many_parts", most=MOST_PARTS)
    return parts


def join(parts: Sequence[str], separator: str = "") -> str:
    """The parts with the separator between them."""
    return separator.join(parts)


def substring(text: str, start: int, end: int | None = None) -> str:
    """The characters from `start` to before `end`, counted from 0; what lies outside is left away."""
    return text[max(start, 0) : None if end is None else max(end, 0)]


def contains(text: str, part: str) -> bool:
    return part in text
