"""Fields that a body adds to a form: asked by its own people and by parties, set by its administrators."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings as django_settings
from django.http import HttpRequest, HttpResponse
from ninja import Router

from kiban.access.actors import actor_for
from kiban.api import forms, shapes
from kiban.api.answers import answer, label, not_found
from kiban.api.auth import Caller, caller
from kiban.api.catalogue import current, with_local
from kiban.api.reading import known_body
from kiban.api.settings import refusing, said_of, to_set
from kiban.definitions import local_settings
from kiban.definitions.local_settings import Asked
from kiban.definitions.models import LocalField
from kiban.kernel.definitions.compile import CompiledService
from kiban.kernel.definitions.local import full_name
from kiban.ops import clock

router = Router(auth=Caller(), tags=["settings"])
_BASE = "/bodies/{body}/services/{service}"
_SET = _BASE + "/settings/fields"
_ANSWERS: dict[Any, Any] = {200: dict[str, Any], **shapes.PROBLEMS}
_WORDS = ("label", "label_en", "help", "help_en", "type", "required", "choices", "from", "why")


@router.get(
    _BASE + "/procedures/{procedure}/actions/{action}/schema",
    response=_ANSWERS,
    summary="The JSON Schema of an action's form at a body today",
)
def schema(request: HttpRequest, body: str, service: str, procedure: str, action: str) -> HttpResponse:
    """The edition in force with the fields that the body has added (`local.<body>.<name>`): for who may act here."""
    known_body(body)
    edition, compiled = current(service)
    actor = actor_for(caller(request), body, compiled.service, on=clock.today())
    known = with_local(edition, compiled, body, actor).procedures.get(procedure)
    if known is None or action not in known.actions or not actor.roles:
        raise not_found()
    made = answer(forms.action_schema(known, action, edition, django_settings.BASE_URL, body))
    made["Content-Type"] = "application/schema+json"
    return made


@router.get(_SET, response={200: list[dict[str, Any]], **shapes.PROBLEMS}, summary="Fields of the body")
def fields(request: HttpRequest, body: str, service: str) -> HttpResponse:
    """Every section that is open to the body, with its bounds and the fields that stand there or will."""
    compiled, _user = to_set(request, body, service)
    return answer(_places(compiled, body))


@router.post(_SET + "/{form}/{section}", response=_ANSWERS, summary="Add a field")
def add(request: HttpRequest, body: str, service: str, form: str, section: str) -> HttpResponse:
    """`{label, label_en, help, help_en, type, required, choices, from, why}`; choices are lines of one text."""
    compiled, user = to_set(request, body, service)
    said = said_of(request, _WORDS)
    with refusing():
        name = local_settings.save(compiled, body, form, section, None, said, user)
    return answer(_one(service, body, form, name))


@router.post(_SET + "/{form}/{section}/{name}", response=_ANSWERS, summary="Change a field")
def change(request: HttpRequest, body: str, service: str, form: str, section: str, name: str) -> HttpResponse:
    """As adding one; the type stays. What is left out becomes empty."""
    compiled, user = to_set(request, body, service)
    said = said_of(request, _WORDS)
    with refusing():
        local_settings.save(compiled, body, form, section, name, said, user)
    return answer(_one(service, body, form, name))


@router.post(_SET + "/{form}/{section}/{name}/retire", response=_ANSWERS, summary="Retire a field")
def retire(request: HttpRequest, body: str, service: str, form: str, section: str, name: str) -> HttpResponse:
    """`{from, why}`: from that day on the field is asked no more."""
    _compiled, user = to_set(request, body, service)
    said = said_of(request, ("from", "why"))
    with refusing():
        local_settings.retire(service, body, form, name, said.get("from"), user, said.get("why"))
    return answer({"name": full_name(body, name), "retired_from": str(said.get("from"))})


@router.delete(
    _SET + "/{form}/{section}/{name}/{start}", response=_ANSWERS, summary="Take a coming change back"
)
def undo(
    request: HttpRequest, body: str, service: str, form: str, section: str, name: str, start: date
) -> HttpResponse:
    """A change that does not hold yet is taken back."""
    _compiled, user = to_set(request, body, service)
    with refusing():
        local_settings.undo(service, body, form, name, start, user)
    return answer({"name": full_name(body, name), "taken_back": start})


def _places(compiled: CompiledService, body: str) -> list[dict[str, Any]]:
    return [
        {
            "form": place.form.name, "section": place.section.name, "label": label(place.section.label),
            "most": place.slot.max_fields, "types": place.slot.types, "law": place.slot.law,
            "fields": [_asked(item, body) for item in place.fields],
        }
        for place in local_settings.places(compiled, body, clock.today())
    ]  # fmt: skip


def _one(service: str, body: str, form: str, name: str) -> dict[str, Any]:
    return _asked(local_settings.one(service, body, form, name, clock.today()), body)


def _asked(item: Asked, body: str) -> dict[str, Any]:
    return {
        "name": full_name(body, item.name), "now": _version(item.now) if item.now else None,
        "coming": [_version(row) for row in item.coming],
    }  # fmt: skip


def _version(row: LocalField) -> dict[str, Any]:
    return {"from": row.from_date, "retired": row.retired, **row.definition}
