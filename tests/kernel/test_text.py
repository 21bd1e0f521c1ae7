import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiban.kernel.text import (
    bigrams,
    grapheme_length,
    hiragana_to_katakana,
    is_kana,
    name_key,
    name_spaces,
    refuse,
    search_key,
    to_fullwidth_kana,
    to_halfwidth_code,
    to_katakana,
    unify_newlines,
)

VS = "\U000e0100"
anything = st.text(st.characters(codec=None), max_size=40)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("a\x00b", "CHR-BROKEN"),
        ("a\x07", "CHR-BROKEN"),
        ("a\r\nb", "CHR-BROKEN"),
        ("\x85", "CHR-BROKEN"),
        ("\u202eabc", "CHR-BROKEN"),
        ("\ud800", "CHR-BROKEN"),
        ("\udfff", "CHR-BROKEN"),
        ("山\ufffd", "CHR-BROKEN"),
        ("\ufffe", "CHR-BROKEN"),
        ("\ufdd0", "CHR-BROKEN"),
        ("\U0010ffff", "CHR-BROKEN"),
        (f"{VS}葛", "CHR-BROKEN"),
        (f"葛 {VS}", "CHR-BROKEN"),
        (f"葛{VS}{VS}", "CHR-BROKEN"),
        ("\ue000", "CHR-PUA"),
        ("\uf8ff", "CHR-PUA"),
        ("\U000f0000", "CHR-PUA"),
        ("\U0010fffd", "CHR-PUA"),
    ],
)
def test_characters_that_are_refused(text: str, code: str) -> None:
    problem = refuse(text)
    assert problem is not None
    assert problem.code == code
    assert (problem.ja + problem.en).encode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a\n\tb",
        "𠮷",
        "髙﨑",
        f"葛{VS}飾",
        "神",
        "㈱Ⅲ①",
        "😀❤\ufe0f1\ufe0f\u20e3",
        "か\u3099",
        "<script>",
        "﨑\u3000太郎",
    ],
)
def test_characters_that_stay_as_they_are(text: str) -> None:
    assert refuse(text) is None


@given(anything)
def test_what_passes_can_be_stored_and_sent(text: str) -> None:
    if refuse(text) is None:
        assert "\x00" not in text
        assert text.encode().decode() == text
        assert "Co" not in {unicodedata.category(char) for char in text}


def test_new_lines_of_browsers() -> None:
    assert unify_newlines("a\r\nb\rc\n") == "a\nb\nc\n"


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("abc", 3),
        ("𠮷", 1),
        (f"葛{VS}飾区", 3),
        ("か\u3099", 1),
        ("a\nb", 3),
        (VS, 1),
        ("a" + VS * 100, 20),
    ],
)
def test_lengths_are_counted_as_people_count(text: str, length: int) -> None:
    found = grapheme_length(text)
    assert found == length if len(text) < 100 else found >= length


def test_codes_are_made_half_width() -> None:
    assert to_halfwidth_code("　１２３ａｂｃ ") == "123ABC"
    assert to_halfwidth_code("ＡＢ１２ー０３４−５") == "AB12-034-5"
    assert to_halfwidth_code("００７") == "007"


def test_kana() -> None:
    assert to_fullwidth_kana("ｶﾞｯﾎﾟｰ 山A") == "ガッポー 山A"
    assert to_fullwidth_kana("か\u3099ハ゜") == "がパ"
    assert hiragana_to_katakana("やまだ太郎ゔゝ") == "ヤマダ太郎ヴヽ"
    assert to_katakana(" ﾔﾏﾀﾞ  たろう ") == "ヤマダ　タロウ"
    assert is_kana("ヤマダ　タロウ")
    assert is_kana("みうら・アンナー")
    for wrong in ("山田", "", "ﾔﾏﾀﾞ", " ヤ", "ヤマダ1"):
        assert not is_kana(wrong)
    assert name_spaces(" 山田  太郎　") == "山田　太郎"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("オウノ", "オオノ"),
        ("オーノ", "オノ"),
        ("ワタナベ", "ワタナヘ"),
        ("わたなべ", "ﾜﾀﾅﾍﾞ"),
        ("ヴァイオレット", "バイオレツト"),
        ("ミヂカ", "ミジカ"),
        ("ミズホ", "ミヅホ"),
        ("ヲダ", "オダ"),
        ("カハシマ", "カワシマ"),
        ("ビト", "ピト"),
        ("キヤノン", "キャノン"),
        ("ショウジ　タロウ", "しようじたろう"),
        ("サイトー", "サイト−"),
        ("ｻｲﾄｳ", "サイトオ"),
        ("渡邊", "渡辺"),
        ("濱 一", "浜一"),
    ],
)
def test_tolerant_search(one: str, other: str) -> None:
    assert search_key(one) == search_key(other)


@pytest.mark.parametrize(
    ("one", "other"), [("オオノ", "オノ"), ("ウノ", "オノ"), ("アウ", "アオ"), ("山田", "川田")]
)
def test_search_keeps_apart_what_differs(one: str, other: str) -> None:
    assert search_key(one) != search_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("髙橋", "高橋"),
        ("渡邉", "渡辺"),
        ("渡邊", "渡辺"),
        ("\ufa19谷", "神谷"),
        ("𠮷田", "吉田"),
        (f"葛{VS}飾", "葛飾"),
        ("齋藤", "斎藤"),
        ("濵", "濱"),
        ("德", "徳"),
        ("﨑", "崎"),
        ("槗本", "橋本"),
        ("嶋", "島"),
        ("龍", "竜"),
        ("瀧", "滝"),
        ("冨", "富"),
        ("国", "國"),
        ("山田　太郎", "山田太郎"),
    ],
)
def test_variants_of_a_name_meet(one: str, other: str) -> None:
    assert one != other
    assert name_key(one) == name_key(other)


def test_different_names_stay_apart() -> None:
    keys = {name_key(name) for name in ("斎藤", "斉藤", "高橋", "橋本", "渡部", "渡辺", "功", "切")}
    assert len(keys) == 8


def test_stored_names_are_not_touched_by_their_keys() -> None:
    stored = ["\u795e谷", "\ufa19谷"]
    assert len(set(stored)) == 2
    assert {name_key(name) for name in stored} == {"神谷"}


@given(anything)
def test_keys_are_stable(text: str) -> None:
    key = name_key(text)
    assert name_key(key) == key
    assert isinstance(search_key(text), str)
    assert grapheme_length(text) <= len(text)


def test_bigrams() -> None:
    assert bigrams("ヤマダヤマ") == ("ヤマ", "マダ", "ダヤ")
    assert bigrams("林") == ("林",)
    assert bigrams("") == ()
