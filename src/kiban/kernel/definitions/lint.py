"""Advice on a definition that holds but could be better: what has no English, no law, no way out."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel

from kiban.kernel.definitions.compile import CompiledService
from kiban.kernel.definitions.model import Label, Procedure, Service
from kiban.kernel.definitions.scopes import charge_names


def _labels(element: object, path: str) -> Iterator[tuple[str, Label]]:
    if isinstance(element, Label):
        yield path, element
    elif isinstance(element, BaseModel):
        for name in type(element).model_fields:
            yield from _labels(getattr(element, name), f"{path}.{name}" if path else name)
    elif isinstance(element, dict):
        for name, item in element.items():
            yield from _labels(item, f"{path}.{name}")
    elif isinstance(element, list | tuple):
        for index, item in enumerate(element):
            yield from _labels(item, f"{path}.{index}")


def _dead_ends(procedure: Procedure) -> Iterator[str]:
    left = {state for action in procedure.actions.values() for state in action.from_}
    reached = {target.state for action in procedure.actions.values() for target in action.to}
    for name, state in procedure.states.items():
        if name not in left and not state.final:
            yield f"procedures.{procedure.name}.states.{name}: no action leaves it, and it is not final"
        if name not in reached and name not in left:
            yield f"procedures.{procedure.name}.states.{name}: nothing leads to it"


def _unnamed_charges(service: Service, procedure: Procedure) -> Iterator[str]:
    if not service.charges:
        for name in charge_names(procedure):
            yield f"procedures.{procedure.name}: `charges` does not say what the charge `{name}` is and who pays it"


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:39]}…"


def advice(service: CompiledService) -> Iterator[str]:
    """One line each."""
    for path, label in _labels(service.service, ""):
        if not label.en:
            yield f"{path}: no English for 「{_short(label.ja)}」"
    for procedure in service.service.procedures.values():
        yield from _dead_ends(procedure)
        yield from _unnamed_charges(service.service, procedure)
