"""Fields that a body adds itself (団体の追加項目), inside the slots that an edition leaves open (`vary` of a section).

Their names are `local.<body>.<name>`, everywhere: in the input of an act, in the values of a case, in problems, in
JSON Schema. `extended` makes an edition in which they stand beside the fields of their section, so that one
evaluation of the form serves them like every other field. The edition itself does not know them: whoever reads a case
by the edition alone (a ministry, a prefecture, another body, figures, lines, webhooks) can't see that they exist.

They are personal, never searchable, and no rule, document, notice or title can name them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from kiban.kernel.definitions.compiled import (
    CompiledAction,
    CompiledField,
    CompiledProcedure,
    CompiledService,
)
from kiban.kernel.definitions.model import Service
from kiban.kernel.definitions.scopes import Codecs
from kiban.kernel.definitions.words import Field, Form, Label, Section, Slot
from kiban.kernel.problems import Problem
from kiban.kernel.values import codec

PREFIX = "local."
_STEP = re.compile(r"[\[.]")
MOST_CHOICES = 50


@dataclass(frozen=True, slots=True)
class LocalField:
    """A field that a body has added to a section of a form; `field.name` is its own short name."""

    form: str
    section: str
    field: Field


def full_name(body: str, name: str) -> str:
    """The name under which a body's field stands in a case: `local.131229.q1`."""
    return f"{PREFIX}{body}.{name}"


def is_local(name: str) -> bool:
    """Whether a name is one of a field that a body has added."""
    return name.startswith(PREFIX)


def head(path: str) -> str:
    """The field of a form that a path begins with: `items` of `items[2].cost`, and a body's own name whole."""
    steps = path.split(".", 2)
    if is_local(path) and len(steps) == 3:
        return ".".join((*steps[:2], _STEP.split(steps[2], maxsplit=1)[0]))
    return _STEP.split(path, maxsplit=1)[0]


def slots(service: Service) -> Iterator[tuple[Form, Section, Slot]]:
    """Every section to which a body may add fields."""
    for form in service.forms.values():
        for section in form.sections.values():
            if section.vary is not None:
                yield form, section, section.vary


def slot_of(service: Service, form: str, section: str) -> Slot | None:
    """The slot of a section, None where there is none."""
    found = service.forms.get(form)
    place = found.sections.get(section) if found is not None else None
    return place.vary if place is not None else None


def outside(service: Service, item: LocalField, others: int) -> tuple[Problem, ...]:
    """What is wrong with a field that a body wants to add beside `others` of its own in the section."""
    slot = slot_of(service, item.form, item.section)
    if slot is None:
        message = Label(
            ja="この区分には、団体の項目を加えられません。",
            en="A body can't add fields to this section.",
        )
        return (Problem("section", "not_allowed", message),)
    found = []
    law = f"（{slot.law}）" if slot.law else ""
    law_en = f" ({slot.law})" if slot.law else ""
    if others >= slot.max_fields:
        message = Label(
            ja=f"この区分に加えられる項目は{slot.max_fields}件までです{law}。使わなくなった項目を廃止してから加えてください。",
            en=f"At most {slot.max_fields} fields can be added to this section{law_en}. Please retire one first.",
        )
        found.append(Problem("section", "out_of_range", message))
    if item.field.type not in slot.types:
        message = Label(
            ja=f"この型の項目は加えられません{law}。", en=f"A field of this type can't be added{law_en}."
        )
        found.append(Problem("type", "not_in_list", message))
    if item.field.type in ("choice", "multiple") and not 2 <= len(item.field.options or {}) <= MOST_CHOICES:
        message = Label(
            ja=f"選択肢を2つ以上、{MOST_CHOICES}個以内で入力してください（1行に1つ）。",
            en=f"Please give 2 to {MOST_CHOICES} choices, one in each line.",
        )
        found.append(Problem("choices", "out_of_range", message))
    return tuple(found)


def flat(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    """Input in which fields of bodies stand nested (`{"local": {"131229": {"q1": …}}}`), by their full names."""
    held = raw.get("local")
    if held is None:
        return raw
    found = {name: value for name, value in raw.items() if name != "local"}
    for body, values in held.items() if isinstance(held, Mapping) else (("", held),):
        for name, value in values.items() if isinstance(values, Mapping) else (("", values),):
            found.setdefault(full_name(str(body), str(name)).rstrip("."), value)
    return found


def extended(compiled: CompiledService, body: str, items: Iterable[LocalField]) -> CompiledService:
    """The edition with the fields of a body in their sections; those whose slot the edition lacks are left out."""
    added: dict[tuple[str, str], dict[str, Field]] = {}
    for item in items:
        if slot_of(compiled.service, item.form, item.section) is not None:
            name = full_name(body, item.field.name)
            field = item.field.model_copy(update={"name": name, "personal": True, "search": "none"})
            added.setdefault((item.form, item.section), {})[name] = field
    if not added:
        return compiled
    forms = dict(compiled.service.forms)
    for (form, section), fields in added.items():
        place = forms[form].sections[section]
        wider = place.model_copy(update={"fields": {**place.fields, **fields}})
        forms[form] = forms[form].model_copy(update={"sections": {**forms[form].sections, section: wider}})
    service = compiled.service.model_copy(update={"forms": forms})
    procedures = {
        name: _procedure(procedure, service, added) for name, procedure in compiled.procedures.items()
    }
    return replace(compiled, service=service, procedures=procedures)


def _procedure(
    procedure: CompiledProcedure, service: Service, added: Mapping[tuple[str, str], Mapping[str, Field]]
) -> CompiledProcedure:
    own = {
        name: CompiledField(
            field, section, codec(field, service.codes), None, None, None, field.required == "true"
        )
        for (form, section), fields in added.items()
        if form == procedure.procedure.form
        for name, field in fields.items()
    }
    if not own:
        return replace(procedure, service=service)
    taken = {name: _taken(action, own) for name, action in procedure.actions.items()}
    codecs = procedure.codecs
    inputs = {
        name: {**known, **{field: item.codec for field, item in taken.get(name, {}).items()}}
        for name, known in codecs.inputs.items()
    }
    return replace(
        procedure,
        service=service,
        codecs=Codecs(
            {**codecs.fields, **{name: item.codec for name, item in own.items()}}, codecs.computed, inputs
        ),
        fields={**procedure.fields, **own},
        always_shown=procedure.always_shown | own.keys(),
        actions={
            name: replace(action, fields={**action.fields, **taken[name]}) if taken[name] else action
            for name, action in procedure.actions.items()
        },
    )


def _taken(action: CompiledAction, own: Mapping[str, CompiledField]) -> dict[str, CompiledField]:
    """The added fields that an action takes: those of the sections that it takes whole, where people fill in a form."""
    if not action.action.offered:
        return {}
    whole = {ref for ref in action.action.input if "." not in ref}
    return {name: item for name, item in own.items() if item.section in whole}
