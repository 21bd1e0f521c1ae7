"""Finds the municipality that an address begins with. Pure: made once from the rows of bodies."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator

from kiban.access.bodies_source import MUNICIPALITIES, BodyRow
from kiban.kernel.text import name_key

_SMALL_KE = str.maketrans("ヶヵ", "ケカ")


class Places:
    """Beginnings of addresses by body."""

    def __init__(self, rows: Iterable[BodyRow]) -> None:
        self._codes: dict[str, str | None] = {}
        for body in rows:
            if body.kind not in MUNICIPALITIES and body.kind != "ward":
                continue
            for name in _names(body):
                key = _plain(name)
                self._codes[key] = body.code if self._codes.get(key, body.code) == body.code else None
        self._longest = max(map(len, self._codes), default=0)

    def locate(self, address: str) -> str | None:
        """The code of the municipality (or ward of a designated city) that an address begins with, else None.

        The prefecture may be missing where the name is the only one in the country, the county (郡) always; full
        and half width, spaces, a postal code in front and variants of kanji do not matter.
        """
        text = _plain(address)
        for length in range(min(len(text), self._longest), 1, -1):
            if text[:length] in self._codes:
                return self._codes[text[:length]]
        return None


def _names(body: BodyRow) -> Iterator[str]:
    yield from (body.name, body.prefecture_name + body.name)
    if body.county:
        yield from (body.county + body.name, body.prefecture_name + body.county + body.name)
    if body.kind == "ward" and "市" in body.name:
        yield body.name[body.name.rindex("市") + 1 :]


def _plain(text: str) -> str:
    """One form for the ways in which an address's beginning is written."""
    text = unicodedata.normalize("NFKC", text[:80]).lstrip("〒 　0123456789-‐‑‒–—―−ー")
    return name_key(text[:30]).translate(_SMALL_KE)
