from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiban.kernel.numbering import check_pattern, format_number, sequence_scope

DAY = date(2026, 10, 5)


@pytest.mark.parametrize(
    ("pattern", "number", "scope"),
    [
        ("R{wareki_fy:02}-{seq:04}", "R08-0012", "fy2026"),
        ("{era}{wareki_fy:02}-{seq:04}", "R08-0012", "fy2026"),
        ("{fy}-{seq:05}", "2026-00012", "fy2026"),
        ("{body}{fy2:02}{seq:07}", "131016260000012", "fy2026"),
        ("第{seq}号", "第12号", ""),
        ("{year}{month:02}-{seq:3}", "202610-012", "y2026-10"),
        ("{year}-{seq}", "2026-12", "y2026"),
    ],
)
def test_numbers(pattern: str, number: str, scope: str) -> None:
    assert check_pattern(pattern) == []
    assert format_number(pattern, date=DAY, seq=12, body_code="131016") == number
    assert sequence_scope(pattern, DAY) == scope


def test_the_fiscal_year_turns_in_april() -> None:
    pattern = "R{wareki_fy:02}-{seq:04}"
    march, april = date(2027, 3, 31), date(2027, 4, 1)
    assert format_number(pattern, date=march, seq=1, body_code="131016") == "R08-0001"
    assert format_number(pattern, date=april, seq=1, body_code="131016") == "R09-0001"
    assert sequence_scope(pattern, march) == sequence_scope(pattern, DAY) != sequence_scope(pattern, april)


def test_a_sequence_may_outgrow_its_width() -> None:
    assert format_number("{seq:02}", date=DAY, seq=123, body_code="131016") == "123"


@pytest.mark.parametrize(
    ("pattern", "codes"),
    [
        ("R08", ["PAT-SEQ"]),
        ("{seq}{seq}", ["PAT-SEQ"]),
        ("{fy}-{sequence}", ["PAT-TOKEN", "PAT-SEQ"]),
        ("{seq", ["PAT-FORM", "PAT-SEQ"]),
        ("{seq:x}", ["PAT-FORM", "PAT-SEQ"]),
        ("{seq!r}", ["PAT-FORM", "PAT-SEQ"]),
        ("{seq.real}", ["PAT-FORM", "PAT-SEQ"]),
        ("{seq:999}", ["PAT-FORM", "PAT-SEQ"]),
        ("{{seq}}", ["PAT-FORM"]),
        ("{seq}\n", ["PAT-FORM"]),
        ("{month:02}-{seq}", ["PAT-SCOPE"]),
        ("x" * 60 + "{seq}", ["PAT-FORM"]),
        ("", ["PAT-SEQ"]),
    ],
)
def test_bad_patterns(pattern: str, codes: list[str]) -> None:
    problems = check_pattern(pattern)
    assert [problem.code for problem in problems] == codes
    assert all(problem.ja and problem.en for problem in problems)
    with pytest.raises(ValueError):
        format_number(pattern, date=DAY, seq=1, body_code="131016")


def test_sequences_begin_at_one() -> None:
    with pytest.raises(ValueError, match="begin at 1"):
        format_number("{seq}", date=DAY, seq=0, body_code="131016")


@given(st.text("{}:seqfy0123456789-R", max_size=20))
def test_a_pattern_is_refused_or_works(pattern: str) -> None:
    if not check_pattern(pattern):
        assert "{" not in format_number(pattern, date=DAY, seq=1, body_code="131016")


@given(st.dates(date(1873, 4, 1)), st.dates(date(1873, 4, 1)), st.integers(1, 99999), st.integers(1, 99999))
def test_different_sequences_give_different_numbers(day: date, other: date, one: int, two: int) -> None:
    pattern = "{fy}-{seq:05}"
    same = sequence_scope(pattern, day) == sequence_scope(pattern, other) and one == two
    numbers = {
        format_number(pattern, date=when, seq=seq, body_code="131016")
        for when, seq in ((day, one), (other, two))
    }
    assert (len(numbers) == 1) == same
