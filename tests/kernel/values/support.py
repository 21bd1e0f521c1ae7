"""Codecs of invented fields, and a world in which one place is known."""

from __future__ import annotations

from datetime import date
from typing import Any

from kiban.kernel.definitions.model import CodeList, Field
from kiban.kernel.values import Codec, ReadContext, Reading, codec

CODES = {
    "colour": CodeList(
        name="colour",
        label="色",
        items={
            "red": {"label": {"ja": "赤", "en": "Red"}},
            "blue": {"label": {"ja": "青、藍", "en": "Blue"}},
            "green": {"label": {"ja": "緑", "en": "Green"}, "valid_from": "2026-10-01"},
            "grey": {"label": {"ja": "灰", "en": "Grey"}, "valid_to": "2026-09-30"},
            "pale": {"label": {"ja": "淡色", "en": "Light"}},
            "faint": {"label": {"ja": "淡色", "en": "Faint"}},
        },
    )
}
CONTEXT = ReadContext(date(2026, 10, 2), lambda text: "131229" if text.startswith("東京都葛飾区") else None)


def make(kind: str, **more: Any) -> Codec:
    """The codec of a field 項目 of a type; `choice` takes the colours when nothing else is said."""
    if kind == "choice" and "options" not in more:
        more.setdefault("codes", "colour")
    field = {"name": "item", "label": {"ja": "項目", "en": "Item"}, "type": kind, **more}
    return codec(Field.model_validate(field), CODES)


def read(kind: str, raw: object, **more: Any) -> Reading:
    return make(kind, **more).read(raw, CONTEXT, "item")


def value_of(kind: str, raw: object, **more: Any) -> Any:
    """The value of a raw one that is taken; it survives storing."""
    field = make(kind, **more)
    reading = field.read(raw, CONTEXT, "item")
    assert reading.problems == ()
    assert field.from_json(field.to_json(reading.value)) == reading.value
    return reading.value


def code_of(kind: str, raw: object, **more: Any) -> str:
    """The code of the one problem of a raw value, which is not taken."""
    reading = read(kind, raw, **more)
    assert len(reading.problems) == 1, reading
    problem = reading.problems[0]
    assert problem.field == "item"
    assert problem.message.ja.startswith("「項目」")
    assert problem.message.en.startswith("Item: ")
    return problem.code
