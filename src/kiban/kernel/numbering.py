"""Patterns for numbers that offices give: ``R{wareki_fy:02}-{seq:04}`` makes ``R08-0001``.

A pattern is literal text with tokens in braces, each with an optional width that pads with zeros. It has
exactly one ``{seq}``; the sequence starts again wherever `sequence_scope` changes.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

from kiban.kernel.input_problems import PatternProblem, shown
from kiban.kernel.wareki import fiscal_year, wareki_fiscal_year

_LONGEST: Final = 60
_TOKEN: Final = re.compile(r"\{([a-z][a-z0-9_]*)(?::0?([1-9]|1[0-9]))?\}")

_NUMBERS: Final[Mapping[str, Callable[[date], int]]] = {
    "fy": fiscal_year,
    "fy2": lambda day: fiscal_year(day) % 100,
    "wareki_fy": lambda day: wareki_fiscal_year(day)[1],
    "year": lambda day: day.year,
    "month": lambda day: day.month,
}
_FISCAL: Final = frozenset({"fy", "fy2", "wareki_fy", "era"})
TOKENS: Final = ("seq", "body", "era", *_NUMBERS)
"""seq; body: its code; era: the letter of the fiscal year's era; fy, fy2, wareki_fy: the fiscal year in
Gregorian, in two digits, in the era; year and month of the day."""


def check_pattern(pattern: str) -> list[PatternProblem]:
    """All that is wrong with a pattern; an empty list when it can be used.

    PAT-FORM (braces, characters, length), PAT-TOKEN (unknown token; candidates are the known ones), PAT-SEQ
    (not exactly one ``{seq}``), PAT-SCOPE (a month without its year would give the same numbers again).
    """
    problems = []
    if len(pattern) > _LONGEST or not pattern.isprintable() or re.search(r"[{}]", _TOKEN.sub("", pattern)):
        problems.append(
            PatternProblem(
                "PAT-FORM",
                f"番号の書式「{shown(pattern)}」が正しくありません。{{seq:04}}のように書き、全体は{_LONGEST}文字までです。",
                f"The pattern “{shown(pattern)}” is malformed: tokens look like {{seq:04}}, "
                f"{_LONGEST} characters at most.",
            )
        )
    names = [found[1] for found in _TOKEN.finditer(pattern)]
    for name in dict.fromkeys(names):
        if name not in TOKENS:
            known = "、".join(TOKENS)
            problems.append(
                PatternProblem(
                    "PAT-TOKEN",
                    f"番号の書式に知らない語{{{shown(name)}}}があります。使える語: {known}",
                    f"Unknown token {{{shown(name)}}}. Known: {', '.join(TOKENS)}.",
                    TOKENS,
                )
            )
    if names.count("seq") != 1:
        problems.append(
            PatternProblem(
                "PAT-SEQ", "番号の書式には{seq}がちょうど1つ要ります。", "A pattern needs exactly one {seq}."
            )
        )
    if "month" in names and not ("year" in names or _FISCAL & set(names)):
        problems.append(
            PatternProblem(
                "PAT-SCOPE",
                "{month}だけでは翌年に同じ番号になります。年又は年度も入れてください。",
                "{month} alone repeats in the next year: add a year or a fiscal year.",
            )
        )
    return problems


def format_number(pattern: str, *, date: date, seq: int, body_code: str) -> str:
    """The number with this sequence number, given on `date` by the body.

    ValueError when `check_pattern` finds a problem or `seq` is below 1.
    """
    problems = check_pattern(pattern)
    if problems:
        raise ValueError("; ".join(problem.en for problem in problems))
    if seq < 1:
        raise ValueError(f"sequence numbers begin at 1, not {seq}")

    def value(token: re.Match[str]) -> str:
        name, width = token[1], int(token[2] or 0)
        if name in ("body", "era"):
            return body_code if name == "body" else wareki_fiscal_year(date)[0]
        number = seq if name == "seq" else _NUMBERS[name](date)
        return f"{number:0{width}}"

    return _TOKEN.sub(value, pattern)


def sequence_scope(pattern: str, date: date) -> str:
    """Within which the sequence runs on from 1.

    ``fy2026`` when the pattern names the fiscal year, else ``y2026`` for the year; with ``-10`` where it
    names the month; empty for one sequence without end.
    """
    names = {found[1] for found in _TOKEN.finditer(pattern)}
    if names & _FISCAL:
        scope = f"fy{fiscal_year(date)}"
    elif "year" in names:
        scope = f"y{date.year}"
    else:
        return ""
    return f"{scope}-{date.month:02}" if "month" in names else scope
