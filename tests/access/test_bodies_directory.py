"""The directory of bodies: loaded once, found in memory."""

import pytest

from kiban.access import bodies
from kiban.access.models import Body


def test_loading_again_changes_nothing_and_mends_what_differs(database):
    assert Body.objects.count() > 1900
    assert bodies.load_bodies() == 0
    Body.objects.filter(code="131229").update(name="wrong")
    assert bodies.load_bodies() == 1
    assert bodies.get("131229").name == "葛飾区"


def test_facts_of_a_body(database):
    yokohama = bodies.get("141003")
    assert (yokohama.name, yokohama.kind, yokohama.prefecture) == ("横浜市", "designated_city", "神奈川県")
    assert "141011" in yokohama.wards
    assert bodies.responsible("141011") == "141003"
    assert bodies.responsible("131229") == "131229"
    with pytest.raises(bodies.UnknownBody):
        bodies.get("000000")


def test_search_by_name_kana_and_postal_code(database):
    for query in ("葛飾", "かつしか", "ｶﾂｼｶ", "124-0012", "131229"):
        assert bodies.search(query)[0].code == "131229", query


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("東京都葛飾区立石五丁目13番1号", "131229"),
        ("葛飾区立石", "131229"),
        ("〒124-0012　東京都 葛飾区立石", "131229"),
        ("横浜市鶴見区鶴見中央", "141011"),
        ("横浜市役所", "141003"),
        ("大和郡山市北郡山町", "292036"),
        ("茅ヶ崎市茅ヶ崎", "142077"),
        ("北海道当別町", "013030"),
        ("府中市", None),
        ("中央区", None),
        ("市内一円", None),
        ("", None),
    ],
)
def test_locate_by_the_beginning_of_an_address(database, address, code):
    assert bodies.locate(address) == code


def test_neighbours_are_near_and_of_the_same_prefecture(database):
    names = [body.name for body in bodies.neighbours("131229")]
    assert "葛飾区" not in names
    assert {"足立区", "江戸川区"} & set(names[:6])
    assert all(body.prefecture == "130001" for body in bodies.neighbours("131229"))
