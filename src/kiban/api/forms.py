"""One JSON Schema (2020-12) for each edition, action and its form: what `data` of an act may hold."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from kiban.definitions import editions
from kiban.kernel.definitions.compile import CompiledAction, CompiledField, CompiledProcedure

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def action_schema(
    procedure: CompiledProcedure, action: str, edition: str, base: str = "", body: str = ""
) -> dict[str, Any]:
    """The schema of the `data` of one action. Texts are Japanese with English beside (`x-title-en`).

    With `body`: as this body asks it, with the fields that it has added (`x-body`).

    `required` names what is always asked; what depends on other answers says so in `x-required-when` and
    `x-shown-when` (expressions of docs/expressions.md). `x-law` is the article.
    """
    compiled, service = procedure.actions[action], procedure.service
    word = compiled.action
    place = (
        f"bodies/{body}/services/{service.slug}" if body else f"services/{service.slug}/editions/{edition}"
    )
    path = f"/api/v1/{place}/procedures/{procedure.name}/actions/{action}/schema"
    schema: dict[str, Any] = {
        "$schema": DIALECT,
        "$id": base + path,
        "title": f"{procedure.procedure.label.ja}：{word.label.ja}",
        "x-title-en": f"{procedure.procedure.label.text('en')}: {word.label.text('en')}",
        "type": "object",
        "properties": {name: _property(procedure, item) for name, item in compiled.fields.items()},
        "required": [name for name, item in compiled.fields.items() if _always(item)],
        "additionalProperties": False,
        "x-service": service.slug,
        "x-edition": edition,
        "x-in-force": service.in_force.isoformat(),
        "x-procedure": procedure.name,
        "x-action": action,
    }
    if body:
        schema["x-body"] = body
    law = word.law or procedure.procedure.law or service.law
    if law:
        schema["x-law"] = law
    reasons = _reasons(compiled)
    if reasons:
        schema["x-reasons"] = reasons
    return schema


def _property(procedure: CompiledProcedure, item: CompiledField) -> dict[str, Any]:
    field = item.field
    schema = dict(item.codec.json_schema())
    if field.label.en:
        schema["x-title-en"] = field.label.en
    if item.section:
        schema["x-section"] = item.section
    if field.law:
        schema["x-law"] = field.law
    if field.personal:
        schema["x-personal"] = True
    if field.unit:
        schema["x-unit"] = field.unit
    if field.required not in ("true", "false"):
        schema["x-required-when"] = field.required
    if field.when is not None:
        schema["x-shown-when"] = field.when
        if field.required == "true":
            schema["x-required-when"] = field.when
    if field.default is not None:
        schema["x-default"] = field.default
    return schema


def _always(item: CompiledField) -> bool:
    field = item.field
    return field.required == "true" and field.when is None and field.default is None


def _reasons(compiled: CompiledAction) -> list[str]:
    """Codes of warnings that go through with a reason (`reasons: {code: text}`)."""
    return sorted({rule.rule.code for rule in compiled.rules if rule.rule.severity == "warning"})


def component_name(service: str, edition: str, procedure: str, action: str) -> str:
    """The name of an action's schema in the OpenAPI document."""
    return f"{service}.{edition[:12]}.{procedure}.{action}"


@lru_cache(maxsize=64)
def components(edition: str, base: str = "") -> Mapping[str, dict[str, Any]]:
    """Every form of an edition as OpenAPI components; made once per edition. Raises UnknownService."""
    service = editions.get(edition)
    system = {role.name for role in service.service.roles.values() if role.kind == "system"}
    found = {}
    for procedure in service.procedures.values():
        for name, action in procedure.actions.items():
            if not set(action.action.roles) <= system:
                schema = action_schema(procedure, name, edition, base)
                found[component_name(service.service.slug, edition, procedure.name, name)] = schema
    return found
