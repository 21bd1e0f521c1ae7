"""Katakana to Latin letters: Hepburn without long vowel marks, as road signs write place names."""

import re
from typing import Final

_ROWS: Final = {
    "": "アイウエオ",
    "k": "カキクケコ",
    "g": "ガギグゲゴ",
    "s": "サシスセソ",
    "z": "ザジズゼゾ",
    "t": "タチツテト",
    "d": "ダヂヅデド",
    "n": "ナニヌネノ",
    "h": "ハヒフヘホ",
    "b": "バビブベボ",
    "p": "パピプペポ",
    "m": "マミムメモ",
    "r": "ラリルレロ",
}
_LETTERS: Final = {
    **{kana: row + vowel for row, line in _ROWS.items() for kana, vowel in zip(line, "aiueo", strict=True)},
    **dict(zip("ヤユヨワヰヱヲン", ("ya", "yu", "yo", "wa", "i", "e", "o", "n"), strict=True)),
    **{
        "シ": "shi",
        "ジ": "ji",
        "チ": "chi",
        "ツ": "tsu",
        "ヂ": "ji",
        "ヅ": "zu",
        "フ": "fu",
        "ヴ": "vu",
        "ー": "",
    },
}
_GLIDES: Final = {"ャ": "a", "ュ": "u", "ョ": "o"}


def romanise(kana: str) -> str:
    """``トウベツ`` → ``tobetsu``; characters that are not katakana are dropped."""
    letters: list[str] = []
    for char in kana:
        if char in _GLIDES and letters:
            stem = letters[-1][:-1]
            letters[-1] = stem + ("" if stem in ("sh", "ch", "j") else "y") + _GLIDES[char]
        elif char == "ッ":
            letters.append("*")
        else:
            letters.append(_LETTERS.get(char, ""))
    text = "".join(letters)
    text = re.sub(r"\*ch", "tch", text)
    text = re.sub(r"\*(.)", r"\1\1", text).rstrip("*")
    text = re.sub(r"n(?=[bmp])", "m", text)
    return re.sub(r"o[ou]|uu", lambda pair: pair[0][0], text)
