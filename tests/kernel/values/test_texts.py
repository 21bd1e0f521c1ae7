"""One line, long text, kana, bodies and parties."""

from __future__ import annotations

import pytest

from tests.kernel.values.support import CONTEXT, code_of, make, read, value_of


@pytest.mark.parametrize("name", ["葛󠄀飾 太郎", "𠮷田", "髙﨑", "神谷", "①㈱Ⅲ", "O'Brien <b>", "👨‍👩‍👧"])
def test_names_keep_their_characters(name):
    assert value_of("text", name) == name


def test_blanks_around_one_line_go():
    assert value_of("text", "\u3000 葛飾\u3000太郎 \t\n") == "葛飾\u3000太郎"


@pytest.mark.parametrize("raw", ["一\n二", "一\r\n二", "a\rb"])
def test_one_line_has_no_line_ends(raw):
    assert code_of("text", raw) == "invalid"
    assert value_of("long_text", raw) == raw.replace("\r\n", "\n").replace("\r", "\n")


@pytest.mark.parametrize("raw", ["a\x00b", "\ud800", "\ufffd", "\ue000", "\U000e0100", "a\x1b", "a\u202eb"])
def test_broken_characters(raw):
    assert code_of("text", raw) == "invalid"
    assert code_of("long_text", raw) == "invalid"


@pytest.mark.parametrize("raw", [1, 1.5, True, ["a"], {"a": 1}, [["a"]]])
def test_other_types(raw):
    assert code_of("text", raw) == "invalid"
    assert code_of("long_text", raw) == "invalid"
    assert code_of("email", raw) == "invalid"


def test_length_counts_characters_as_people_do():
    assert value_of("text", "葛󠄀" * 10, max_length=10) == "葛󠄀" * 10
    problem = read("text", "あ" * 1201, max_length=1200).problems[0]
    assert problem.code == "too_long"
    assert "1,200文字以内" in problem.message.ja
    assert "1,201文字" in problem.message.ja
    assert "1,200" in problem.message.en
    assert "1,201" in problem.message.en
    assert code_of("text", "a" * 201) == "too_long"
    assert value_of("long_text", "あ" * 4000)
    assert code_of("long_text", "あ" * 4001) == "too_long"


def test_a_heap_of_marks_is_long():
    assert code_of("text", ("a" + "\u0301" * 4) * 10, max_length=10) == "too_long"


def test_accepted_text_fits_the_type_of_expressions():
    field = make("text", max_length=10)
    assert len(value_of("text", "葛󠄀" * 10, max_length=10)) <= field.expr_type.max_length


def test_codes_are_normalised_and_the_typing_is_kept():
    reading = read("text", " ｎｚｅ１２１－０００1 ", normalise="code")
    assert reading.value == "NZE121-0001"
    assert reading.text == " ｎｚｅ１２１－０００1 "
    # ㌔ becomes two characters: the length is that of what is stored.
    assert code_of("text", "㌔" * 6, normalise="code", max_length=10) == "too_long"


@pytest.mark.parametrize("raw", ["ｶﾂｼｶ ﾀﾛｳ", "かつしか たろう", "カツシカ\u3000タロウ"])
def test_kana(raw):
    assert value_of("kana", raw) == "カツシカ\u3000タロウ"
    assert value_of("text", raw, normalise="kana") == "カツシカ\u3000タロウ"


@pytest.mark.parametrize("raw", ["葛飾", "katsushika", "カツシカ1"])
def test_kana_only(raw):
    assert code_of("kana", raw) == "invalid"


def test_body():
    assert value_of("body", "１３１２２９") == "131229"
    assert value_of("body", "mlit") == "mlit"
    assert code_of("body", "葛飾区") == "invalid"
    problem = read("body", "13122").problems[0]
    assert problem.suggest == {"item": "131229"}


def test_party():
    assert value_of("party", "p-0190a1b2-0000-7000-8000-000000000000").startswith("p-")


def test_a_pattern_describes_the_whole_text_in_the_form_in_which_it_is_kept():
    more = {"pattern": "[A-Z0-9-]+", "normalise": "code", "example": "AB-1"}
    assert value_of("text", " ａｂ－１ ", **more) == "AB-1"
    for raw in ("AB😀", "〓1", "A B", "車"):
        (problem,) = read("text", raw, **more).problems
        assert problem.code == "invalid" and "（例：AB-1）" in problem.message.ja
        assert "AB-1" in problem.message.text("en")
    (problem,) = read("text", "あ", pattern="[a-z]+").problems
    assert "例" not in problem.message.ja
    assert read("text", "あ", pattern="[a-z]+", problems={"invalid": "E-X"}).problems[0].code == "E-X"
    assert make("text", pattern="a|b").json_schema()["pattern"] == "^(?:a|b)$"


@pytest.mark.parametrize(
    ("pattern", "takes", "refuses"),
    [
        (r"[0-9A-Z一-鿿々\[\]().・ -]+", ["NZE121-0000001", "[41]東1234"], ["A😀", "a", ""]),
        (r"[^あ]*", ["abc", "い"], ["あ"]),
        (r"[a-c][0-9]+", ["a1"], ["aa"]),
        (r"[[:alpha:]]+", ["abc"], ["1"]),
        (r"[\d]+", ["12"], ["１２", "a"]),  # digits are ASCII's, as RE2 has it
        (r"(?:a|b){2}", ["ab"], ["abc"]),
    ],
)
def test_patterns_mean_the_same_by_whichever_engine(pattern, takes, refuses):
    field = make("text", pattern=pattern)
    for text in takes:
        assert field.read(text, CONTEXT, "item").problems == (), text
    for text in refuses:
        assert field.read(text, CONTEXT, "item").value is None, text
