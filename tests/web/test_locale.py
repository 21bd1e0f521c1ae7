"""Every sentence of the program has its Japanese, and no translation is left over."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src" / "kiban"
_TEXT = r"""(?:"([^"]*)"|'([^']*)')"""
_TRANSLATE = re.compile(r"\{%\s*(?:translate|trans)\s+" + _TEXT + r"(?:\s+context\s+" + _TEXT + ")?")
_BLOCK = re.compile(
    r"\{%\s*blocktranslate\b(.*?)%\}(.*?)(?:\{%\s*plural\s*%\}(.*?))?\{%\s*endblocktranslate\s*%\}", re.S
)
_CALL = re.compile(r"""(?<![A-Za-z0-9_])(?:_|gettext)\(\s*"((?:[^"\\]|\\.)*)"\s*\)""")


def messages() -> set[tuple[str, str]]:
    """(context, msgid) of all that is written in templates and program."""
    return set(_in_templates()) | set(_in_program())


def _in_templates() -> Iterator[tuple[str, str]]:
    for path in SOURCE.rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        for found in _TRANSLATE.finditer(text):
            yield found[3] or found[4] or "", found[1] or found[2]
        for found in _BLOCK.finditer(text):
            yield "", re.sub(r"\{\{\s*(\w+)\s*\}\}", r"%(\1)s", found[2])


def _in_program() -> Iterator[tuple[str, str]]:
    for path in SOURCE.rglob("*.py"):
        for found in _CALL.finditer(path.read_text(encoding="utf-8")):
            yield "", found[1].replace(r"\"", '"')


def catalogue(language: str) -> dict[tuple[str, str], polib.POEntry]:
    file = polib.pofile(str(SOURCE / "locale" / language / "LC_MESSAGES" / "django.po"), encoding="utf-8")
    return {(entry.msgctxt or "", entry.msgid): entry for entry in file if not entry.obsolete}


def test_every_message_has_its_japanese() -> None:
    known = catalogue("ja")
    assert sorted(messages() - set(known)) == []
    empty = [e.msgid for e in known.values() if not (e.msgstr or all(e.msgstr_plural.values()))]
    assert empty == []


def test_no_translation_is_left_over() -> None:
    assert sorted(set(catalogue("ja")) - messages()) == []


def test_english_says_only_what_the_message_ids_do_not() -> None:
    assert [entry.msgid for entry in catalogue("en").values() if not entry.msgid_plural] == []
    for entry in catalogue("en").values():
        assert list(entry.msgstr_plural.values()) == [entry.msgid, entry.msgid_plural]


@pytest.mark.parametrize("language", ["ja", "en"])
def test_places_in_a_message_stand_in_its_translation(language: str) -> None:
    for entry in catalogue(language).values():
        for text in [entry.msgstr, *entry.msgstr_plural.values()]:
            if text:
                wanted, found = (set(re.findall(r"%\((\w+)\)s|%s", t)) for t in (entry.msgid, text))
                assert wanted == found, entry.msgid
