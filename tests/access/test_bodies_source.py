import csv
import sqlite3
from collections import Counter
from pathlib import Path

import pytest

from kiban.access.bodies_source import (
    MUNICIPALITIES,
    BodyRow,
    all_bodies,
    postal_database,
    read_local_bodies,
    read_ministries,
)
from kiban.access.romaji import romanise
from kiban.kernel.check_digits import validate

REGISTRY = Path(__file__).parents[3] / "shared" / "data" / "address" / "lg_codes.csv"


@pytest.fixture(scope="module")
def bodies() -> dict[str, BodyRow]:
    return {body.code: body for body in all_bodies()}


def test_the_nation_is_complete(bodies: dict[str, BodyRow]) -> None:
    kinds = Counter(body.kind for body in bodies.values())
    assert kinds["prefecture"] == 47
    assert sum(kinds[kind] for kind in MUNICIPALITIES) == 1741
    assert kinds["ward"] == 171
    assert (kinds["designated_city"], kinds["special_ward"], kinds["town"], kinds["village"]) == (
        20,
        23,
        743,
        183,
    )
    assert kinds["police"] == 47
    assert len(bodies) == 47 + 1741 + 171 + 47 + kinds["ministry"]


def test_each_body_is_well_formed(bodies: dict[str, BodyRow]) -> None:
    parents = {"ward": {"designated_city"}, "prefecture": set(), "ministry": {"ministry"}}
    for body in bodies.values():
        if body.kind not in ("ministry", "police"):
            assert validate("lg_code", body.code) is None
            assert body.kana
            assert body.prefecture in bodies
        if body.parent:
            assert bodies[body.parent].kind in parents.get(body.kind, {"prefecture"})
        assert body.name
        assert body.name_en
        assert list(body.postal_codes) == sorted(set(body.postal_codes))
        assert bool(body.postal_codes) == (body.kind in {*MUNICIPALITIES, "ward"})


def test_each_prefecture_has_its_police(bodies: dict[str, BodyRow]) -> None:
    tokyo, hokkaido, kyoto = (bodies[f"police-{number}"] for number in ("13", "01", "26"))
    assert (tokyo.name, tokyo.kana, tokyo.parent) == ("警視庁", "ケイシチョウ", "130001")
    assert (hokkaido.name, hokkaido.name_en) == ("北海道警察", "Hokkaido Prefectural Police")
    assert (kyoto.name, kyoto.kana, kyoto.full_name) == ("京都府警察", "キョウトフケイサツ", "京都府警察")


def test_known_bodies(bodies: dict[str, BodyRow]) -> None:
    town = bodies["013030"]
    assert (town.name, town.county, town.county_kana, town.kana) == (
        "当別町",
        "石狩郡",
        "イシカリグン",
        "トウベツチョウ",
    )
    assert (town.full_name, town.full_kana) == (
        "北海道石狩郡当別町",
        "ホッカイドウイシカリグントウベツチョウ",
    )
    assert (town.name_en, town.parent) == ("Tobetsu-cho", "010006")
    ward = bodies["011011"]
    assert (ward.name, ward.name_en, ward.parent) == ("札幌市中央区", "Sapporo-shi Chuo-ku", "011002")
    assert bodies["271403"].name == "堺市"
    assert bodies["141500"].kana == "サガミハラシ"
    assert bodies["133817"].name == "三宅村"
    assert bodies["103454"].county_kana == "キタグンマグン"
    tokyo = bodies["130001"]
    assert (tokyo.name, tokyo.name_en, tokyo.full_name, tokyo.kind) == (
        "東京都",
        "Tokyo",
        "東京都",
        "prefecture",
    )
    assert bodies["010006"].name_en == "Hokkaido"
    assert 1000001 in bodies["131016"].postal_codes
    assert 600000 in bodies["011002"].postal_codes


@pytest.mark.skipif(
    not REGISTRY.exists(), reason="the national register of local government codes is not here"
)
def test_the_national_register_agrees(bodies: dict[str, BodyRow]) -> None:
    with REGISTRY.open(encoding="utf-8", newline="") as lines:
        register = {row["lg_code"]: row for row in csv.DictReader(lines) if row["kind"] != "northern_village"}
    local = {code: body for code, body in bodies.items() if body.kind not in ("ministry", "police")}
    assert set(local) == set(register)
    differing = Counter[str]()
    for code, body in local.items():
        row = register[code]
        assert (body.kind, body.parent, body.county) == (row["kind"], row["parent"], row["county"])
        differing["name"] += body.name != (row["city"] + row["ward"] or row["pref"])
        differing["kana"] += body.kana != (row["city_kana"] + row["ward_kana"] or row["pref_kana"])
        differing["county_kana"] += body.county_kana != row["county_kana"]
        differing["name_en"] += body.name_en != row["roma"]
    # Where Japan Post and the register write a name or a reading differently.
    assert differing == {"name": 1, "kana": 1, "county_kana": 3, "name_en": 3}


def test_national_organs() -> None:
    organs = {body.code: body for body in read_ministries()}
    for line in (
        "cao npa fsa caa cfa digital reconstruction mic fdma moj mofa mof nta",
        "mext mhlw maff meti mlit jta jma moe mod",
    ):
        assert set(line.split()) <= set(organs)
    assert organs["mlit"].name == "国土交通省"
    assert organs["mlit"].name_en == "Ministry of Land, Infrastructure, Transport and Tourism"
    assert organs["nta"].parent == "mof"
    assert len({body.name for body in organs.values()}) == len(organs)


def test_a_missing_database_is_told(tmp_path: Path) -> None:
    assert postal_database().is_file()
    with pytest.raises(sqlite3.OperationalError):
        read_local_bodies(tmp_path / "none.db")


@pytest.mark.parametrize(
    ("kana", "latin"),
    [
        ("トウキョウ", "tokyo"),
        ("オオサカ", "osaka"),
        ("サッポロ", "sapporo"),
        ("オシャマンベ", "oshamambe"),
        ("チュウオウ", "chuo"),
        ("イッチョウ", "itcho"),
        ("ジュウモンジ", "jumonji"),
        ("ニイガタ", "niigata"),
        ("ビョウブ", "byobu"),
        ("カッ", "ka"),
        ("漢", ""),
    ],
)
def test_latin_letters(kana: str, latin: str) -> None:
    assert romanise(kana) == latin
