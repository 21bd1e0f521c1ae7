"""What every codec of a field type does, and what it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from kiban.kernel.definitions.model import CodeItem, CodeList, Field, Label
from kiban.kernel.expr import Type
from kiban.kernel.problems import INVALID, Problem
from kiban.kernel.text import bigrams, name_key, to_halfwidth_code

Style = Literal["full", "wareki", "short"]
_TYPED = frozenset({"value", "text", "mark"})
MARKS = frozenset({"answered", "unanswered", "not_applicable", "unknown", "hidden", "prefilled"})


@dataclass(frozen=True, slots=True)
class ReadContext:
    """What reading needs from outside: the day (Asia/Tokyo) and address text → code of its municipality."""

    today: date
    locate: Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Reading:
    """One answer as read. `value` is internal (None = unanswered); `text` is what was typed where it differs."""

    value: Any
    text: str | None = None
    mark: str = "answered"
    problems: tuple[Problem, ...] = ()


UNANSWERED = Reading(None, None, "unanswered")


class Refused(Exception):
    """Raised inside a codec for a value that cannot be taken; becomes a Problem at the field's path."""

    def __init__(self, code: str, ja: str, en: str, suggest: object = None, path: str = "") -> None:
        super().__init__(code)
        self.code, self.ja, self.en, self.suggest, self.path = code, ja, en, suggest, path


def is_empty(raw: object) -> bool:
    """None, blank text, an empty list or mapping: not answered (never zero, never false)."""
    kind = type(raw)
    if kind is str:
        return not raw or raw.isspace()  # type: ignore[attr-defined]
    if kind is bool or kind is int:
        return False
    return raw is None or raw == "" or raw == [] or raw == {} or raw == ()


class Codec:
    """Reads, stores and shows the values of one field. Subclasses say how for their type."""

    expr_type: Type

    def __init__(self, field: Field, codes: Mapping[str, CodeList]) -> None:
        self.field = field
        self.items: Mapping[str, CodeItem] = (
            field.options if field.options is not None
            else codes[field.codes or ""].items if (field.codes or "") in codes else {}
        )  # fmt: skip
        self.code_name = field.codes or field.name

    # -- for subclasses ----------------------------------------------------------------------------------------

    def parse(self, raw: object, context: ReadContext, path: str) -> Any:
        """The internal value of a non-empty raw one; raises Refused."""
        raise NotImplementedError

    def to_json(self, value: Any) -> Any:
        return value

    def from_json(self, stored: Any) -> Any:
        return stored

    def display(self, value: Any, language: str = "ja", style: Style = "full") -> str:
        return "" if value is None else str(value)

    def schema(self) -> dict[str, Any]:
        raise NotImplementedError

    # -- for all -----------------------------------------------------------------------------------------------

    def read(self, raw: object, context: ReadContext, path: str) -> Reading:
        """An answer from JSON, from text as typed, or from `{"value", "text" | "mark"}`. Never raises."""
        mark, text = "answered", None
        kind = type(raw)
        typed_form = kind is dict or (kind is not str and isinstance(raw, Mapping))
        if typed_form and "value" in raw and set(raw) <= _TYPED:  # type: ignore[operator, call-overload]
            assert isinstance(raw, Mapping)
            if raw.get("mark") is not None:
                mark = str(raw["mark"])
            if isinstance(raw.get("text"), str):
                text = raw["text"]
            raw = raw["value"]
            if mark not in MARKS:
                return Reading(None, None, "unanswered", (self.problem(INVALID, path, *_BAD_MARK),))
        if is_empty(raw):
            return UNANSWERED if mark in ("answered", "unanswered") else Reading(None, None, mark)
        try:
            value = self.parse(raw, context, path)
        except Refused as refused:
            return Reading(
                None, raw if isinstance(raw, str) else None, "answered", (self._refusal(refused, path),)
            )
        except ManyRefused as many:
            return Reading(None, None, "answered", many.problems)
        if is_empty(value):
            return UNANSWERED
        typed = text if text is not None else raw if kind is str or isinstance(raw, str) else None
        if typed is not None and (typed is value or typed == self.to_json(value)):
            typed = None
        return Reading(value, typed if isinstance(typed, str) else None, mark)

    def _refusal(self, refused: Refused, path: str) -> Problem:
        suggest = {} if refused.suggest is None else {self.field.name: refused.suggest}
        return self.problem(refused.code, refused.path or path, refused.ja, refused.en, suggest)

    def problem(
        self, code: str, path: str, ja: str, en: str, suggest: Mapping[str, object] | None = None
    ) -> Problem:
        """A problem of this field, under the field's own code and words where it has them."""
        override = self.field.problems.get(code)
        message = Label(ja=f"「{self.field.label.ja}」{ja}", en=f"{self.field.label.text('en')}: {en}")
        if override is not None:
            code, message = override.code, override.message or message
        return Problem(path, code, message, law=self.field.law, suggest=suggest or {})

    def json_schema(self) -> dict[str, Any]:
        """JSON Schema (2020-12) of the value."""
        found = {"title": self.field.label.ja, **self.schema()}
        if self.field.help is not None:
            found["description"] = self.field.help.ja
        if self.field.law:
            found["x-law"] = self.field.law
        return found

    def search_keys(self, value: Any) -> list[str]:
        """Keys under which the value is found, by the field's `search`."""
        kind = self.field.search
        if kind == "none" or value is None:
            return []
        texts = value if isinstance(value, tuple | list) else (self.display(value),)
        if kind == "exact":
            return [to_halfwidth_code(str(text)) for text in texts]
        return sorted({pair for text in texts for pair in bigrams(name_key(str(text)))})


class ManyRefused(Exception):
    """Raised by codecs of composed values: problems that already stand at their own paths."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("refused")
        self.problems = problems


_BAD_MARK = ("の印（mark）が正しくありません。", "the mark is not known.")
WRONG_TYPE = ("の形が正しくありません。入力し直してください。", "this is not a value of the right form.")


def quoted(text: str, most: int = 30) -> str:
    """Text as a message may repeat it."""
    from kiban.kernel.input_problems import shown

    return shown(text, most)
