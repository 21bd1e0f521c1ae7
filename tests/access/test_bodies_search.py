import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiban.access.bodies_search import search_bodies
from kiban.access.bodies_source import all_bodies


def names(query: str, limit: int = 50) -> list[str]:
    return [body.full_name for body in search_bodies(all_bodies(), query, limit)]


@pytest.mark.parametrize(
    "query",
    [
        "千代田区",
        "東京都千代田区",
        "東京都 千代田",
        "ちよだく",
        "チヨダク",
        "ﾁﾖﾀﾞｸ",
        "131016",
        "13101",
        "１３１０１６",
        "100-0001",
        "1000001",
        "〒100-0001",
        "１００－０００１",
        "100ー0001",
        "Chiyoda-ku",
    ],
)
def test_every_way_to_a_body(query: str) -> None:
    assert names(query) == ["東京都千代田区"]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("東京", "東京都"),
        ("とうきょうと", "東京都"),
        ("広島", "広島県"),
        ("広島市", "広島県広島市"),
        ("森町", "北海道茅部郡森町"),
        ("竜ケ崎", "茨城県龍ケ崎市"),
        ("葛\U000e0100飾区", "東京都葛飾区"),
        ("さっぽろ", "北海道札幌市"),
        ("サツポロ", "北海道札幌市"),
        ("札幌 中央", "北海道札幌市中央区"),
        ("060-0000", "北海道札幌市"),
        ("石狩郡", "北海道石狩郡当別町"),
        ("国土交通", "国土交通省"),
        ("mlit", "国土交通省"),
        ("Ōsaka", "大阪府"),
        ("Toukyou", "東京都"),
    ],
)
def test_the_best_comes_first(query: str, first: str) -> None:
    assert names(query)[0] == first


def test_a_name_is_not_unique() -> None:
    assert names("府中市") == ["東京都府中市", "広島県府中市"]
    assert names("府中") == ["東京都府中市", "広島県府中市", "広島県安芸郡府中町"]


def test_a_prefecture_brings_its_municipalities_and_its_police() -> None:
    found = names("鳥取県", limit=100)
    assert (found[0], len(found)) == ("鳥取県", 1 + 19 + 1)
    assert "鳥取県警察" in found


@pytest.mark.parametrize(
    "query", ["", "   ", "ーー", "999999", "999-9999", "A東京", "ぬぬぬ", "\x00", "'; drop table", "😀"]
)
def test_nothing_found(query: str) -> None:
    assert names(query) == []


def test_at_most_as_many_as_asked_for() -> None:
    assert len(names("市", limit=7)) == 7


@settings(deadline=None)  # the first search reads the bodies
@given(st.text(st.characters(codec=None), max_size=100))
def test_any_text_can_be_searched(query: str) -> None:
    assert isinstance(search_bodies(all_bodies(), query), list)
