"""Whole numbers, yen, and exact decimals."""

import math
import re
import unicodedata
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

from kiban.kernel.definitions.model import CodeList, Field
from kiban.kernel.expr import INT, NUMBER
from kiban.kernel.input_problems import shown
from kiban.kernel.problems import INVALID, OUT_OF_RANGE
from kiban.kernel.values.base import Codec, ReadContext, Refusal, Style, wrong_type

LARGEST: Final = 10**15
"""No number of a form may be larger than this or smaller than its negative."""

MOST_PLACES: Final = 20
"""Digits after the decimal point."""

_LONGEST: Final = 80
_MINUS: Final = str.maketrans(dict.fromkeys("‐‑‒–—―−▲△", "-"))
_WHOLE: Final = "[0-9]{1,40}|[0-9]{1,3}(?:,[0-9]{3}){1,12}"
_SCIENTIFIC: Final = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?[eE][+-]?[0-9]+")


def _narrow(text: str) -> str:
    text = text.strip()
    return text if text.isascii() else unicodedata.normalize("NFKC", text).translate(_MINUS)


class _NumberCodec(Codec):
    """What whole numbers and decimals share: how they are typed, and their bounds."""

    fraction = ""
    unit = ""
    example = "1200"

    def __init__(self, field: Field, codes: Mapping[str, CodeList]) -> None:
        super().__init__(field, codes)
        self.low = -LARGEST if field.min is None else max(field.min, -LARGEST)
        self.high = LARGEST if field.max is None else min(field.max, LARGEST)
        units = {unicodedata.normalize("NFKC", unit) for unit in (field.unit, self.unit) if unit}
        suffix = f"(?:{'|'.join(map(re.escape, sorted(units)))})?" if units else ""
        self._typed = re.compile(rf"([+-]?)[¥\\]?((?:{_WHOLE}){self.fraction})\s*{suffix}")

    def digits(self, text: str) -> str:
        """The number in a typed text, with its sign, without separators and unit; raises Refusal."""
        plain = _narrow(text[: _LONGEST + 1])
        found = self._typed.fullmatch(plain) if len(plain) <= _LONGEST else None
        if found is not None:
            return found[1] + found[2].replace(",", "")
        if _SCIENTIFIC.fullmatch(plain):
            raise Refusal(
                INVALID,
                f"は指数表記（{shown(plain, 20)}）では受け付けられません。"
                f"{self.example} のように数字で入力してください。",
                f"scientific notation ({shown(plain, 20)}) is not accepted. Please write it like {self.example}.",
            )
        raise self.unreadable(text)

    def unreadable(self, text: str) -> Refusal:
        return Refusal(
            INVALID,
            f"は数字で入力してください（例：{self.example}）。「{shown(text, 20)}」は数として読めません。",
            f"please write a number such as {self.example}; “{shown(text, 20)}” can't be read as one.",
        )

    def bounded(self, value: Any) -> Any:
        """The value itself; Refusal outside of the bounds."""
        if self.low <= value <= self.high:
            return value
        unit, low, high = self.field.unit or self.unit, self.field.min, self.field.max
        if low is not None and high is None and value < self.low:
            ja, en = f"{low:,}{unit}以上", f"{low:,} or more"
        elif high is not None and low is None and value > self.high:
            ja, en = f"{high:,}{unit}以下", f"{high:,} or less"
        else:
            ja = f"{self.low:,}{unit}から{self.high:,}{unit}まで"
            en = f"from {self.low:,} to {self.high:,}"
        raise Refusal(OUT_OF_RANGE, f"は{ja}の数を入力してください。", f"please give a number {en}.")


class IntegerCodec(_NumberCodec):
    """A whole number. Full-width digits, thousands separators and the unit may be typed."""

    expr_type = INT

    def take(self, raw: Any, context: ReadContext) -> int | None:
        if isinstance(raw, str):
            if raw.isspace():
                return None
            whole = raw.isascii() and raw.isdigit() and len(raw) <= 15
            return self.bounded(int(raw if whole else self.digits(raw)))  # type: ignore[no-any-return]
        if isinstance(raw, bool) or not isinstance(raw, int | float):
            raise wrong_type()
        if isinstance(raw, float):
            if not math.isfinite(raw) or not raw.is_integer():
                raise self.unreadable(repr(raw))
            raw = int(raw)
        return self.bounded(raw)  # type: ignore[no-any-return]

    def unreadable(self, text: str) -> Refusal:
        return Refusal(
            INVALID,
            f"は整数で入力してください（例：{self.example}）。「{shown(text, 20)}」は整数として読めません。",
            f"please write a whole number such as {self.example}; “{shown(text, 20)}” can't be read as one.",
        )

    def show(self, value: Any, language: str, style: Style) -> str:
        unit = self.field.unit
        return f"{value:,}{unit if language == 'ja' or not unit else f' {unit}'}"

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.low, "maximum": self.high}


class MoneyCodec(IntegerCodec):
    """Whole yen."""

    unit = "円"

    def show(self, value: Any, language: str, style: Style) -> str:
        if language == "ja":
            return f"{value:,}円"
        return f"¥{value:,}" if value >= 0 else f"-¥{-value:,}"


class DecimalCodec(_NumberCodec):
    """An exact number (Fraction); its JSON form is text, since a JSON number is not exact everywhere."""

    expr_type = NUMBER
    fraction = rf"(?:\.[0-9]{{1,{MOST_PLACES}}})?"
    example = "12.5"

    def take(self, raw: Any, context: ReadContext) -> Fraction | None:
        if isinstance(raw, str):
            return None if raw.isspace() else self.bounded(Fraction(self.digits(raw)))
        if isinstance(raw, bool) or not isinstance(raw, int | float | Fraction | Decimal):
            raise wrong_type()
        if isinstance(raw, float | Decimal):
            if not math.isfinite(raw):
                raise self.unreadable(str(raw))
            # The shortest text that means this float is the number that was written.
            raw = repr(raw) if isinstance(raw, float) else Decimal(raw)
        value = self.bounded(Fraction(raw))
        if 10**MOST_PLACES % value.denominator:
            raise self.unreadable(str(raw))
        return value  # type: ignore[no-any-return]

    def to_json(self, value: Any) -> str | None:
        return None if value is None else decimal_text(Fraction(value))

    def from_json(self, stored: Any) -> Fraction | None:
        return None if stored is None else Fraction(stored)

    def plain(self, value: Any) -> str:
        return decimal_text(Fraction(value))

    def show(self, value: Any, language: str, style: Style) -> str:
        text = decimal_text(Fraction(value))
        if "/" in text:
            about = "約" if language == "ja" else "about "
            text = about + decimal_text(Fraction(round(Fraction(value) * 10**6), 10**6))
        whole, point, rest = text.partition(".")
        head = whole.lstrip("約about -")
        unit = self.field.unit
        return (
            whole.removesuffix(head) + f"{int(head):,}" + point + rest
            + (unit if language == "ja" or not unit else f" {unit}")
        )  # fmt: skip

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+|/[0-9]+)?$"}


def decimal_text(value: Fraction) -> str:
    """The shortest decimal that is exactly the number, ``-0.25``; a ratio ``1/3`` where there is none."""
    places, rest = 0, value.denominator
    for prime in (2, 5):
        count = 0
        while rest % prime == 0:
            rest, count = rest // prime, count + 1
        places = max(places, count)
    if rest != 1:
        return f"{value.numerator}/{value.denominator}"
    if places == 0:
        return str(value.numerator)
    digits = str(abs(value.numerator) * 10**places // value.denominator).rjust(places + 1, "0")
    return f"{'-' if value < 0 else ''}{digits[:-places]}.{digits[-places:]}"
