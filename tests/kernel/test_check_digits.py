from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiban.kernel.check_digits import check_digit, complete, validate
from kiban.kernel.input_problems import CodeProblem

VECTORS = [
    ("lg_code", "01000", 6, "010006"),
    ("lg_code", "01100", 2, "011002"),
    ("lg_code", "13000", 1, "130001"),
    ("lg_code", "13101", 6, "131016"),
    ("lg_code", "13113", 0, "131130"),
    ("lg_code", "14150", 0, "141500"),
    ("lg_code", "47382", 1, "473821"),
    ("lg_code", "08220", 1, "082201"),
    ("lg_code", "27100", 4, "271004"),
    ("lg_code", "27140", 3, "271403"),
    ("lg_code", "23100", 2, "231002"),
    ("lg_code", "26100", 9, "261009"),
    ("lg_code", "40130", 7, "401307"),
    ("corporate_number", "000012050002", 7, "7000012050002"),
    ("corporate_number", "000020130001", 8, "8000020130001"),
    ("corporate_number", "000020131016", 8, "8000020131016"),
    ("corporate_number", "000000000000", 9, "9000000000000"),
    ("corporate_number", "999999999999", 9, "9999999999999"),
    ("my_number", "12345678901", 8, "123456789018"),
    ("my_number", "98320567321", 4, "983205673214"),
    ("my_number", "02345678901", 3, "023456789013"),
    ("my_number", "60000000000", 8, "600000000008"),
    ("atena_no", "000000001", 9, "0000000019"),
    ("atena_no", "123456789", 2, "1234567892"),
]


@pytest.mark.parametrize(("kind", "body", "digit", "whole"), VECTORS)
def test_published_numbers(kind: Any, body: str, digit: int, whole: str) -> None:
    assert check_digit(kind, body) == digit
    assert complete(kind, body) == whole
    assert validate(kind, whole) is None


def code_of(kind: Any, text: str) -> str | None:
    problem = validate(kind, text)
    return problem and problem.code


@pytest.mark.parametrize(
    ("kind", "text", "code"),
    [
        ("lg_code", "13101", "LG-LEN"),
        ("lg_code", "131", "LG-LEN"),
        ("lg_code", "131017", "LG-CD"),
        ("lg_code", "131131", "LG-CD"),
        ("corporate_number", "8000012050002", "CORP-CD"),
        ("corporate_number", "800001205000", "ID-KIND"),
        ("corporate_number", "80000120500", "CORP-LEN"),
        ("my_number", "983205673210", "MYN-CD"),
        ("my_number", "000000000000", "MYN-SAME"),
        ("my_number", "1.23E+11", "NUM-SCI"),
        ("my_number", "1e11", "NUM-SCI"),
        ("my_number", "7000012050002", "ID-KIND"),
        ("my_number", "12345", "MYN-LEN"),
        ("my_number", "１２３４５６７８９０１８", "NUM-FORM"),
        ("my_number", "", "NUM-FORM"),
        ("my_number", "12345678901\n", "NUM-FORM"),
        ("resident_code", "1234567890", "RES-LEN"),
        ("atena_no", "1", "ATENA-LEN"),
        ("atena_no", "1" * 16, "ATENA-LEN"),
        ("atena_no", "1234567890", "ATENA-CD"),
    ],
)
def test_wrong_numbers(kind: Any, text: str, code: str) -> None:
    assert code_of(kind, text) == code


def test_a_code_without_its_check_digit_is_offered_whole() -> None:
    problem = validate("lg_code", "13101")
    assert isinstance(problem, CodeProblem)
    assert problem.candidates == ("131016",)
    assert "検査数字6" in problem.ja
    lost = validate("lg_code", "11002")
    assert isinstance(lost, CodeProblem)
    assert "011002" in lost.candidates
    wrong = validate("lg_code", "131017")
    assert isinstance(wrong, CodeProblem)
    assert wrong.candidates == ("131016",)


@given(st.from_regex(r"[0-9]{12}", fullmatch=True))
def test_a_personal_number_is_never_told(text: str) -> None:
    problem = validate("my_number", text)
    if problem is not None:
        assert problem.candidates == ()
        assert not any(digit in problem.ja + problem.en for digit in "0123456789")


def test_rules_that_are_not_certain_only_warn() -> None:
    assert check_digit("atena_no", "000000006") is None
    assert complete("atena_no", "000000006") is None
    for kind, text in (
        ("atena_no", "1234567890"),
        ("resident_code", "12345678900"),
        ("atena_no", "0000000061"),
    ):
        problem = validate(kind, text)  # type: ignore[arg-type]
        assert problem is None or problem.warning
    strict = validate("my_number", "983205673210")
    assert strict is not None
    assert not strict.warning


@given(st.from_regex(r"[0-9]{5}", fullmatch=True), st.integers(0, 9))
def test_one_digit_only_is_right(body: str, digit: int) -> None:
    assert (validate("lg_code", f"{body}{digit}") is None) == (check_digit("lg_code", body) == digit)


@given(st.text(max_size=20))
def test_any_text_has_an_answer(text: str) -> None:
    for kind in ("lg_code", "corporate_number", "my_number", "resident_code", "atena_no"):
        problem = validate(kind, text)  # type: ignore[arg-type]
        assert problem is None or (problem.ja + problem.en).encode()


@pytest.mark.parametrize("body", ["1310", "131016", "１３１０１", ""])
def test_bodies_of_the_wrong_form(body: str) -> None:
    with pytest.raises(ValueError, match="not the body"):
        check_digit("lg_code", body)
