"""What every field type does, and what reading one answer gives."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final, Literal

from kiban.kernel.definitions.model import CodeItem, CodeList, Field, Label
from kiban.kernel.expr import Type
from kiban.kernel.problems import INVALID, Problem
from kiban.kernel.text import bigrams, name_key, to_halfwidth_code

Style = Literal["full", "wareki", "short"]
"""How a date is shown: 令和8年10月5日（2026-10-05）, 令和8年10月5日, or R08.10.05. Other types have one style."""

MARKS: Final = frozenset({"answered", "unanswered", "not_applicable", "unknown", "hidden", "prefilled"})
_WITH_VALUE: Final = frozenset({"answered", "prefilled"})
_MARKED: Final = frozenset({"value", "text", "mark"})

LONGEST_KEY: Final = 200
"""No search key is longer, in characters: keys stand in an index."""

_LONGEST_TEXT: Final = 20_000
_UNSTORABLE: Final = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class ReadContext:
    """What reading needs from outside: today's civil date in Tokyo (code lists have validity), and `locate`,
    which gives the 6-digit code of the municipality that an address text names, or None."""

    today: date
    locate: Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Reading:
    """One answer as read.

    `value` is internal, None where there is none. `text` is what was typed where it differs from the JSON
    form; a refused text is kept, so that it can be mended. With problems the value is None, but for a group,
    whose good parts are kept.
    """

    value: Any
    text: str | None = None
    mark: str = "answered"
    problems: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class RowsReading(Reading):
    """The rows of a group as read.

    `places` are the numbers under which they were given (blank ones are dropped; problems name rows by these), `texts`
    what was typed in their parts, by path (`items[2].cost`, where rows count as they are kept).
    """

    places: tuple[int, ...] = ()
    texts: Mapping[str, str] = field(default_factory=dict)


UNANSWERED: Final = Reading(None, None, "unanswered")


class Refusal(Exception):
    """Raised inside a codec for what can't be taken. `ja` follows 「label」, `en` follows "Label: "; `suggest`
    is the JSON value that was probably meant."""

    def __init__(self, code: str, ja: str, en: str, suggest: object = None) -> None:
        super().__init__(code)
        self.code, self.ja, self.en, self.suggest = code, ja, en, suggest


def wrong_type() -> Refusal:
    """A value of a JSON type that this field never has."""
    return Refusal(
        INVALID,
        "の値の形式が違います。入力し直してください。",
        "the value has the wrong form. Please enter it again.",
    )


def is_blank(raw: object, depth: int = 8) -> bool:
    """Whether nothing was answered: None, blank text, and lists and mappings of nothing else."""
    if raw is None:
        return True
    if isinstance(raw, str):
        return not raw or raw.isspace()
    if isinstance(raw, list | tuple):
        return not raw or (depth > 0 and all(is_blank(item, depth - 1) for item in raw))
    if isinstance(raw, Mapping):
        return not raw or (depth > 0 and all(is_blank(item, depth - 1) for item in raw.values()))
    return False


def storable(text: str) -> str:
    """A refused text as it can be kept for mending: without what no database takes, and not endless."""
    return _UNSTORABLE.sub("", text[:_LONGEST_TEXT])


class Codec:
    """Reads, stores, shows and describes the values of one field. Immutable, to be shared between threads.

    A subclass says how its type does it: `take`, `show`, `schema` and, where the JSON form differs from the
    internal one, `to_json` and `from_json`.
    """

    expr_type: Type

    def __init__(self, field: Field, codes: Mapping[str, CodeList]) -> None:
        self.field = field
        self.items: Mapping[str, CodeItem] = items_of(field, codes)
        """The codes of a choice or multiple field; empty for every other field."""

    # -- what a subclass says ----------------------------------------------------------------------------------

    def take(self, raw: Any, context: ReadContext) -> Any:
        """The internal value of what was given (never None or empty); None for blank; raises Refusal."""
        raise NotImplementedError

    def to_json(self, value: Any) -> Any:
        """The JSON form of an internal value; None for None."""
        return value

    def from_json(self, stored: Any) -> Any:
        """The internal value of a stored JSON form, which is trusted; None for None."""
        return stored

    def plain(self, value: Any) -> str:
        """The value as somebody would type it in its canonical form."""
        return str(value)

    def show(self, value: Any, language: str, style: Style) -> str:
        """`display` of a value that is there."""
        return self.plain(value)

    def schema(self) -> dict[str, Any]:
        """`json_schema` without what all fields have."""
        raise NotImplementedError

    # -- what all do -------------------------------------------------------------------------------------------

    def read(self, raw: object, context: ReadContext, path: str) -> Reading:
        """Read one answer: a JSON value, text as typed in a page or a cell, or ``{"value", "text"}`` or
        ``{"value", "mark"}``. Whatever is wrong becomes a problem at `path`; nothing is ever raised."""
        if not isinstance(raw, str) and isinstance(raw, Mapping) and "value" in raw and raw.keys() <= _MARKED:
            return self._read_marked(raw, context, path)
        return self._read(raw, context, path)

    def _read(self, raw: Any, context: ReadContext, path: str) -> Reading:
        if not raw and (raw is None or not isinstance(raw, int | float)):
            return UNANSWERED
        try:
            value = self.take(raw, context)
        except Refusal as refusal:
            return self.refused(refusal, raw, path)
        if value is None:
            return UNANSWERED
        if isinstance(raw, str) and raw != self.plain(value):
            return Reading(value, raw)
        return Reading(value)

    def _read_marked(self, raw: Mapping[str, Any], context: ReadContext, path: str) -> Reading:
        value, text, mark = raw["value"], raw.get("text"), raw.get("mark") or "answered"
        if not isinstance(mark, str) or mark not in MARKS or not isinstance(text, str | None):
            return self.refused(_bad_mark(), None, path)
        if mark in _WITH_VALUE:
            reading = self._read(text if is_blank(value) else value, context, path)
            if reading is UNANSWERED:
                return reading
            if reading.value is not None and text is not None:
                kept = None if text == self.plain(reading.value) else storable(text)
                reading = replace(reading, text=kept)
            return replace(reading, mark=mark)
        if not is_blank(value):
            return self.refused(_bad_mark(), None, path)
        return Reading(None, storable(text) if text else None, mark)

    def refused(self, refusal: Refusal, raw: object, path: str) -> Reading:
        """The reading of what was refused; typed text stays for mending."""
        text = storable(raw) if isinstance(raw, str) else None
        suggest = {} if refusal.suggest is None else {path: refusal.suggest}
        return Reading(None, text or None, "answered", (self.problem(refusal, path, suggest),))

    def problem(self, refusal: Refusal, path: str, suggest: Mapping[str, object] | None = None) -> Problem:
        """The problem under the field's own code and words, where it has them."""
        label, override = self.field.label, self.field.problems.get(refusal.code)
        message = Label(ja=f"「{label.ja}」{refusal.ja}", en=f"{label.text('en')}: {refusal.en}")
        code = refusal.code
        if override is not None:
            code, message = override.code, override.message or message
        return Problem(path, code, message, law=self.field.law, suggest=suggest or {})

    def display(self, value: Any, language: str = "ja", style: Style = "full") -> str:
        """The value for people, "" for None. `language` is ja or en."""
        return "" if value is None else self.show(value, language, style)

    def json_schema(self) -> dict[str, Any]:
        """JSON Schema 2020-12 of the JSON form, with title and description in Japanese.

        It describes the canonical form; the door reads more than that, and counts characters as people do.
        """
        field = self.field
        found: dict[str, Any] = {"title": field.label.ja, **self.schema()}
        if field.help is not None:
            found["description"] = field.help.ja
        if field.law:
            found["x-law"] = field.law
        if field.unit:
            found["x-unit"] = field.unit
        return found

    def search_keys(self, value: Any) -> list[str]:
        """Keys under which a value is found, by the field's `search`: the normalised code, or the pairs of
        characters of the name's matching key. A query is given here too, to get the keys to look for."""
        if value is None or self.field.search == "none":
            return []
        texts = self.search_texts(value)
        if self.field.search == "exact":
            keys = (to_halfwidth_code(text)[:LONGEST_KEY] for text in texts)
            return [key for key in dict.fromkeys(keys) if key]
        return list(dict.fromkeys(pair for text in texts for pair in bigrams(self.name_key(text))))

    def name_key(self, text: str) -> str:
        """The key under which names of this type meet."""
        return name_key(text)

    def search_texts(self, value: Any) -> list[str]:
        """The texts of a value that can be searched for."""
        return [self.plain(value)]


def _bad_mark() -> Refusal:
    return Refusal(
        INVALID,
        "の回答の印（mark）と値が合いません。入力し直してください。",
        "the mark of the answer doesn't fit its value. Please enter it again.",
    )


def items_of(field: Field, codes: Mapping[str, CodeList]) -> Mapping[str, CodeItem]:
    """The codes of a field: its own options, else those of its code list."""
    if field.options is not None:
        return field.options
    found = codes.get(field.codes or "")
    return found.items if found is not None else {}
