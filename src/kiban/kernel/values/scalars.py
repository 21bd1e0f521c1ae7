"""Fields whose value is a number, a date, a time, yes or no, or one or several codes."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date, time
from fractions import Fraction
from typing import Any

from kiban.kernel.dates import parse_date
from kiban.kernel.definitions.model import CodeList, Field
from kiban.kernel.expr import BOOL, DATE, INT, NUMBER, TEXT, TIME, Code, List
from kiban.kernel.input_problems import DateProblem
from kiban.kernel.problems import INVALID, NOT_IN_LIST, OUT_OF_RANGE, SEVERAL, TOO_LONG
from kiban.kernel.text import grapheme_length, refuse
from kiban.kernel.values.base import WRONG_TYPE, Codec, ReadContext, Refused, Style, quoted
from kiban.kernel.wareki import format_wareki

_LIMIT = 10**15
_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(,[0-9]{3})+")
_DECIMAL = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,12})?")
_TIME = re.compile(r"([01]?[0-9]|2[0-4])[:時]([0-5]?[0-9])?分?")
_MINUS = str.maketrans("−－‐‑–—▲△", "--------")


def _digits(raw: str) -> str:
    return unicodedata.normalize("NFKC", raw.strip("\u3000 \t\n")).translate(_MINUS)


class IntegerCodec(Codec):
    """integer: an exact whole number, |n| ≤ 10^15."""

    expr_type = INT
    suffixes = ""
    money = False

    def parse(self, raw: object, context: ReadContext, path: str) -> Any:
        value = self._whole(raw)
        low = self.field.min if self.field.min is not None else -_LIMIT
        high = self.field.max if self.field.max is not None else _LIMIT
        if not low <= value <= high:
            raise Refused(
                OUT_OF_RANGE,
                f"は{low:,}から{high:,}までの数を入力してください。",
                f"from {low:,} to {high:,}.",
            )
        return value

    def _whole(self, raw: object) -> int:
        if isinstance(raw, bool):
            raise Refused(INVALID, *WRONG_TYPE)
        if isinstance(raw, int):
            return raw
        if isinstance(raw, float) and raw.is_integer() and abs(raw) <= _LIMIT:
            return int(raw)
        if not isinstance(raw, str):
            raise Refused(INVALID, "は整数で入力してください。", "please give a whole number.")
        text = _digits(raw).lstrip("¥\\").removesuffix("円").removesuffix(self.field.unit or "\0")
        text = text.replace(",", "") if _GROUPED.fullmatch(text) else text
        if not _INTEGER.fullmatch(text):
            raise Refused(
                INVALID, f"は整数で入力してください（「{quoted(raw)}」は読み取れません）。",
                "please give a whole number.",
            )  # fmt: skip
        return int(text)

    def display(self, value: Any, language: str = "ja", style: Style = "full") -> str:
        if value is None:
            return ""
        if self.money:
            return f"{value:,}円" if language == "ja" else f"¥{value:,}"
        return f"{value:,}{self.field.unit if language == 'ja' else ''}"

    def schema(self) -> dict[str, Any]:
        found: dict[str, Any] = {"type": "integer"}
        if self.field.min is not None:
            found["minimum"] = self.field.min
        if self.field.max is not None:
            found["maximum"] = self.field.max
        return found


class MoneyCodec(IntegerCodec):
    """money: integer yen."""

    money = True


class DecimalCodec(Codec):
    """decimal: an exact number; JSON has it as text."""

    expr_type = NUMBER

    def parse(self, raw: object, context: ReadContext, path: str) -> Any:
        if isinstance(raw, bool) or not isinstance(raw, str | int | float):
            raise Refused(INVALID, *WRONG_TYPE)
        text = _digits(raw if isinstance(raw, str) else repr(raw)).replace(",", "")
        if not _DECIMAL.fullmatch(text):
            raise Refused(INVALID, "は数で入力してください（例：12.5）。", "a number, for example 12.5.")
        value = Fraction(text)
        low, high = self.field.min, self.field.max
        if (low is not None and value < low) or (high is not None and value > high):
            raise Refused(
                OUT_OF_RANGE, f"は{low}から{high}までの数を入力してください。", f"from {low} to {high}."
            )
        return value

    def to_json(self, value: Any) -> Any:
        if value.denominator == 1:
            return str(value.numerator)
        scaled, places = value, 0
        while scaled.denominator != 1 and places < 12:
            scaled, places = scaled * 10, places + 1
        sign, digits = ("-" if value < 0 else ""), str(abs(round(value * 10**places))).rjust(places + 1, "0")
        return f"{sign}{digits[:-places]}.{digits[-places:]}"

    def from_json(self, stored: Any) -> Any:
        return Fraction(str(stored))

    def display(self, value: Any, language: str = "ja", style: Style = "full") -> str:
        return "" if value is None else f"{self.to_json(value)}{self.field.unit if language == 'ja' else ''}"

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": r"^-?[0-9]{1,15}(\.[0-9]{1,12})?$"}


class DateCodec(Codec):
    """date: a civil date in Asia/Tokyo; 和暦 and 西暦 are read, both are shown."""

    expr_type = DATE

    def parse(self, raw: object, context: ReadContext, path: str) -> Any:
        if not isinstance(raw, str):
            raise Refused(INVALID, *WRONG_TYPE)
        if len(raw) == 10 and raw[4] == "-":
            try:
                return date.fromisoformat(raw)
            except ValueError:
                pass
        found = parse_date(raw[:60])
        if isinstance(found, DateProblem):
            suggest = found.candidates[0].isoformat() if found.candidates else None
            raise Refused(INVALID, f"を確認してください。{found.ja}", found.en, suggest)
        return found

    def to_json(self, value: Any) -> Any:
        return value.isoformat()

    def from_json(self, stored: Any) -> Any:
        return date.fromisoformat(stored)

    def display(self, value: Any, language: str = "ja", style: Style = "full") -> str:
        if value is None:
            return ""
        if language != "ja" or style == "short":
            return str(value.isoformat())
        wareki = format_wareki(value)
        return wareki if style == "wareki" else f"{wareki}（{value.isoformat()}）"

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date"}


class TimeCodec(Codec):
    """time: hours and minutes of the day."""

    expr_type = TIME

    def parse(self, raw: object, context: ReadContext, path: str) -> Any:
        match = _TIME.fullmatch(_digits(raw)[:12]) if isinstance(raw, str) else None
        if match is None or int(match[1]) > 23:
            raise Refused(INVALID, "は17:30のように入力してください。", "for example 17:30.")
        return time(int(match[1]), int(match[2] or 0))

    def to_json(self, value: Any) -> Any:
        return value.strftime("%H:%M")

    def from_json(self, stored: Any) -> Any:
        return time.fromisoformat(stored)

    def display(self, value: Any, language: str = "ja", style: Style = "full") -> str:
        return "" if value is None else str(value.strftime("%H:%M"))

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"}


_YES = frozenset({"true", "yes", "1", "on", "はい", "有", "○"})
_NO = frozenset({"false", "no", "0", "off", "いいえ", "無", "×"})


class YesNoCodec(Codec):
    """yes_no."""

    expr_type = BOOL

    def parse(self, raw: object, context: ReadContext, path: str) -> Any:
        if isinstance(raw, bool):
            return raw
        word = _digits(raw).lower() if isinstance(raw, str) else str(raw) if isinstance(raw, int) else ""
        if word in _YES or word in _NO:
            return word in _YES
        raise Refused(INVALID, "は「はい」か「いいえ」を選んでください。", "yes or no, please.")

    def display(self, value: Any, language: str = "ja", style: Style = "full") -> str:
        words = ("はい", "いいえ") if language == "ja" else ("Yes", "No")
        return "" if value is None else words[0 if value else 1]

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


class ChoiceCodec(Codec):
    """choice: one code of a list."""

    def __init__(self, field: Field, codes: Mapping[str, CodeList]) -> None:
        super().__init__(field, codes)
        self.expr_type = Code(self.code_name, frozenset(self.items))
        self.labels = {
            label: code for code, item in self.items.items() for label in (item.label.ja, item.label.en)
        }

    def parse(self, raw: object, context: ReadContext, path: str) -> Any:
        if isinstance(raw, list | tuple):
            if len(raw) > 1:
                raise self.several()
            raw = raw[0]
        if isinstance(raw, bool) or not isinstance(raw, str | int):
            raise Refused(INVALID, *WRONG_TYPE)
        text = str(raw).strip("\u3000 \t\n")
        code = text if text in self.items else self.labels.get(text)
        if code:
            return code
        parts = [part for part in re.split(r"[、,]", text) if part]
        if len(parts) > 1 and all(part.strip() in self.items for part in parts):
            raise self.several()
        raise Refused(
            NOT_IN_LIST,
            f"は選択肢から選んでください（「{quoted(text)}」はありません）。",
            "please choose from the list.",
        )

    def several(self) -> Refused:
        return Refused(SEVERAL, "は1つだけ選んでください。", "please choose one only.")

    def display(self, value: Any, language: str = "ja", style: Style = "full") -> str:
        if value is None:
            return ""
        return self.items[value].label.text(language) if value in self.items else str(value)

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "enum": list(self.items)}


class MultipleCodec(Codec):
    """multiple: several codes of a list, or, without a list, several lines of text; order is kept, no doubles."""

    def __init__(self, field: Field, codes: Mapping[str, CodeList]) -> None:
        super().__init__(field, codes)
        self.listed = field.codes is not None or field.options is not None
        item = Code(self.code_name, frozenset(self.items)) if self.listed else TEXT
        self.expr_type = List(item, max_items=field.max_items)

    def parse(self, raw: object, context: ReadContext, path: str) -> Any:
        if isinstance(raw, str):
            raw = re.split(r"[\r\n]+" if not self.listed else r"[\r\n、,]+", raw)
        if not isinstance(raw, list | tuple):
            raise Refused(INVALID, *WRONG_TYPE)
        texts = [
            self._one(item) for item in raw if not (isinstance(item, str) and not item.strip("\u3000 \t"))
        ]
        doubles = (
            sorted({text for text in texts if texts.count(text) > 1}) if len(set(texts)) != len(texts) else []
        )
        if doubles:
            raise Refused(
                INVALID,
                f"に同じものが2つあります（{quoted(doubles[0])}）。",
                f"{quoted(doubles[0])} stands there twice.",
            )
        if len(texts) > self.field.max_items:
            raise Refused(
                TOO_LONG, f"は{self.field.max_items}件以内にしてください（いまは{len(texts)}件です）。",
                f"at most {self.field.max_items} (now {len(texts)}).",
            )  # fmt: skip
        return tuple(texts)

    def _one(self, item: object) -> str:
        if not isinstance(item, str):
            raise Refused(INVALID, *WRONG_TYPE)
        text = item.strip("\u3000 \t")
        if self.listed:
            if text not in self.items:
                raise Refused(
                    NOT_IN_LIST, f"は選択肢から選んでください（「{quoted(text)}」はありません）。",
                    "please choose from the list.",
                )  # fmt: skip
            return text
        problem = refuse(text)
        if problem is not None:
            raise Refused(INVALID, f"に使えない文字があります。{problem.ja}", problem.en)
        most = self.field.max_length or 200
        if grapheme_length(text) > most:
            raise Refused(
                TOO_LONG, f"は1件{most}文字以内にしてください。", f"at most {most} characters each."
            )
        return text

    def to_json(self, value: Any) -> Any:
        return list(value)

    def from_json(self, stored: Any) -> Any:
        return tuple(stored)

    def display(self, value: Any, language: str = "ja", style: Style = "full") -> str:
        if not value:
            return ""
        shown = [self.items[v].label.text(language) if v in self.items else str(v) for v in value]
        return ("、" if language == "ja" else ", ").join(shown)

    def schema(self) -> dict[str, Any]:
        item: dict[str, Any] = {"type": "string"}
        if self.listed:
            item["enum"] = list(self.items)
        return {"type": "array", "items": item, "uniqueItems": True, "maxItems": self.field.max_items}
