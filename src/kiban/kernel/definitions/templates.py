"""Sentences with places: `運行は{period_to}まで`. A place is a dotted name; its value is shown as people read it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from functools import cached_property

from kiban.kernel.definitions.model import Label
from kiban.kernel.wareki import format_wareki

PLACE = re.compile(r"\{([a-z_][a-z0-9_]*(?:\.[a-z_][a-z0-9_]*)*)\}")
Show = Callable[[str, object, str], str | None]


def show_value(value: object, language: str) -> str:
    """A value without a field of its own, as people read it: dates in 和暦 in Japanese, money is the caller's."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return ("はい" if value else "いいえ") if language == "ja" else ("yes" if value else "no")
    if isinstance(value, datetime):
        return value.isoformat(timespec="minutes")
    if isinstance(value, date):
        return format_wareki(value) if language == "ja" else value.isoformat()
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, Fraction):
        return f"{float(value):g}"
    if isinstance(value, list | tuple):
        return "、".join(show_value(item, language) for item in value)
    if isinstance(value, Mapping):
        return str(value.get("text") or value.get("name") or "")
    return str(value)


def resolve(env: Mapping[str, object], path: str) -> object:
    """The value at a dotted path, or None where nothing stands."""
    value: object = env
    for step in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(step)
    return value


@dataclass(frozen=True)
class Template:
    """A label whose places are filled from an environment; `names` are the places."""

    label: Label
    names: frozenset[str]

    @classmethod
    def of(cls, label: Label) -> Template:
        return cls(label, frozenset(PLACE.findall(label.ja)) | frozenset(PLACE.findall(label.en)))

    @cached_property
    def _parts(self) -> tuple[list[str], list[str]]:
        """Text and places in turns, in both languages (`split` by one group: the odd ones are places)."""
        return PLACE.split(self.label.ja), PLACE.split(self.label.en)

    def fill(self, env: Mapping[str, object], show: Show) -> Label:
        """Fills every place; `show(path, value, language)` may know better than `show_value` (codes, money)."""
        if not self.names:
            return self.label
        ja, en = self._parts
        return Label(ja=_filled(ja, env, show, "ja"), en=_filled(en, env, show, "en"))


def _filled(parts: list[str], env: Mapping[str, object], show: Show, language: str) -> str:
    if len(parts) == 1:
        return parts[0]
    found = list(parts)
    for at in range(1, len(parts), 2):
        value = resolve(env, parts[at])
        shown = show(parts[at], value, language)
        found[at] = show_value(value, language) if shown is None else shown
    return "".join(found)
