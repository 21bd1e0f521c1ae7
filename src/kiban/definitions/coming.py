"""The calendar of coming changes: what will come into force after today, for everybody or for one body."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Literal

from kiban.access.models import Participation
from kiban.definitions import editions
from kiban.definitions.models import Edition, ParameterValue
from kiban.kernel.definitions.compile import CompiledService
from kiban.kernel.definitions.difference import Change, difference, parameter_words
from kiban.kernel.definitions.model import Label

Kind = Literal["edition", "parameter", "own_parameter", "participation"]
_LEVELS = {
    "none": Label(ja="参加しない", en="does not take part"),
    "trial": Label(ja="試行", en="trial"),
    "full": Label(ja="参加", en="takes part"),
}


@dataclass(frozen=True)
class Coming:
    """Something that will hold from `on`. `lines` say what; `body` is empty for what holds everywhere."""

    on: date
    service: str
    label: Label
    kind: Kind
    lines: tuple[Label, ...]
    body: str = ""


def coming(today: date, body: str = "") -> list[Coming]:
    """What comes after today, the nearest first; with `body` also what this body has set for itself."""
    found = list(_editions(today))
    for slug in editions.services(today):
        compiled = editions.current(slug, today)
        found += _dated(compiled, today)
        if body:
            found += _own(compiled, body, today)
    return sorted(found, key=lambda item: (item.on, item.service, item.kind))


@lru_cache(maxsize=64)
def changes_of(edition: str) -> tuple[Change, ...]:
    """What an edition changes against the one that it follows; nothing for a first one."""
    new = editions.get(edition)
    before = editions.before(new.service.slug, new.service.in_force, edition)
    if before is None:
        return ()
    return difference(editions.get(before), new, editions.files(before), editions.files(edition))


def _editions(today: date) -> Iterator[Coming]:
    days: dict[tuple[str, date], str] = {}
    rows = Edition.objects.filter(in_force__gt=today).order_by("service", "in_force", "published_at")
    for service, in_force, edition in rows.values_list("service", "in_force", "id"):
        days[service, in_force] = edition  # the last one published for a day counts
    for (service, in_force), edition in days.items():
        label = editions.get(edition).service.label
        lines = tuple(_with_law(change) for change in changes_of(edition) if change.path != "in_force")
        yield Coming(in_force, service, label, "edition", lines)


def _with_law(change: Change) -> Label:
    return Label(ja=change.line("ja"), en=change.line("en"))


def _dated(compiled: CompiledService, today: date) -> Iterator[Coming]:
    """Values of the edition in force that are dated later."""
    for codec in compiled.parameters.values():
        for start, value in codec.national:
            if start > today:
                text = _arrow(codec.parameter.label, parameter_words(codec, value))
                yield Coming(start, compiled.service.slug, compiled.service.label, "parameter", (text,))


def _own(compiled: CompiledService, body: str, today: date) -> Iterator[Coming]:
    slug, label = compiled.service.slug, compiled.service.label
    for row in ParameterValue.objects.filter(body=body, service=slug, from_date__gt=today):
        codec = compiled.parameters.get(row.name)
        if codec is not None:
            words = parameter_words(codec, codec.read(row.value, row.from_date)[0])
            yield Coming(
                row.from_date, slug, label, "own_parameter", (_arrow(codec.parameter.label, words),), body
            )
    for part in Participation.objects.filter(body=body, service=slug, from_date__gt=today):
        text = _arrow(Label(ja="参加", en="participation"), _LEVELS[part.level])
        yield Coming(part.from_date, slug, label, "participation", (text,), body)


def _arrow(label: Label, value: Label) -> Label:
    return Label(
        ja=f"「{label.ja}」が {value.ja} になります", en=f"{label.text('en')} becomes {value.text('en')}"
    )
