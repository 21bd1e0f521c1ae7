"""What reading is for every type: blank, marks, typed text, the field's own codes and words."""

from __future__ import annotations

import pytest

from kiban.kernel.values import CODECS, MARKS
from tests.kernel.values.support import CONTEXT, make, read

PARTS = {"fields": {"what": {"label": "何", "type": "text"}}}


@pytest.mark.parametrize("kind", CODECS)
@pytest.mark.parametrize("raw", [None, "", [], {}, (), " \u3000\t", {"value": None}, {"value": " "}])
def test_blank_is_unanswered_in_every_type(kind, raw):
    reading = read(kind, raw, **(PARTS if kind == "group" else {}))
    assert (reading.value, reading.text, reading.mark, reading.problems) == (None, None, "unanswered", ())


@pytest.mark.parametrize(
    ("kind", "raw"), [("integer", 0), ("integer", "0"), ("yes_no", False), ("decimal", 0)]
)
def test_zero_and_no_are_answers(kind, raw):
    reading = read(kind, raw)
    assert reading.value == 0
    assert reading.value is not None
    assert reading.mark == "answered"


def test_typed_text_is_kept_only_where_it_differs():
    assert read("date", "2026-10-05").text is None
    assert read("date", "令和8年10月5日").text == "令和8年10月5日"
    assert read("integer", "１，２００円").text == "１，２００円"
    assert read("integer", "1200").text is None
    assert read("text", " 葛飾 ").text == " 葛飾 "
    assert read("yes_no", "true").text is None
    assert read("yes_no", "はい").text == "はい"


def test_what_is_refused_keeps_its_text_for_mending():
    reading = read("date", "2026-02-30")
    assert reading.value is None
    assert reading.text == "2026-02-30"


def test_a_kept_text_can_be_stored():
    reading = read("text", "a\x00b\ud800c")
    assert reading.problems[0].code == "invalid"
    assert reading.text == "abc"
    assert len(read("text", "あ" * 100_000).text) == 20_000


def test_value_with_text_keeps_the_text():
    reading = read("date", {"value": "2026-10-05", "text": "R8.10.5"})
    assert reading.value.isoformat() == "2026-10-05"
    assert reading.text == "R8.10.5"
    assert read("date", {"value": "2026-10-05", "text": "2026-10-05"}).text is None


def test_text_alone_is_read():
    assert read("integer", {"value": None, "text": "１２"}).value == 12


@pytest.mark.parametrize("mark", sorted(MARKS - {"answered", "unanswered", "prefilled"}))
def test_marks_without_a_value(mark):
    assert read("integer", {"value": None, "mark": mark}).mark == mark
    assert read("integer", {"value": 3, "mark": mark}).problems[0].code == "invalid"


def test_prefilled_has_a_value():
    assert read("integer", {"value": 3, "mark": "prefilled"}).mark == "prefilled"
    assert read("integer", {"value": "", "mark": "prefilled"}).mark == "unanswered"


@pytest.mark.parametrize(
    "raw",
    [
        {"value": 1, "mark": "guessed"},
        {"value": 1, "mark": ["hidden"]},
        {"value": 1, "mark": {"a": 1}},
        {"value": 1, "text": 5},
        {"value": 1, "more": 2},
    ],
)
def test_other_shapes_are_refused(raw):
    assert read("integer", raw).problems[0].code == "invalid"


def test_a_field_has_its_own_code_and_words():
    own = {"problems": {"invalid": {"code": "E-NO", "message": {"ja": "直してください。", "en": "Mend it."}}}}
    problem = read("integer", "x", law="架空法1条", **own).problems[0]
    assert (problem.code, problem.message.ja, problem.message.en, problem.law) == (
        "E-NO",
        "直してください。",
        "Mend it.",
        "架空法1条",
    )


def test_a_field_has_its_own_code_and_the_words_of_the_kernel():
    problem = read("choice", "brown", problems={"not_in_list": "E-COLOUR"}).problems[0]
    assert problem.code == "E-COLOUR"
    assert "brown" in problem.message.ja


def test_messages_say_where_what_and_how():
    problem = read("date", "2026-02-30").problems[0]
    assert problem.message.ja == (
        "「項目」を確かめてください。「2026年2月30日」は暦にない日です。2026年2月は28日までです。"
    )


def test_problems_stand_at_the_path_given():
    assert make("integer").read("x", CONTEXT, "items[3].cost").problems[0].field == "items[3].cost"


@pytest.mark.parametrize("kind", CODECS)
def test_schema_names_the_field(kind):
    more = PARTS if kind == "group" else {}
    schema = make(kind, help={"ja": "手引き"}, law="架空法1条", **more).json_schema()
    assert schema["title"] == "項目"
    assert schema["description"] == "手引き"
    assert schema["x-law"] == "架空法1条"
    assert "type" in schema or "anyOf" in schema


@pytest.mark.parametrize("kind", CODECS)
def test_nothing_is_shown_and_stored_as_nothing(kind):
    field = make(kind, **(PARTS if kind == "group" else {}))
    assert field.display(None) == ""
    assert field.to_json(None) is None
    assert field.from_json(None) is None


def test_search_keys():
    assert make("text").search_keys("abc") == []
    assert make("text", search="exact").search_keys("ｎｚｅ－１") == ["NZE-1"]
    assert (
        make("text", search="name").search_keys("髙橋")
        == make("text", search="name").search_keys("高橋")
        == ["高橋"]
    )
    assert make("kana", search="name").search_keys("オウノ") == make("kana", search="name").search_keys(
        "オオノ"
    )
    assert make("multiple", search="exact").search_keys(("足立 7001", "足立 7002")) == [
        "足立 7001",
        "足立 7002",
    ]
    assert make("date", search="exact").search_keys(CONTEXT.today) == ["2026-10-02"]
    assert make("address", search="name").search_keys({"text": "立石五", "lg_code": None}) == ["立石", "石五"]
    assert len(make("long_text", search="exact").search_keys("あ" * 3000)[0]) == 200
    group = make("group", search="exact", fields={"no": {"label": "番号", "type": "text"}})
    assert group.search_keys(({"no": "a1"}, {}, {"no": "b2"})) == ["A1", "B2"]
