"""Text: one line, several lines, kana, and the codes of bodies and parties."""

import re
from collections.abc import Mapping
from typing import Any, Final

from kiban.kernel.check_digits import validate
from kiban.kernel.definitions.model import CodeList, Field
from kiban.kernel.expr import Text
from kiban.kernel.expr.texts import whole
from kiban.kernel.problems import INVALID, TOO_LONG
from kiban.kernel.text import (
    grapheme_length,
    is_kana,
    refuse,
    search_key,
    to_halfwidth_code,
    to_katakana,
    unify_newlines,
)
from kiban.kernel.values.base import Codec, ReadContext, Refusal, wrong_type

SINGLE_LINE: Final = 200
"""Default length of one line, in characters as people count them."""

LONG: Final = 4_000
"""Default length of a long text."""

POINTS: Final = 2
"""Code points allowed for each character: a kanji with its variation selector has two."""


def one_line(text: str, most: int) -> str:
    """The text without blanks around it; Refusal for broken characters, line ends, or more than `most`."""
    checked(text)
    text = text.strip()
    if "\n" in text or "\r" in text:
        raise Refusal(INVALID, "は改行せずに入力してください。", "please write it on one line.")
    return not_longer(text, most)


def checked(text: str) -> None:
    """Refusal for characters that are never accepted."""
    if text.isascii() and text.isprintable():
        return
    problem = refuse(unify_newlines(text))
    if problem is not None:
        raise Refusal(INVALID, f"に使えない文字があります。{problem.ja}", problem.en)


def not_longer(text: str, most: int) -> str:
    """The text itself; Refusal where it has more than `most` characters."""
    if len(text) > most:
        length = max(grapheme_length(text), -(-len(text) // POINTS))
        if length > most:
            raise Refusal(
                TOO_LONG,
                f"は{most:,}文字以内で入力してください（いまは{length:,}文字です）。",
                f"please use at most {most:,} characters (now {length:,}).",
            )
    return text


class TextCodec(Codec):
    """One line of text. Names keep their exact characters; only blanks around them are taken away."""

    default_length = SINGLE_LINE

    def __init__(self, field: Field, codes: Mapping[str, CodeList]) -> None:
        super().__init__(field, codes)
        self.most = field.max_length or self.default_length
        self.expr_type = Text(self.most * POINTS)
        self._fits = whole(field.pattern) if field.pattern else None

    def take(self, raw: Any, context: ReadContext) -> str | None:
        if not isinstance(raw, str):
            raise wrong_type()
        text = self.line(raw)
        if not text:
            return None
        normal = self.normal(text)
        if self._fits is not None and not self._fits(normal):
            raise self._other_form()
        return text if normal is text else not_longer(normal, self.most) or None

    def _other_form(self) -> Refusal:
        like = self.field.example
        ja = f"例のように入力してください（例：{like}）。" if like else ""
        en = f" Please write it like this: {like}." if like else ""
        return Refusal(
            INVALID,
            f"の形式が違うか、使えない文字があります。{ja}",
            f"it has another form, or holds characters that can't be used.{en}",
        )

    def line(self, raw: str) -> str:
        """The text without what doesn't belong to it."""
        return one_line(raw, self.most)

    def normal(self, text: str) -> str:
        """The text in the form in which the type keeps it."""
        if self.field.normalise == "none":
            return text
        return to_halfwidth_code(text) if self.field.normalise == "code" else to_katakana(text)

    def plain(self, value: Any) -> str:
        return value if isinstance(value, str) else str(value)

    def schema(self) -> dict[str, Any]:
        found: dict[str, Any] = {"type": "string", "maxLength": self.most * POINTS}
        if self.field.pattern:
            found["pattern"] = f"^(?:{self.field.pattern})$"
        return found


class LongTextCodec(TextCodec):
    """Text of several lines, as written; line ends become LF."""

    default_length = LONG

    def line(self, raw: str) -> str:
        text = unify_newlines(raw)
        checked(text)
        return not_longer(text, self.most) if text.strip() else ""


class KanaCodec(TextCodec):
    """Full-width katakana; hiragana and half-width kana are taken too. Found by sound (あいまい検索)."""

    def normal(self, text: str) -> str:
        kana = to_katakana(text)
        if not is_kana(kana):
            raise Refusal(
                INVALID,
                "はカタカナで入力してください（例：ヤマダ　タロウ）。",
                "please write it in katakana, for example ヤマダ　タロウ.",
            )
        return kana

    def name_key(self, text: str) -> str:
        return search_key(text)


class BodyCodec(TextCodec):
    """A public body: its 6-digit 団体コード, or a ministry's slug."""

    default_length = 63
    _SLUG: Final = re.compile(r"[a-z][a-z0-9-]{0,62}")

    def normal(self, text: str) -> str:
        code = to_halfwidth_code(text)
        if code.isdigit():
            problem = validate("lg_code", code)
            if problem is None:
                return code
            meant = problem.candidates[0] if problem.candidates else None
            raise Refusal(INVALID, f"を確かめてください。{problem.ja}", problem.en, meant)
        slug = code.lower()
        if self._SLUG.fullmatch(slug):
            return slug
        raise Refusal(
            INVALID,
            "は6桁の団体コードで入力してください（例：131229）。",
            "please give the 6-digit code of the body, for example 131229.",
        )

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": r"^([0-9]{6}|[a-z][a-z0-9-]{0,62})$"}


class PartyCodec(TextCodec):
    """A party, by its id."""

    default_length = 100
