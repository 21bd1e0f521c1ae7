"""What a body sets for a service inside its bounds (団体の設定): parameters, participation, its counter.

Every function checks, writes and notes who did it and why (`kiban.access.changes`), in one transaction of the body.
Values hold from today or a later day: what has been is not changed. All raise `SettingRefused` with problems that
name the article.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from kiban.access import changes, reference
from kiban.access.changes import SettingRefused
from kiban.access.models import LEVELS, Office, Participation, User
from kiban.definitions.models import ParameterValue
from kiban.kernel.definitions.compile import CompiledService
from kiban.kernel.definitions.difference import parameter_words
from kiban.kernel.definitions.model import Label
from kiban.kernel.definitions.parameters import ParameterCodec
from kiban.kernel.problems import Problem
from kiban.ops import clock


@dataclass(frozen=True)
class Setting:
    """A parameter as it stands for a body: the national value, its own, and what is to come."""

    codec: ParameterCodec
    national: Label
    own: Label | None
    own_from: date | None
    coming: tuple[ParameterValue, ...]

    @property
    def name(self) -> str:
        return self.codec.parameter.name

    def words(self, stored: Any) -> Label:
        """A stored value in words."""
        return parameter_words(self.codec, self.codec.read(stored)[0])


def settings(compiled: CompiledService, body: str, on: date) -> list[Setting]:
    """Every parameter of the service, for the body on a day."""
    rows: dict[str, list[ParameterValue]] = {}
    for row in ParameterValue.objects.filter(body=body, service=compiled.service.slug).order_by("from_date"):
        rows.setdefault(row.name, []).append(row)
    found = []
    for name, codec in compiled.parameters.items():
        mine = rows.get(name, [])
        now = next((row for row in reversed(mine) if row.from_date <= on), None)
        found.append(
            Setting(
                codec, parameter_words(codec, codec.national_value(on)),
                parameter_words(codec, codec.read(now.value, now.from_date)[0]) if now is not None else None,
                now.from_date if now is not None else None,
                tuple(row for row in mine if row.from_date > on),
            )
        )  # fmt: skip
    return found


def set_parameter(
    compiled: CompiledService, body: str, name: str, raw: object, from_: object, user: User, why: object = ""
) -> None:
    """The body sets a value from a day on (today or later). Raises SettingRefused, LookupError for no such name."""
    codec = compiled.parameters.get(name)
    if codec is None:
        raise LookupError(name)
    start = changes.day("from", from_, not_before=clock.today())
    reason = changes.text("why", why, required=True)
    value, problems = codec.read_varied(raw, start)
    if problems:
        raise SettingRefused(*problems)
    stored: Any = None if value is None else codec.codec.to_json(value)
    slug = compiled.service.slug
    law = codec.parameter.vary.law if codec.parameter.vary is not None else ""
    with changes.setting(body, user):
        known = ParameterValue.objects.filter(body=body, service=slug, name=name, from_date=start).first()
        ParameterValue.objects.update_or_create(
            body=body, service=slug, name=name, from_date=start,
            defaults={"value": stored, "law": law, "set_by": str(user.id), "set_at": clock.now()},
        )  # fmt: skip
        changes.note(
            "parameter", name, user, service=slug, from_date=start, before=known.value if known else None,
            after=stored, why=reason,
        )  # fmt: skip


def undo_parameter(service: str, body: str, name: str, from_date: date, user: User, why: object = "") -> None:
    """Takes back a value that does not hold yet. Raises SettingRefused."""
    if from_date <= clock.today():
        message = Label(
            ja="すでに適用されている値は取り消せません。新しい値を、今日以後の日付で設定してください。",
            en="A value that holds already can't be taken back. Set a new one from today or later.",
        )
        raise SettingRefused(Problem("from", "out_of_range", message))
    with changes.setting(body, user):
        row = ParameterValue.objects.filter(
            body=body, service=service, name=name, from_date=from_date
        ).first()
        if row is None:
            raise LookupError(name)
        row.delete()
        changes.note(
            "parameter_undone", name, user, service=service, from_date=from_date, before=row.value,
            why=changes.text("why", why),
        )  # fmt: skip


def set_participation(
    compiled: CompiledService, body: str, level: object, from_: object, user: User, why: object = ""
) -> None:
    """From a day (today or later) the body takes part: none, trial, full. Raises SettingRefused."""
    if level not in LEVELS:
        message = Label(ja="参加の度合いを選んでください。", en="Please choose how the body takes part.")
        raise SettingRefused(Problem("level", "not_in_list", message))
    start = changes.day("from", from_, not_before=clock.today())
    reason = changes.text("why", why, required=True)
    slug = compiled.service.slug
    with changes.setting(body, user):
        known = Participation.objects.filter(body=body, service=slug, from_date=start).first()
        before = known.level if known else None
        Participation.objects.update_or_create(
            body=body, service=slug, from_date=start, defaults={"level": level}
        )
        changes.note(
            "participation", slug, user, service=slug, from_date=start, before=before, after=level, why=reason
        )


_OFFICE = {"name": 100, "phone": 40, "email": 200, "address": 300, "hours": 300, "hours_en": 300}


def office(body: str, service: str) -> Office | None:
    """The body's counter for a service, as it has said."""
    found: Office | None = reference.cached(
        ("office", body, service), lambda: Office.objects.filter(body=body, service=service).first()
    )
    return found


def set_office(service: str, body: str, said: dict[str, Any], user: User, why: object = "") -> None:
    """The body says how its counter is reached; `departments` is a list of names. Raises SettingRefused."""
    values: dict[str, Any] = {name: changes.text(name, said.get(name), most=n) for name, n in _OFFICE.items()}
    if values["email"] and ("@" not in values["email"] or any(c.isspace() for c in values["email"])):
        message = Label(ja="メールアドレスを確かめてください。", en="Please check the e-mail address.")
        raise SettingRefused(Problem("email", "invalid", message))
    names = [changes.text("departments", name, most=100) for name in said.get("departments") or ()]
    values["departments"] = list(dict.fromkeys(name for name in names if name))[:200]
    with changes.setting(body, user):
        known = Office.objects.filter(body=body, service=service).first()
        before = {name: getattr(known, name) for name in values} if known else None
        if before == values:
            return
        Office.objects.update_or_create(body=body, service=service, defaults=values)
        changes.note(
            "office",
            service,
            user,
            service=service,
            before=before,
            after=values,
            why=changes.text("why", why),
        )


__all__ = [
    "Setting", "SettingRefused", "office", "set_office", "set_parameter", "set_participation", "settings",
    "undo_parameter",
]  # fmt: skip
