"""Glyph cover: which characters of a text the document fonts can print in the very shape that was asked for.

A character that no font has prints as an empty box; a variation sequence (a base and U+FE00–FE0F or
U+E0100–E01EF) that no font has prints *the base's* glyph without any warning. Both are found here, by the
fonts' `cmap` (format 12 and, for sequences, format 14). Read once from the fonts and kept in a compact file
beside them, so that a look-up costs microseconds in every process.
"""

from __future__ import annotations

import functools
import hashlib
import os
import struct
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from fontTools.ttLib import TTFont

from kiban.documents import fonts

GETA = "〓"
"""What stands for a character that cannot be printed (住民記録システム標準仕様書 5.8)."""

_MAGIC = b"kiban-cover-2\n"
_LAYOUT_ONLY = frozenset("\n\r\t")

_PUBLIC = frozenset((*fonts.SERIF, *fonts.SANS))

Reason = Literal["no_glyph", "no_variant"]


@dataclass(frozen=True, slots=True)
class Missing:
    """A character or variation sequence that would not print as it stands.

    `reason`: "no_glyph" (no font has it) or "no_variant" (the base is there, this variant is not).
    `position`: index in code points of its first one in the text.
    """

    text: str
    reason: Reason
    position: int


@dataclass(frozen=True, slots=True)
class Cover:
    """What one face covers: sorted code point ranges (start, end inclusive) and sequences base << 21 | selector."""

    family: str
    starts: array[int]
    ends: array[int]
    variants: array[int]

    def has(self, code: int) -> bool:
        """Whether the face has a glyph for the code point."""
        at = bisect_right(self.starts, code) - 1
        return at >= 0 and code <= self.ends[at]

    def has_variant(self, base: int, selector: int) -> bool:
        """Whether the face knows the sequence, be it as its default glyph or as one of its own."""
        key = base << 21 | selector
        at = bisect_left(self.variants, key)
        return at < len(self.variants) and self.variants[at] == key


def clusters(text: str) -> Iterator[tuple[int, str]]:
    """(position, character or base with its variation selector), in order."""
    at = 0
    while at < len(text):
        step = 2 if at + 1 < len(text) and is_selector(text[at + 1]) else 1
        yield at, text[at : at + step]
        at += step


def is_private(char: str) -> bool:
    """Whether the character is of a private use area: its shape is a matter of who wrote it (外字)."""
    return "\ue000" <= char <= "\uf8ff" or char >= "\U000f0000"


def is_selector(char: str) -> bool:
    """Whether the character is a variation selector (Unicode 23.4)."""
    return "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"


class Cmap:
    """The cover of an ordered list of faces."""

    def __init__(self, covers: Iterable[Cover]) -> None:
        self.covers = tuple(covers)
        self._find = functools.lru_cache(maxsize=65536)(self._find_uncached)

    def family_for(self, cluster: str) -> str | None:
        """The first family that prints this character or sequence exactly; None when no family does."""
        return self._find(cluster)[0]

    def of(self, families: Iterable[str]) -> list[Cover]:
        """The covers of these families."""
        wanted = set(families)
        return [cover for cover in self.covers if cover.family in wanted]

    def missing(self, text: str) -> list[Missing]:
        """All that would not print as it stands, in order of position. Line breaks and tabs are layout."""
        found = []
        for position, cluster in clusters(text):
            family, reason = self._find(cluster)
            if family is None and cluster not in _LAYOUT_ONLY:
                found.append(Missing(cluster, reason, position))
        return found

    def fallback(self, text: str) -> str:
        """The text with 〓 for whatever would not print as it stands; nothing is printed in a wrong shape."""
        lost = {m.position: len(m.text) for m in self.missing(text)}
        if not lost:
            return text
        return "".join(GETA if at in lost else cluster for at, cluster in clusters(text))

    def _find_uncached(self, cluster: str) -> tuple[str | None, Reason]:
        base = ord(cluster[0])
        private = is_private(cluster[0])
        for cover in self.covers:
            if private and cover.family in _PUBLIC:
                continue  # a public font's private glyph is another character than the one that was meant
            known = cover.has_variant(base, ord(cluster[1])) if len(cluster) == 2 else cover.has(base)
            if known:
                return cover.family, "no_glyph"
        if len(cluster) == 2 and any(cover.has(base) for cover in self.covers):
            return None, "no_variant"
        return None, "no_glyph"


def missing(text: str) -> list[Missing]:
    """What of `text` no installed font prints as it stands. Raises fonts.FontsMissing without any font."""
    return cmap().missing(text)


def fallback(text: str) -> str:
    """`text` with 〓 in place of what `missing` reports."""
    return cmap().fallback(text)


def cmap(where: Path | None = None) -> Cmap:
    """The cover of the installed document fonts (or of those in the folder `where`), read once in a process."""
    return _cmap(where or fonts.font_paths()[0])


@functools.lru_cache(maxsize=4)
def _cmap(where: Path) -> Cmap:
    return Cmap(_cached(face) for face in fonts.faces(where))


def build(where: Path) -> None:
    """Write the compact files beside the fonts now, so that no request has to read the fonts themselves."""
    for face in fonts.faces(where):
        _cached(face)


def _cached(face: fonts.Face) -> Cover:
    """The face's cover from its compact file; made anew when the font changed or the file is damaged."""
    stat = face.path.stat()
    key = hashlib.sha256(f"{face.path.name} {face.index} {stat.st_size} {stat.st_mtime_ns}".encode()).digest()
    store = face.path.with_name(f".{face.path.name}.{face.index}.cover")
    try:
        return _unpack(store.read_bytes(), face.family, key)
    except (OSError, ValueError, struct.error):
        cover = _read(face)
    temporary = store.with_name(f"{store.name}.{os.getpid()}")
    try:
        temporary.write_bytes(_pack(cover, key))
        temporary.replace(store)
    except OSError:  # a folder that cannot be written costs time, not correctness
        temporary.unlink(missing_ok=True)
    return cover


def _read(face: fonts.Face) -> Cover:
    with TTFont(face.path, fontNumber=face.index, lazy=True) as font:
        nothing = font.getGlyphName(0)
        codes = sorted(code for code, name in font.getBestCmap().items() if name != nothing)
        sequences: set[int] = set()
        for table in font["cmap"].tables:
            if table.format != 14:
                continue
            for selector, pairs in table.uvsDict.items():
                sequences.update(base << 21 | selector for base, name in pairs if name != nothing)
    starts, ends = array("I"), array("I")
    for code in codes:
        if ends and ends[-1] == code - 1:
            ends[-1] = code
        else:
            starts.append(code)
            ends.append(code)
    return Cover(face.family, starts, ends, array("Q", sorted(sequences)))


def _pack(cover: Cover, key: bytes) -> bytes:
    head = struct.pack("<II", len(cover.starts), len(cover.variants))
    return _MAGIC + key + head + cover.starts.tobytes() + cover.ends.tobytes() + cover.variants.tobytes()


def _unpack(blob: bytes, family: str, key: bytes) -> Cover:
    prefix = _MAGIC + key
    if not blob.startswith(prefix):
        raise ValueError("another font or another layout")
    ranges, sequences = struct.unpack_from("<II", blob, len(prefix))
    at = len(prefix) + 8
    starts, ends, variants = array("I"), array("I"), array("Q")
    for target, count in ((starts, ranges), (ends, ranges), (variants, sequences)):
        size = count * target.itemsize
        if at + size > len(blob):
            raise ValueError("cut short")
        target.frombytes(blob[at : at + size])
        at += size
    return Cover(family, starts, ends, variants)
