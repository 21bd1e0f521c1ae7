"""A point on the earth: latitude and longitude in degrees, the datum, and how precise it is."""

import math
import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from kiban.kernel.expr import INT, NUMBER, TEXT, Nullable, Row
from kiban.kernel.input_problems import shown
from kiban.kernel.problems import INVALID, OUT_OF_RANGE
from kiban.kernel.values.base import Codec, ReadContext, Refusal, Style, is_blank, wrong_type
from kiban.kernel.values.numbers import decimal_text

DATUMS: Final = ("JGD2011", "WGS84")
"""JGD2011 (測量法の測地系) is what maps and surveys have, and what is meant when nothing is said; devices say WGS84.
They differ by less than devices measure."""

PLACES: Final = 8
"""Decimals of a degree that are kept: about a millimetre."""

_LARGEST_PRECISION: Final = 1_000_000
_KEYS: Final = frozenset({"lat", "lon", "datum", "precision"})
_LONGEST: Final = 120
_SIGNED: Final = r"[+-]?[0-9]{1,3}(?:\.[0-9]{1,20})?"
_PAIR: Final = re.compile(rf"\(?({_SIGNED})°?[,\s]\s*({_SIGNED})°?\)?")
_PART: Final = r"([0-9]{1,3}(?:\.[0-9]{1,20})?)"
_ANGLE: Final = rf"{_PART}[°度]?(?:{_PART}['′分])?(?:{_PART}(?:[\"秒]|′′|''))?"  # NFKC writes ″ as ′′
_NAMED: Final = re.compile(rf"(北緯|南緯)?{_ANGLE}([NS])?[,、]?(東経|西経)?{_ANGLE}([EW])?", re.IGNORECASE)
_SIGN: Final = {"南緯": -1, "西経": -1, "S": -1, "W": -1}


class GeoPointCodec(Codec):
    """Internal: a mapping of exact `lat` and `lon` (degrees), `datum`, and `precision` (metres, None when unknown).

    Its JSON form has the degrees as text, since a JSON number is not exact everywhere.
    """

    expr_type = Row({"lat": NUMBER, "lon": NUMBER, "datum": TEXT, "precision": Nullable(INT)})

    def take(self, raw: Any, context: ReadContext) -> dict[str, Any] | None:
        if isinstance(raw, str):
            if raw.isspace():
                return None
            lat, lon = self._typed(raw)
            return self._point(lat, lon, DATUMS[0], None)
        if not isinstance(raw, Mapping) or not raw.keys() <= _KEYS:
            raise wrong_type()
        if is_blank(raw.get("lat")) and is_blank(raw.get("lon")):
            return None
        if is_blank(raw.get("lat")) or is_blank(raw.get("lon")):
            raise Refusal(
                INVALID, "は緯度と経度の両方を入力してください。", "please give both latitude and longitude."
            )
        datum = raw.get("datum") or DATUMS[0]
        if datum not in DATUMS:
            raise wrong_type()
        return self._point(self._degrees(raw["lat"]), self._degrees(raw["lon"]), datum, _precision(raw))

    def _typed(self, text: str) -> tuple[Fraction, Fraction]:
        """Both angles of one typed text: `35.74, 139.84`, `35°44′35″N 139°50′50″E`, `北緯35度44分 東経139度50分`."""
        narrow = unicodedata.normalize("NFKC", text[: _LONGEST + 1]).strip()
        pair = _PAIR.fullmatch(narrow) if len(narrow) <= _LONGEST else None
        if pair is not None:
            return Fraction(pair[1]), Fraction(pair[2])
        named = _NAMED.fullmatch(re.sub(r"\s", "", narrow)) if len(narrow) <= _LONGEST else None
        if named is None or not (named[2] and named[7]) or not _units(named):
            raise self._unreadable(text)
        return _angle(named.groups()[:5]), _angle(named.groups()[5:])

    def _degrees(self, raw: object) -> Fraction:
        """One angle as a number or as typed."""
        if isinstance(raw, bool):
            raise wrong_type()
        if isinstance(raw, float | int | Decimal | Fraction):
            if not isinstance(raw, Fraction) and not math.isfinite(raw):
                raise wrong_type()
            return Fraction(repr(raw)) if isinstance(raw, float) else Fraction(raw)
        if not isinstance(raw, str):
            raise wrong_type()
        narrow = unicodedata.normalize("NFKC", raw[:_LONGEST]).strip()
        if re.fullmatch(_SIGNED, narrow):
            return Fraction(narrow)
        named = re.fullmatch(
            rf"(北緯|南緯|東経|西経)?{_ANGLE}([NSEW])?", re.sub(r"\s", "", narrow), re.IGNORECASE
        )
        if named is None:
            raise self._unreadable(raw)
        return _angle(named.groups())

    def _unreadable(self, text: str) -> Refusal:
        return Refusal(
            INVALID,
            f"は「35.7433, 139.8475」のように緯度、経度の順に入力してください（「{shown(text, 30)}」は読めません）。",
            f"please write latitude and longitude such as 35.7433, 139.8475; “{shown(text, 30)}” can't be read.",
        )

    def _point(self, lat: Fraction, lon: Fraction, datum: str, precision: int | None) -> dict[str, Any]:
        value = {"lat": _rounded(lat), "lon": _rounded(lon), "datum": datum, "precision": precision}
        if abs(lat) <= 90 and abs(lon) <= 180:
            return value
        meant = (
            {**value, "lat": value["lon"], "lon": value["lat"]}
            if abs(lon) <= 90 and abs(lat) <= 180
            else None
        )
        raise Refusal(
            OUT_OF_RANGE,
            "の緯度は-90から90まで、経度は-180から180までです。緯度、経度の順をご確認ください。",
            "latitude goes from -90 to 90, longitude from -180 to 180. Please check their order.",
            self.to_json(meant),
        )

    def to_json(self, value: Any) -> dict[str, Any] | None:
        if value is None:
            return None
        found = {
            "lat": decimal_text(value["lat"]),
            "lon": decimal_text(value["lon"]),
            "datum": value["datum"],
        }
        return found if value["precision"] is None else {**found, "precision": value["precision"]}

    def from_json(self, stored: Any) -> dict[str, Any] | None:
        if stored is None:
            return None
        lat, lon = Fraction(stored["lat"]), Fraction(stored["lon"])
        return {"lat": lat, "lon": lon, "datum": stored["datum"], "precision": stored.get("precision")}

    def plain(self, value: Any) -> str:
        return f"{decimal_text(value['lat'])}, {decimal_text(value['lon'])}"

    def show(self, value: Any, language: str, style: Style) -> str:
        lat, lon, precision = value["lat"], value["lon"], value["precision"]
        north, east = decimal_text(abs(lat)), decimal_text(abs(lon))
        if language == "ja":
            error = f"誤差{precision:,}m・" if precision is not None else ""
            sides = "南緯" if lat < 0 else "北緯", "西経" if lon < 0 else "東経"
            return f"{sides[0]}{north}度、{sides[1]}{east}度（{error}{value['datum']}）"
        error = f"within {precision:,} m, " if precision is not None else ""
        return (
            f"{north}° {'S' if lat < 0 else 'N'}, {east}° {'W' if lon < 0 else 'E'} ({error}{value['datum']})"
        )

    def schema(self) -> dict[str, Any]:
        degrees = rf"^-?[0-9]{{1,3}}(\.[0-9]{{1,{PLACES}}})?$"
        return {
            "type": "object",
            "properties": {
                "lat": {"type": "string", "pattern": degrees},
                "lon": {"type": "string", "pattern": degrees},
                "datum": {"enum": list(DATUMS)},
                "precision": {"type": "integer", "minimum": 0, "maximum": _LARGEST_PRECISION},
            },
            "required": ["lat", "lon"],
            "additionalProperties": False,
        }

    def search_texts(self, value: Any) -> list[str]:
        return [value] if isinstance(value, str) else [self.plain(value)]


def _rounded(degrees: Fraction) -> Fraction:
    """Half away from zero, to the decimals that are kept."""
    scaled = abs(degrees) * 10**PLACES
    whole = (scaled + Fraction(1, 2)).__floor__()
    return Fraction(whole if degrees >= 0 else -whole, 10**PLACES)


def _units(named: re.Match[str]) -> bool:
    """Whether something says which number is what: without a mark, two numbers run into each other."""
    return bool(named[1] or named[5]) and bool(named[6] or named[10])


def _angle(parts: tuple[str | Any, ...]) -> Fraction:
    before, degrees, minutes, seconds, after = parts
    found = Fraction(degrees) + Fraction(minutes or 0) / 60 + Fraction(seconds or 0) / 3600
    return found * _SIGN.get((before or after or "").upper(), 1)


def _precision(raw: Mapping[str, Any]) -> int | None:
    given = raw.get("precision")
    if isinstance(given, str) and re.fullmatch(r"\s*[0-9]{1,9}(\.[0-9]{1,20})?\s*", given):
        given = float(given)
    if is_blank(given):
        return None
    if isinstance(given, bool) or not isinstance(given, int | float) or not math.isfinite(given):
        raise wrong_type()
    metres = math.ceil(given)
    if not 0 <= metres <= _LARGEST_PRECISION:
        raise wrong_type()
    return metres
