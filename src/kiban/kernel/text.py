"""Characters: what is refused, how long a text is, and the keys by which texts are matched.

Stored text is kept as it came: nothing here is applied to a name before it is stored, since even NFC changes
the kanji of names (U+FA19 becomes U+795E). Keys are for matching and are never printed.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Final

import jntajis

from kiban.kernel.input_problems import TextProblem

_VS: Final = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
_NONCHARACTERS: Final = "\ufdd0-\ufdef" + "".join(
    f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000)
)
_PUA: Final = "\ue000-\uf8ff\U000f0000-\U000ffffd\U00100000-\U0010fffd"
# Beside the control characters, the marks that reverse the reading direction: they make a name look like
# another.
_CONTROLS: Final = "\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069"
_BAD: Final = re.compile(
    f"(?P<control>[{_CONTROLS}])"
    f"|(?P<broken>[\ud800-\udfff\ufffd{_NONCHARACTERS}])"
    f"|(?P<pua>[{_PUA}])"
    f"|(?:^|[\\s{_VS}])(?P<orphan>[{_VS}])"
)


def refuse(text: str) -> TextProblem | None:
    """The first character that can't be accepted, or None.

    CHR-BROKEN: NUL and other control characters (line feed and tab are allowed), direction marks, lone
    surrogates, U+FFFD, noncharacters, a variation selector without its base. CHR-PUA: private use (外字),
    which needs a table of identities. Line ends as browsers send them are not accepted: apply
    `unify_newlines` first.
    """
    found = _BAD.search(text)
    if found is None:
        return None
    kind = found.lastgroup or ""
    at, point = found.start(kind), f"U+{ord(found[kind]):04X}"
    place_ja, place_en = f"{at + 1}文字目（{point}）", f"Character {at + 1} ({point})"
    if kind == "pua":
        return TextProblem(
            "CHR-PUA",
            f"{place_ja}は外字です。他のシステムでは別の字になるため、受け付けられません。別の字体で入力してください。",
            f"{place_en} is a private-use character, which other systems read differently. Use another form.",
        )
    ja, en = {
        "control": ("は目に見えない制御文字です。取り除いてください。", "is a control character. Remove it."),
        "broken": ("は壊れた文字です。入力し直してください。", "is broken. Please type it again."),
        "orphan": (
            "は字体の指定だけで、元の文字がありません。入力し直してください。",
            "selects a form of no character. Please type it again.",
        ),
    }[kind]
    return TextProblem("CHR-BROKEN", place_ja + ja, f"{place_en} {en}")


def unify_newlines(text: str) -> str:
    """CR LF and CR, as browsers and spreadsheets send them, to LF."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


# Up to four marks belong to a base, so that a mountain of marks still has a length.
_GRAPHEME: Final = re.compile(f".[{_VS}\u0300-\u036f\u20d0-\u20ff\u3099\u309a]{{0,4}}", re.DOTALL)


def grapheme_length(text: str) -> int:
    """Length as people count characters: a base with its variation selector or marks is 1, 𠮷 is 1."""
    return len(text) if text.isascii() else len(_GRAPHEME.findall(text))


_DASHES: Final = dict.fromkeys(map(ord, "‐‑‒–—―−ー"), "-")


def to_halfwidth_code(text: str) -> str:
    """For codes made of ASCII (X type): full-width to half-width, dashes to ``-``, upper case, trimmed.

    Leading zeros stay.
    """
    return unicodedata.normalize("NFKC", text).translate(_DASHES).strip().upper()


_HALFWIDTH_KANA: Final = re.compile("[\uff61-\uff9f]+")
_MARKED_KANA: Final = re.compile("[\u3041-\u30ff][\u3099-\u309c]")
_TO_KATAKANA: Final = {code: code + 0x60 for code in (*range(0x3041, 0x3097), 0x309D, 0x309E)}
_KANA: Final = re.compile(
    "[\u3041-\u3096\u309d\u309e\u30a1-\u30fe][\u3041-\u3096\u309d\u309e\u30a1-\u30fe \u3000]*"
)


def to_fullwidth_kana(text: str) -> str:
    """Half-width kana to full-width, and voiced marks composed with their kana; all else untouched."""
    text = _HALFWIDTH_KANA.sub(lambda run: unicodedata.normalize("NFKC", run[0]), text)
    return _MARKED_KANA.sub(_composed, text)


def _composed(pair: re.Match[str]) -> str:
    mark = {"\u309b": "\u3099", "\u309c": "\u309a"}.get(pair[0][1], pair[0][1])
    whole = unicodedata.normalize("NFC", pair[0][0] + mark)
    return whole if len(whole) == 1 else pair[0]


def hiragana_to_katakana(text: str) -> str:
    """Hiragana to katakana; all else untouched."""
    return text.translate(_TO_KATAKANA)


def to_katakana(text: str) -> str:
    """What a kana field stores: full-width katakana, one ideographic space between names, none around."""
    return name_spaces(hiragana_to_katakana(to_fullwidth_kana(text)))


def is_kana(text: str) -> bool:
    """Whether the text is full-width kana (either kind, with ー and ・ and spaces) and begins with one."""
    return _KANA.fullmatch(text) is not None


def name_spaces(text: str) -> str:
    """Between the parts of a name one ideographic space, none around; the characters themselves stay."""
    return re.sub(r"[ \t\u00a0\u3000]+", "\u3000", text).strip("\u3000")


_ANY_VS: Final = re.compile(f"[{_VS}]")
_IGNORED: Final = re.compile(r"[\s\-‐‑‒–—―−ー・]+")


def name_key(text: str) -> str:
    """Key under which variant kanji of one name meet: 髙橋 and 高橋, 渡邉 and 渡辺, U+FA19 and U+795E.

    Variation selectors are dropped, compatibility characters resolved (NFKC), variants folded by the
    reduction map of the 文字情報基盤 (MJ縮退マップ), case and spaces ignored.
    """
    plain = unicodedata.normalize("NFKC", _ANY_VS.sub("", text)).casefold()
    return unicodedata.normalize("NFKC", re.sub(r"\s+", "", "".join(map(_folded, plain))))


_SCHEMES: Final = (
    jntajis.MJShrinkSchemeCombo.JIS_INCORPORATION_UCS_UNIFICATION_RULE
    | jntajis.MJShrinkSchemeCombo.INFERENCE_BY_READING_AND_GLYPH
    | jntajis.MJShrinkSchemeCombo.MOJ_NOTICE_582
    | jntajis.MJShrinkSchemeCombo.MOJ_FAMILY_REGISTER_ACT_RELATED_NOTICE
)


# The map also gives 切 for 功, 帥 for 師 and the like: kanji in common use that stand on their own.
_APART: Final = frozenset("功切師書玉着")


@lru_cache(maxsize=65536)
def _folded(char: str) -> str:
    """The commoner form of a kanji, else itself."""
    if char < "\u3400" or char in _APART:
        return char
    # Taken when it is more common, or both are most common (嶋, 島); among equals the map's order.
    others = [form for form in jntajis.mj_shrink_candidates(char, _SCHEMES) if form != char]
    best = min(others, key=_rarity, default=char)
    return _folded(best) if best != char and _rarity(best) < max(_rarity(char), 1) else char


def _rarity(char: str) -> int:
    """0 for level 1 of JIS X 0208, 1 for level 2, 2 for the rest."""
    encoded = char.encode("euc_jp", errors="replace")
    if len(encoded) != 2:
        return 2
    return 0 if encoded[0] < 0xD0 else 1


_SMALL: Final = str.maketrans("ァィゥェォッャュョヮヵヶ", "アイウエオツヤユヨワカケ")
_SAME: Final = str.maketrans("ヲヰヱハ", "オイエワ")
_FOREIGN: Final = (
    ("ヴァ", "バ"),
    ("ヴィ", "ビ"),
    ("ヴェ", "ベ"),
    ("ヴォ", "ボ"),
    ("ヴ", "ブ"),
    ("ヂ", "ジ"),
    ("ヅ", "ズ"),
)
_O_ROW: Final = re.compile("(?<=[オコソトノホモヨロ])ウ")


def search_key(text: str) -> str:
    """Key for the tolerant search of 住民記録システム標準仕様書 2.1.2: two texts match when their keys do.

    Ignores voicing (ワタナベ, ワタナヘ), small kana, the long vowel mark, dashes and spaces; takes ヂ as ジ,
    ヅ as ズ, ヲ as オ, ヴァ as バ, ハ as ワ, and ウ after the オ row as オ (オウノ, オオノ). Kanji are folded
    as in `name_key`; hiragana, katakana and half-width kana are one.
    """
    key = _IGNORED.sub("", hiragana_to_katakana(to_fullwidth_kana(name_key(text))))
    for written, sound in _FOREIGN:
        key = key.replace(written, sound)
    key = _unvoiced(key.translate(_SMALL)).translate(_SAME)
    return _O_ROW.sub("オ", key)


def _unvoiced(key: str) -> str:
    return re.sub(
        "[ァ-ヺ]+", lambda run: re.sub("[\u3099\u309a]", "", unicodedata.normalize("NFD", run[0])), key
    )


def bigrams(key: str) -> tuple[str, ...]:
    """The distinct pairs of neighbouring characters of a key, in order; a key of one character is its own
    pair.
    """
    if len(key) < 2:
        return (key,) if key else ()
    return tuple(dict.fromkeys(key[index : index + 2] for index in range(len(key) - 1)))
