"""Points on the earth: typed, from a device, from a map."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.kernel.values.support import CONTEXT, code_of, make, read, value_of

TOKYO = {"lat": "35.6894875", "lon": "139.6917064", "datum": "JGD2011"}


@pytest.mark.parametrize(
    ("typed", "lat", "lon"),
    [
        ("35.6894875, 139.6917064", "35.6894875", "139.6917064"),
        ("35.6894875　139.6917064", "35.6894875", "139.6917064"),
        ("（３５．６８９４８７５、１３９．６９１７０６４）".replace("、", ","), "35.6894875", "139.6917064"),
        ("35°41′22.155″N 139°41′30.143″E", "35.68948750", "139.69170639"),
        ("北緯35度41分22.155秒 東経139度41分30.143秒", "35.68948750", "139.69170639"),
        ("北緯35.5度、東経139.25度", "35.5", "139.25"),
        ("南緯10度30分 西経20度", "-10.5", "-20"),
        ("-10.5, -20", "-10.5", "-20"),
    ],
)
def test_what_people_type(typed: str, lat: str, lon: str) -> None:
    value = value_of("geo_point", typed)
    assert (value["lat"], value["lon"]) == (Fraction(lat), Fraction(lon))
    assert value["datum"] == "JGD2011"


def test_what_a_device_says() -> None:
    raw = {"lat": 35.68948751234567, "lon": "139.6917064", "datum": "WGS84", "precision": 12.3}
    reading = read("geo_point", raw)
    assert reading.value["precision"] == 13
    field = make("geo_point")
    assert field.to_json(reading.value) == {
        "lat": "35.68948751", "lon": "139.6917064", "datum": "WGS84", "precision": 13,
    }  # fmt: skip
    assert field.display(reading.value) == "北緯35.68948751度、東経139.6917064度（誤差13m・WGS84）"
    assert field.display(reading.value, "en") == "35.68948751° N, 139.6917064° E (within 13 m, WGS84)"


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("35.7", "invalid"), ("ここ", "invalid"), ("35°41′ 139°41′", "invalid"), ({"lat": "35.7", "lon": ""}, "invalid"),
        ({"lat": 91, "lon": 181}, "out_of_range"), ({"lat": 35, "lon": 139, "datum": "TOKYO"}, "invalid"),
        ({"lat": True, "lon": 139}, "invalid"), ({"lat": float("inf"), "lon": 0}, "invalid"),
        ({"lat": 35, "lon": 139, "precision": -1}, "invalid"), ({"lat": 35, "lon": 139, "height": 3}, "invalid"),
    ],
)  # fmt: skip
def test_what_is_no_point(raw: object, code: str) -> None:
    assert code_of("geo_point", raw) == code


def test_a_swapped_pair_is_suggested_and_not_taken() -> None:
    reading = read("geo_point", "139.6917064, 35.6894875")
    assert reading.value is None
    assert reading.problems[0].suggest == {"item": TOKYO}


@pytest.mark.parametrize(
    "raw", ["", " ", None, {"lat": "", "lon": " "}, {"datum": "WGS84", "lat": None, "lon": ""}]
)
def test_nothing_is_not_the_gulf_of_guinea(raw: object) -> None:
    reading = read("geo_point", raw)
    assert (reading.value, reading.problems) == (None, ())


@given(
    st.decimals(-90, 90, places=8), st.decimals(-180, 180, places=8), st.sampled_from(["JGD2011", "WGS84"]),
    st.none() | st.integers(0, 10**6),
)  # fmt: skip
def test_every_point_survives(lat: Decimal, lon: Decimal, datum: str, precision: int | None) -> None:
    field = make("geo_point")
    value = field.read(
        {"lat": f"{lat:f}", "lon": f"{lon:f}", "datum": datum, "precision": precision}, CONTEXT, "item"
    ).value
    stored = json.loads(json.dumps(field.to_json(value)))
    assert field.from_json(stored) == value
    assert field.read(stored, CONTEXT, "item").value == value
    typed = field.read(field.plain(value), CONTEXT, "item").value
    assert (typed["lat"], typed["lon"]) == (value["lat"], value["lon"]) == (Fraction(lat), Fraction(lon))
