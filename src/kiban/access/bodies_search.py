"""Finding a body by any part of its name, reading, code or a postal code, in memory."""

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, NamedTuple

from kiban.access.bodies_source import BodyRow
from kiban.kernel.text import name_key, search_key

_LONGEST: Final = 60
_CODE: Final = re.compile(r"[0-9]{1,6}")
_POSTAL: Final = re.compile(r"〒?([0-9]{3})-?([0-9]{4})")
_DASHES: Final = str.maketrans(dict.fromkeys("‐‑‒–—―−ー", "-"))
_KIND_ORDER: Final = {"ministry": 0, "prefecture": 1, "designated_city": 2, "ward": 4, "police": 5}


def search_bodies(bodies: Iterable[BodyRow], query: str, limit: int = 50) -> list[BodyRow]:
    """The bodies that match, best first, at most `limit`; an empty query has no results.

    `query` may be any part of a name (with its prefecture or county, in any variant of the kanji), of its
    reading (hiragana, katakana, full or half width) or of the English name; several words must all match.
    Digits are a code from its beginning (5 or 6 digits: that body), 7 digits with or without a hyphen a
    postal code. Names that are the query, or begin with it, come before names that contain it, bodies that
    lie in it, and wards.
    """
    plain = unicodedata.normalize("NFKC", query[:_LONGEST]).strip()
    postal = _POSTAL.fullmatch(re.sub(r"\s", "", plain.translate(_DASHES)))
    if postal is not None:
        return _by_postal_code(bodies, int(postal[1] + postal[2]))[:limit]
    if _CODE.fullmatch(plain):
        return _by_code(bodies, plain)[:limit]
    words = [word for word in map(_word, plain.split()) if word.name]
    if not words:
        return []
    ranked = [(rank, _order(body), body) for body in bodies if (rank := _rank_all(body, words)) is not None]
    ranked.sort(key=lambda item: item[:2])
    return [body for _, _, body in ranked[:limit]]


def _order(body: BodyRow) -> tuple[int, str]:
    return _KIND_ORDER.get(body.kind, 3), body.code


def _by_postal_code(bodies: Iterable[BodyRow], code: int) -> list[BodyRow]:
    return sorted((body for body in bodies if _has(body, code)), key=_order)


def _has(body: BodyRow, code: int) -> bool:
    at = bisect_left(body.postal_codes, code)
    return at < len(body.postal_codes) and body.postal_codes[at] == code


def _by_code(bodies: Iterable[BodyRow], digits: str) -> list[BodyRow]:
    return sorted((body for body in bodies if body.code.startswith(digits)), key=lambda body: body.code)


class _Keys(NamedTuple):
    """What a body is matched by: its own name and reading with and without 市区町村, and those with its
    place.
    """

    name: str
    short: str
    kana: str
    latin: str
    full_name: str
    full_kana: str


class _Word(NamedTuple):
    name: str
    kana: str
    latin: str


def _word(text: str) -> _Word:
    return _Word(name_key(text), search_key(text), _latin(text))


def _latin(text: str) -> str:
    """Latin letters without case, macrons, hyphens and doubled vowels; empty when there are others."""
    plain = re.sub(r"[\u0300-\u036f\s'-]", "", unicodedata.normalize("NFKD", text).casefold())
    if not re.fullmatch(r"[a-z]+", plain):
        return ""
    return re.sub(r"o[ou]|uu", lambda pair: pair[0][0], plain)


@lru_cache(maxsize=8192)
def _keys(name: str, kana: str, name_en: str, place: str, place_kana: str) -> _Keys:
    key, reading = name_key(name), search_key(kana)
    return _Keys(
        key,
        re.sub("[都府県市区町村省庁]$", "", key),
        reading,
        _latin(name_en),
        name_key(place) + key,
        search_key(place_kana) + reading,
    )


def _rank_all(body: BodyRow, words: list[_Word]) -> int | None:
    if [body.code] == [word.name for word in words]:  # the slug of a national organ
        return 0
    place = "" if body.kind == "prefecture" else body.prefecture_name + body.county
    place_kana = "" if body.kind == "prefecture" else body.prefecture_kana + body.county_kana
    keys = _keys(body.name, body.kana, body.name_en, place, place_kana)
    worst = 0
    for word in words:
        rank = _rank(keys, word)
        if rank is None:
            return None
        worst = max(worst, rank)
    return worst


def _rank(keys: _Keys, word: _Word) -> int | None:
    """0 the name itself; 1 its beginning; 2 the beginning of its reading; 3 and 4 inside them; 5 in its
    place.
    """
    name, kana, latin = word
    if name in (keys.name, keys.short) or (kana and kana == keys.kana):
        return 0
    checks = (
        keys.name.startswith(name),
        bool(kana and keys.kana.startswith(kana)) or bool(latin and keys.latin.startswith(latin)),
        name in keys.name,
        bool(kana and kana in keys.kana) or bool(latin and latin in keys.latin),
        name in keys.full_name or bool(kana and kana in keys.full_kana),
    )
    return checks.index(True) + 1 if any(checks) else None
