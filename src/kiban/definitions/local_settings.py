"""A body adds fields to the sections that a service leaves open, changes, orders and retires them (団体の追加項目).

Like every setting: from today or a later day, with who and why written beside it in the same transaction. What was
asked before stays as it was asked: a case keeps the fields of the day on which it was opened. All raise
`SettingRefused` with problems, LookupError for a field that is not there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from kiban.access import changes
from kiban.access.changes import SettingRefused
from kiban.access.models import User
from kiban.definitions import local
from kiban.definitions.models import LocalField as Row
from kiban.kernel.definitions.compiled import CompiledService
from kiban.kernel.definitions.local import LocalField, outside, slots
from kiban.kernel.definitions.words import Field, Form, Label, Section, Slot
from kiban.kernel.problems import Problem
from kiban.ops import clock

LONGEST_LABEL = 100
LONGEST_HELP = 400
_LONGEST_CHOICES = 10_000


@dataclass(frozen=True)
class Asked:
    """A field of the body as it stands: what is asked today (None when it comes later), and what is to come."""

    name: str
    now: Row | None
    coming: tuple[Row, ...]

    @property
    def row(self) -> Row:
        """The version to show: today's, else the first to come."""
        return self.now or self.coming[0]

    @property
    def field(self) -> Field:
        return local.as_field(self.row).field


@dataclass(frozen=True)
class Place:
    """A section that is open to the body, with the fields that stand there or will."""

    form: Form
    section: Section
    slot: Slot
    fields: tuple[Asked, ...]


def places(compiled: CompiledService, body: str, on: date) -> list[Place]:
    """Every open section of a service with the body's fields, in their order."""
    asked = _asked(compiled.service.slug, body, on)
    return [
        Place(form, section, slot, tuple(a for a in asked if (a.row.form, a.row.section) == (form.name, section.name)))
        for form, section, slot in slots(compiled.service)
    ]  # fmt: skip


def one(service: str, body: str, form: str, name: str, on: date) -> Asked:
    """One field of the body. Raises LookupError."""
    found = next((a for a in _asked(service, body, on) if (a.row.form, a.name) == (form, name)), None)
    if found is None:
        raise LookupError(name)
    return found


def _asked(service: str, body: str, on: date) -> list[Asked]:
    now = {(row.form, row.name): row for row in local.in_force(service, body, on)}
    later: dict[tuple[str, str], list[Row]] = {}
    for row in Row.objects.filter(body=body, service=service, from_date__gt=on).order_by("from_date"):
        later.setdefault((row.form, row.name), []).append(row)
    found = [Asked(key[1], now.get(key), tuple(later.get(key, ()))) for key in {**now, **later}]
    return sorted(found, key=lambda item: (item.row.position, item.row.id))


def read(
    compiled: CompiledService,
    body: str,
    form: str,
    section: str,
    name: str | None,
    said: Mapping[str, object],
) -> tuple[LocalField, date]:
    """What was typed as a field of the section, and the day from which it holds: nothing is written.

    `said`: label, label_en, help, help_en, type, required ("true"), choices (a line each, English after `|`), from.
    """
    slug = compiled.service.slug
    known = one(slug, body, form, name, clock.today()) if name is not None else None
    start = changes.day("from", said.get("from"), not_before=clock.today())
    assert start is not None
    kind = known.row.definition["type"] if known else str(said.get("type") or "")
    definition: dict[str, Any] = {
        "label": _label("label", said, LONGEST_LABEL, required=True),
        "type": kind,
        "required": "true" if said.get("required") in ("true", True) else "false",
    }
    words = _label("help", said, LONGEST_HELP)
    if words["ja"]:
        definition["help"] = words
    if kind in ("choice", "multiple"):
        definition["options"] = _options(said.get("choices"), known, start)
    if kind not in _types(compiled, form, section):
        message = Label(ja="項目の型を選んでください。", en="Please choose the type of the field.")
        raise SettingRefused(Problem("type", "required" if not kind else "not_in_list", message))
    short = known.name if known else _unused(slug, body, form)
    item = LocalField(form, section, Field.model_validate({"name": short, **definition}))
    problems = outside(compiled.service, item, _others(slug, body, form, section, short, start))
    if problems:
        raise SettingRefused(*problems)
    return item, start


def save(
    compiled: CompiledService, body: str, form: str, section: str, name: str | None,
    said: Mapping[str, object], user: User,
) -> str:  # fmt: skip
    """Adds a field (`name` None) or changes one, from a day on; its short name."""
    item, start = read(compiled, body, form, section, name, said)
    why = changes.text("why", said.get("why"), required=True)
    definition = local.definition_of(item.field)
    slug = compiled.service.slug
    with changes.setting(body, user):
        versions = Row.objects.filter(body=body, service=slug, form=form, name=item.field.name)
        before = versions.filter(from_date__lte=start).order_by("-from_date").first()
        last = (
            Row.objects.filter(body=body, service=slug, form=form, section=section)
            .order_by("-position")
            .first()
        )
        place = before.position if before else last.position + 1 if last else 1
        _write(
            versions,
            body,
            slug,
            form,
            section,
            item.field.name,
            start,
            user,
            position=place,
            definition=definition,
        )
        changes.note(
            "local_field", f"{form}.{item.field.name}", user, service=slug, from_date=start,
            before=before.definition if before else None, after=definition, why=why,
        )  # fmt: skip
    return item.field.name


def retire(
    service: str, body: str, form: str, name: str, from_: object, user: User, why: object = ""
) -> None:
    """From a day on the field is asked no more; cases opened before keep it."""
    start = changes.day("retire_from", from_, not_before=clock.today())
    assert start is not None
    reason = changes.text("retire_why", why, required=True)
    row = one(service, body, form, name, clock.today()).row
    with changes.setting(body, user):
        versions = Row.objects.filter(body=body, service=service, form=form, name=name)
        versions.filter(from_date__gt=start).delete()
        _write(
            versions, body, service, form, row.section, name, start, user, retired=True, position=row.position,
            definition=row.definition,
        )  # fmt: skip
        changes.note(
            "local_field_retired", f"{form}.{name}", user, service=service, from_date=start, before=row.definition,
            why=reason,
        )  # fmt: skip


def undo(
    service: str, body: str, form: str, name: str, from_date: date, user: User, why: object = ""
) -> None:
    """Takes back a version that does not hold yet."""
    if from_date <= clock.today():
        message = Label(
            ja="すでに適用されている項目は取り消せません。今日以後の日付で変更または廃止してください。",
            en="A field that is asked already can't be taken back. Change or retire it from today or later.",
        )
        raise SettingRefused(Problem("from", "out_of_range", message))
    with changes.setting(body, user):
        row = Row.objects.filter(
            body=body, service=service, form=form, name=name, from_date=from_date
        ).first()
        if row is None:
            raise LookupError(name)
        row.delete()
        changes.note(
            "local_field_undone", f"{form}.{name}", user, service=service, from_date=from_date,
            before=row.definition, why=changes.text("why", why),
        )  # fmt: skip


def move(service: str, body: str, form: str, name: str, up: bool, user: User) -> None:
    """Puts a field before or after its neighbour; holds at once, since only the order on the page changes."""
    asked = _asked(service, body, clock.today())
    here = next((a for a in asked if (a.row.form, a.name) == (form, name)), None)
    if here is None:
        raise LookupError(name)
    beside = [a for a in asked if (a.row.form, a.row.section) == (form, here.row.section)]
    at = beside.index(here)
    to = at - 1 if up else at + 1
    if not 0 <= to < len(beside):
        return
    before = [a.name for a in beside]
    beside[at], beside[to] = beside[to], beside[at]
    with changes.setting(body, user):
        for position, item in enumerate(beside, start=1):
            rows = Row.objects.filter(body=body, service=service, form=form, name=item.name)
            rows.update(position=position)
        changes.note(
            "local_field_order", f"{form}.{here.row.section}", user, service=service, before=before,
            after=[a.name for a in beside],
        )  # fmt: skip


def choices_text(field: Field) -> str:
    """The choices of a field as they are typed."""
    lines = [item for item in (field.options or {}).values() if item.valid_to is None]
    return "\n".join(
        f"{item.label.ja} | {item.label.en}" if item.label.en else item.label.ja for item in lines
    )


def _write(
    versions: Any, body: str, service: str, form: str, section: str, name: str, start: date, user: User, *,
    position: int, definition: Mapping[str, Any], retired: bool = False,
) -> None:  # fmt: skip
    versions.update_or_create(
        body=body, service=service, form=form, name=name, from_date=start,
        defaults={
            "section": section, "position": position, "definition": dict(definition), "retired": retired,
            "set_by": str(user.id), "set_at": clock.now(),
        },
    )  # fmt: skip


def _types(compiled: CompiledService, form: str, section: str) -> tuple[str, ...]:
    return next(
        (slot.types for f, s, slot in slots(compiled.service) if (f.name, s.name) == (form, section)), ()
    )


def _label(name: str, said: Mapping[str, object], most: int, *, required: bool = False) -> dict[str, str]:
    return {
        "ja": changes.text(name, said.get(name), required=required, most=most),
        "en": changes.text(f"{name}_en", said.get(f"{name}_en"), most=most),
    }


def _unused(service: str, body: str, form: str) -> str:
    """A short name that no field of the body in this form has ever had."""
    names = Row.objects.filter(body=body, service=service, form=form).values_list("name", flat=True)
    return f"q{max((int(name[1:]) for name in names), default=0) + 1}"


def _others(service: str, body: str, form: str, section: str, name: str, start: date) -> int:
    """How many other fields stand in the section on a day or will later."""
    latest: dict[str, list[Row]] = {}
    rows = Row.objects.filter(body=body, service=service, form=form, section=section).exclude(name=name)
    for row in rows.order_by("from_date"):
        known = latest.setdefault(row.name, [])
        if row.from_date <= start:
            known.clear()
        known.append(row)
    return sum(1 for known in latest.values() if any(not row.retired for row in known))


def _options(raw: object, known: Asked | None, start: date) -> dict[str, Any]:
    """Choices with codes that stay: a choice keeps its code by its Japanese words, one that goes is closed by day."""
    text = changes.text("choices", "\n".join(str(raw or "").splitlines()), most=_LONGEST_CHOICES)
    old: dict[str, Any] = dict(known.row.definition.get("options") or {}) if known else {}
    codes = {item["label"]["ja"]: code for code, item in old.items()}
    number = max((int(code) for code in old), default=0)
    found: dict[str, Any] = {}
    for line in text.splitlines():
        ja, _bar, en = (part.strip() for part in re.sub("｜", "|", line).partition("|"))
        if not ja:
            continue
        code = codes.get(ja)
        if code is None:
            number += 1
            code = str(number)
        codes[ja] = code
        found[code] = {"name": code, "label": {"ja": ja[:LONGEST_LABEL], "en": en[:LONGEST_LABEL]}}
    for code, item in old.items():
        if code not in found:
            closed = item.get("valid_to") or (start - timedelta(days=1)).isoformat()
            found[code] = {**item, "valid_to": closed}
    return found
