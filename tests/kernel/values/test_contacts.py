"""Telephone, e-mail, postal code, corporate number."""

from __future__ import annotations

import pytest

from tests.kernel.values.support import code_of, make, read, value_of


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        ("03-0000-0000", "03-0000-0000"),
        ("０３ー００００ー００００", "03-0000-0000"),
        ("03 0000 0000", "03-0000-0000"),
        ("(03)0000-0000", "(03)0000-0000"),
        ("+81-3-0000-0000", "+81-3-0000-0000"),
        ("09000000000", "09000000000"),
    ],
)
def test_phone(raw, value):
    assert value_of("phone", raw) == value


@pytest.mark.parametrize(
    "raw", ["0000-0000", "03-0000-000a", "1234567890123456", "03--)(", "電話なし", "-" * 40]
)
def test_not_a_phone(raw):
    assert code_of("phone", raw) in ("invalid", "too_long")


@pytest.mark.parametrize(
    "raw", ["name@example.jp", "a.b+c@sub.example.co.jp", "ａｂｃ＠ｅｘａｍｐｌｅ．ｊｐ"]
)
def test_email(raw):
    assert value_of("email", raw).isascii()


@pytest.mark.parametrize(
    "raw",
    ["name", "name@", "@example.jp", "name@localhost", "a b@example.jp", "名@例.jp", "a@-x.jp", "a@b@c.jp"],
)
def test_not_an_email(raw):
    assert code_of("email", raw) == "invalid"


@pytest.mark.parametrize("raw", ["1240012", "124-0012", "〒124-0012", "１２４ー００１２", " 〒 1240012 "])
def test_postal_code(raw):
    assert value_of("postal_code", raw) == "1240012"


def test_postal_code_is_shown_as_it_is_written():
    assert make("postal_code").display("1240012") == "〒124-0012"
    assert code_of("postal_code", "124-001") == "invalid"
    assert code_of("postal_code", "12-40012") == "invalid"


def test_corporate_number():
    assert value_of("corporate_number", "７０００-０１２０-５０００２") == "7000012050002"
    assert code_of("corporate_number", "8000012050002") == "invalid"
    assert code_of("corporate_number", "7.00001E+12") == "invalid"
    assert "個人番号" in read("corporate_number", "123456789018").problems[0].message.ja
