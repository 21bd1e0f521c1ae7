"""Addresses and files."""

from __future__ import annotations

import pytest

from kiban.kernel.expr import BOOL, Scope, compile_expression
from tests.kernel.values.support import code_of, make, read, value_of

PLACE = "東京都葛飾区立石五丁目13番1号"
DIGEST = "5" * 64


def test_the_municipality_follows_from_the_text():
    assert value_of("address", PLACE) == {"text": PLACE, "lg_code": "131229"}
    assert value_of("address", {"text": f" {PLACE}\u3000"}) == {"text": PLACE, "lg_code": "131229"}
    assert value_of("address", "市内一円") == {"text": "市内一円", "lg_code": None}


def test_an_unknown_municipality_is_absent_from_json():
    field = make("address")
    assert field.to_json({"text": "市内一円", "lg_code": None}) == {"text": "市内一円"}
    assert field.from_json({"text": "市内一円"}) == {"text": "市内一円", "lg_code": None}


def test_a_given_municipality_stands():
    assert value_of("address", {"text": PLACE, "lg_code": "131211"})["lg_code"] == "131211"
    assert value_of("address", {"text": PLACE, "lg_code": "１３１２１１"})["lg_code"] == "131211"
    assert value_of("address", {"text": PLACE, "lg_code": ""})["lg_code"] == "131229"


def test_a_wrong_code_is_refused_with_the_one_meant():
    problem = read("address", {"text": PLACE, "lg_code": "13122"}).problems[0]
    assert problem.code == "invalid"
    assert problem.suggest == {"item": {"text": PLACE, "lg_code": "131229"}}


@pytest.mark.parametrize(
    "raw",
    [5, True, [PLACE], {"lg_code": "131229"}, {"text": 5}, {"text": PLACE, "lg_code": 131229}, {"text": "a\nb"},
     {"text": PLACE, "country": "JP"}, {"text": PLACE, "postal_code": "x"}, {"text": "\x00"}],
)  # fmt: skip
def test_not_an_address(raw):
    assert code_of("address", raw) == "invalid"


def test_more_about_the_place():
    given = {
        "text": PLACE,
        "lg_code": "131229",
        "postal_code": "1240012",
        "machiaza_id": "0013005",
        "level": "block",
    }
    assert value_of("address", given) == given
    assert make("address").display(given) == PLACE


def test_addresses_in_expressions():
    scope = Scope(names={"place": make("address").expr_type})
    known = compile_expression("has(place.lg_code) && place.lg_code == '131229'", scope, expect=BOOL)
    assert known({"place": value_of("address", PLACE)}) is True
    assert known({"place": value_of("address", "市内一円")}) is False


def test_file():
    whole = {"name": "車検証.pdf", "sha256": DIGEST, "size": 1200, "type": "application/pdf"}
    assert value_of("file", whole) == whole
    assert value_of("file", {"name": "a.pdf", "sha256": "A" * 64}) == {"name": "a.pdf", "sha256": "a" * 64}
    assert value_of("file", {"name": "C:\\papers\\a.pdf", "sha256": DIGEST})["name"] == "a.pdf"
    assert value_of("file", {"document": "c1/permit"}) == {"document": "c1/permit"}
    assert make("file").display(whole) == "車検証.pdf"


@pytest.mark.parametrize(
    "raw",
    ["a.pdf", 5, [1], {"name": "a.pdf"}, {"name": "a.pdf", "sha256": "5"}, {"name": 1, "sha256": DIGEST},
     {"name": "..", "sha256": DIGEST}, {"name": "a.pdf", "sha256": DIGEST, "size": -1},
     {"name": "a.pdf", "sha256": DIGEST, "size": "1"}, {"name": "a.pdf", "sha256": DIGEST, "size": True},
     {"name": "a.pdf", "sha256": DIGEST, "type": "pdf"}, {"name": "a.pdf", "sha256": DIGEST, "path": "/etc"},
     {"document": 5}, {"document": "c1/permit", "name": "a.pdf", "sha256": DIGEST}],
)  # fmt: skip
def test_not_a_file(raw):
    assert code_of("file", raw) == "invalid"
