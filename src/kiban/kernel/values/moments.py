"""Dates and times of day, in Asia/Tokyo."""

import re
import unicodedata
from datetime import date, datetime, time
from typing import Any, Final

from kiban.kernel.dates import parse_date
from kiban.kernel.expr import DATE, TIME
from kiban.kernel.input_problems import DateProblem, shown
from kiban.kernel.problems import INVALID
from kiban.kernel.values.base import Codec, ReadContext, Refusal, Style, wrong_type
from kiban.kernel.wareki import format_wareki, format_wareki_short

_LONGEST: Final = 60
_CLOCK: Final = re.compile(
    r"(?P<half>午前|午後)?(?P<hour>[0-9]{1,2})"
    r"(?::(?P<minute>[0-9]{2})(?::00)?|時(?:(?P<after>[0-9]{1,2})分|(?P<thirty>半))?)"
)
_FOUR_DIGITS: Final = re.compile(r"(?P<hour>[0-9]{2})(?P<minute>[0-9]{2})")


class DateCodec(Codec):
    """A civil date; read in 和暦 and 西暦, shown in both."""

    expr_type = DATE

    def take(self, raw: Any, context: ReadContext) -> date | None:
        if isinstance(raw, str):
            return self._typed(raw)
        if isinstance(raw, datetime):
            if raw.timetz() != time():
                raise wrong_type()
            return raw.date()
        if isinstance(raw, date):
            return raw
        raise wrong_type()

    def _typed(self, raw: str) -> date | None:
        # The canonical form first: most values come in it, and it is quick.
        if len(raw) == 10 and raw[4] == "-" == raw[7]:
            try:
                return date.fromisoformat(raw)
            except ValueError:
                pass
        if raw.isspace():
            return None
        found = parse_date(raw[:_LONGEST])
        if isinstance(found, DateProblem):
            meant = found.candidates[0].isoformat() if found.candidates else None
            raise Refusal(INVALID, f"を確かめてください。{found.ja}", found.en, meant)
        return found

    def to_json(self, value: Any) -> str | None:
        return None if value is None else value.isoformat()

    def from_json(self, stored: Any) -> date | None:
        return None if stored is None else date.fromisoformat(stored)

    def plain(self, value: Any) -> str:
        return str(value.isoformat())

    def show(self, value: Any, language: str, style: Style) -> str:
        iso = self.plain(value)
        if language != "ja":
            return iso
        if style == "short":
            return format_wareki_short(value)
        wareki = format_wareki(value)
        return wareki if style == "wareki" else f"{wareki}（{iso}）"

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "format": "date"}


class TimeCodec(Codec):
    """A time of day in hours and minutes, 00:00 to 23:59."""

    expr_type = TIME

    def take(self, raw: Any, context: ReadContext) -> time | None:
        if isinstance(raw, time):
            if raw.tzinfo is not None or raw.second or raw.microsecond:
                raise wrong_type()
            return raw
        if not isinstance(raw, str):
            raise wrong_type()
        return None if raw.isspace() else self._typed(raw)

    def _typed(self, raw: str) -> time:
        plain = "".join(unicodedata.normalize("NFKC", raw[:_LONGEST]).split())
        found = _CLOCK.fullmatch(plain) or _FOUR_DIGITS.fullmatch(plain)
        if found is not None:
            parts = found.groupdict()
            hour, half = int(parts["hour"]), parts.get("half")
            minute = 30 if parts.get("thirty") else int(parts.get("minute") or parts.get("after") or 0)
            # 午前12時 and 午後12時 are read differently by different people: they are asked again.
            if hour < (12 if half else 24) and minute < 60:
                return time(hour + 12 if half == "午後" else hour, minute)
        raise Refusal(
            INVALID,
            f"は 17:30 のように24時間制の時刻で入力してください。「{shown(raw, 20)}」は時刻として読めません。",
            f"please write a time such as 17:30; “{shown(raw, 20)}” can't be read as one.",
        )

    def to_json(self, value: Any) -> str | None:
        return None if value is None else f"{value.hour:02}:{value.minute:02}"

    def from_json(self, stored: Any) -> time | None:
        return None if stored is None else time.fromisoformat(stored)

    def plain(self, value: Any) -> str:
        return f"{value.hour:02}:{value.minute:02}"

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$"}
