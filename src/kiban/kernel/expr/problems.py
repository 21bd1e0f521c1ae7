"""What is wrong with an expression or with one evaluation of it, said in both languages."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from kiban.kernel.expr.messages import MESSAGES
from kiban.kernel.expr.tree import Span

MOST_PROBLEMS = 50
MOST_SUGGESTIONS = 10
"""Looking for what was meant takes long where names are many; a hostile source may not have it done 50 times."""


@dataclass(frozen=True, slots=True)
class ExpressionProblem:
    """One mistake in the source.

    `line` and `column` count from 1, `end_column` is the column after the last character (of the same line);
    all in code points. `message` is English, `ja` Japanese. `suggestion` is the text that was probably meant
    in the marked place, or None.
    """

    message: str
    line: int
    column: int
    end_column: int
    suggestion: str | None = None
    ja: str = ""
    code: str = ""


class ExpressionErrors(Exception):
    """The source is refused; `problems` are all that were found, in the order of the source."""

    def __init__(self, problems: Iterable[ExpressionProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__("; ".join(f"{p.line}:{p.column} {p.message}" for p in self.problems))


class Failure(ValueError):
    """Raised by functions and operators while an expression runs; becomes an EvaluationError with a place."""

    def __init__(self, code: str, **values: object) -> None:
        self.code = code
        self.message, self.ja = say(code, **values)
        super().__init__(self.message)


class EvaluationError(Exception):
    """An expression that is right in itself can't give a value for these inputs.

    `code` is stable (``division_by_zero``, ``number_too_large`` …), `message` English, `ja` Japanese;
    `line`, `column`, `end_column` as in ExpressionProblem.
    """

    def __init__(self, code: str, message: str, ja: str, place: tuple[int, int, int]) -> None:
        self.code, self.message, self.ja = code, message, ja
        self.line, self.column, self.end_column = place
        super().__init__(f"{self.line}:{self.column} {message}")


class DivisionByZero(EvaluationError):
    """``/`` or ``%`` by 0."""


class NumberTooLarge(EvaluationError):
    """A result beyond ±10^18, or a fraction that is too fine to keep."""


ERROR_CLASSES = {"division_by_zero": DivisionByZero, "number_too_large": NumberTooLarge}


def say(code: str, **values: object) -> tuple[str, str]:
    """The message in English and in Japanese. A value that is a pair is (English, Japanese)."""
    return _fill(MESSAGES[code][0], values, 0), _fill(MESSAGES[code][1], values, 1)


def _fill(text: str, values: dict[str, object], language: int) -> str:
    return text.format(**{k: v[language] if isinstance(v, tuple) else v for k, v in values.items()})


def place(source: str, span: Span) -> tuple[int, int, int]:
    """(line, column, end column) of a span; one that crosses lines ends with its first line."""
    start = min(span[0], len(source))
    line_start = source.rfind("\n", 0, start) + 1
    line_end = source.find("\n", start)
    end = min(span[1], len(source) if line_end < 0 else line_end)
    column = start - line_start + 1
    return source.count("\n", 0, start) + 1, column, max(end - line_start + 1, column + 1)


def nearest(word: str, options: Iterable[str]) -> str | None:
    """The option that `word` was probably meant to be."""
    known = list(options)
    for option in known:
        if option.lower() == word.lower():
            return option
    found = difflib.get_close_matches(word[:80], known, 1, 0.6)
    return found[0] if found else None


class Problems:
    """Collects problems of one source."""

    def __init__(self, source: str) -> None:
        self.source = source
        self._found: list[tuple[Span, ExpressionProblem]] = []
        self._searches = 0

    def __len__(self) -> int:
        return len(self._found)

    def nearest(self, word: str, options: Iterable[str]) -> str | None:
        """As the function `nearest`, for the first few problems."""
        self._searches += 1
        return nearest(word, options) if self._searches <= MOST_SUGGESTIONS else None

    def add(self, span: Span, code: str, suggestion: str | None = None, **values: object) -> None:
        """Note a problem at `span`; a suggestion is added to the sentence as well."""
        if len(self._found) >= MOST_PROBLEMS:
            return
        message, ja = say(code, **values)
        if suggestion is not None:
            message, ja = f"{message} Did you mean {suggestion}?", f"{ja}「{suggestion}」ではありませんか。"
        found = ExpressionProblem(message, *place(self.source, span), suggestion, ja, code)
        if (span, found) not in self._found:
            self._found.append((span, found))

    def errors(self) -> ExpressionErrors:
        """All that was found, in the order of the source."""
        return ExpressionErrors(found for _span, found in sorted(self._found, key=lambda pair: pair[0]))

    def raise_if_any(self) -> None:
        if self._found:
            raise self.errors()
