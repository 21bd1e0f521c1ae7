"""Fields whose value is text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from kiban.kernel.check_digits import validate
from kiban.kernel.definitions.model import CodeList, Field
from kiban.kernel.expr import TEXT
from kiban.kernel.expr.types import Text
from kiban.kernel.problems import INVALID, TOO_LONG
from kiban.kernel.text import (
    grapheme_length,
    is_kana,
    refuse,
    to_halfwidth_code,
    to_katakana,
    unify_newlines,
)
from kiban.kernel.values.base import WRONG_TYPE, Codec, ReadContext, Refused

_SINGLE, _LONG = 200, 4000
_SPACES = " \t\u3000"
_EMAIL = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z]{2,63}")
_PHONE = re.compile(r"\+?[0-9][0-9()-]{8,18}")


class TextCodec(Codec):
    """text, body, party: one line. Names keep their exact characters; only blanks around them go."""

    expr_type = TEXT
    long = False

    def __init__(self, field: Field, codes: Mapping[str, CodeList]) -> None:
        super().__init__(field, codes)
        self.most = field.max_length or (_LONG if self.long else _SINGLE)
        self.expr_type = Text(self.most * 3)

    def parse(self, raw: object, context: ReadContext, path: str) -> Any:
        if isinstance(raw, bool) or not isinstance(raw, str | int):
            raise Refused(INVALID, *WRONG_TYPE)
        text = unify_newlines(str(raw))
        text = text if self.long else text.strip(_SPACES + "\n")
        problem = refuse(text)
        if problem is not None:
            raise Refused(INVALID, f"に使えない文字があります。{problem.ja}", problem.en)
        if not self.long and "\n" in text:
            raise Refused(INVALID, "は改行せずに入力してください。", "please write on one line.")
        text = self.normal(text)
        if len(text) > self.most and (length := grapheme_length(text)) > self.most:
            raise Refused(
                TOO_LONG, f"は{self.most}文字以内で入力してください（いまは{length}文字です）。",
                f"at most {self.most} characters (now {length}).",
            )  # fmt: skip
        return text

    def normal(self, text: str) -> str:
        if self.field.normalise == "code":
            return to_halfwidth_code(text)
        return to_katakana(text) if self.field.normalise == "kana" else text

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "maxLength": self.most}


class LongTextCodec(TextCodec):
    long = True


class KanaCodec(TextCodec):
    """kana: full-width katakana; hiragana and half-width forms are converted."""

    def normal(self, text: str) -> str:
        kana = to_katakana(text)
        if not is_kana(kana):
            raise Refused(INVALID, "はカタカナで入力してください。", "please use katakana.")
        return kana


class PhoneCodec(TextCodec):
    """phone: 10 to 15 digits, with hyphens as typed."""

    def normal(self, text: str) -> str:
        number = re.sub(r"[‐‑‒–—―−ー]", "-", to_halfwidth_code(text)).replace(" ", "")
        if not _PHONE.fullmatch(number) or not 10 <= sum(map(str.isdigit, number)) <= 15:
            raise Refused(
                INVALID, "は市外局番から、数字とハイフンで入力してください（例：03-0000-0000）。",
                "please give it with the area code, for example 03-0000-0000.",
            )  # fmt: skip
        return number

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": r"^\+?[0-9][0-9()-]{8,18}$"}


class EmailCodec(TextCodec):
    """email: kept as typed but for width."""

    def normal(self, text: str) -> str:
        if not _EMAIL.fullmatch(text) or ".." in text or len(text) > 254:
            raise Refused(
                INVALID, "の形が正しくありません（例：name@example.jp）。", "for example name@example.jp."
            )
        return text

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "email", "maxLength": 254}


class PostalCodeCodec(TextCodec):
    """postal_code: 7 digits, stored without the hyphen."""

    def normal(self, text: str) -> str:
        digits = re.sub(r"[-‐‑‒–—―−ー〒 ]", "", to_halfwidth_code(text))
        if not re.fullmatch(r"[0-9]{7}", digits):
            raise Refused(INVALID, "は7桁の数字で入力してください。", "7 digits, please.")
        return digits

    def display(self, value: Any, language: str = "ja", style: str = "full") -> str:
        return f"〒{value[:3]}-{value[3:]}" if value else ""

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^[0-9]{7}$"}


class CorporateNumberCodec(TextCodec):
    """corporate_number 法人番号: 13 digits with the check digit in front (法人番号の指定等に関する省令2条)."""

    def normal(self, text: str) -> str:
        number = re.sub(r"[-‐‑‒–—―−ー ]", "", to_halfwidth_code(text))
        problem = validate("corporate_number", number)
        if problem is not None and not problem.warning:
            raise Refused(INVALID, f"が正しくありません。{problem.ja}", problem.en)
        return number

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^[1-9][0-9]{12}$"}
