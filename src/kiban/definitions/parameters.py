"""パラメータ: the values of a service's parameters for a body on a day, and setting what a body may set."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from kiban.access import reference
from kiban.definitions.models import ParameterValue
from kiban.kernel.definitions.compile import CompiledService
from kiban.kernel.definitions.parameters import resolve as resolve_values
from kiban.kernel.problems import Problem


class ParameterRefused(ValueError):
    """A body may not set this value; `problems` say why."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__("; ".join(problem.message.text("en") for problem in problems))


def resolve(compiled: CompiledService, body: str, on: date) -> Mapping[str, object]:
    """All parameters as internal values: the nation's as of `on`, over them those that the body has set by then."""
    key = ("parameters", id(compiled), body, on)
    # The compiled service stands in the entry, so that its id stays its own.
    found: tuple[CompiledService, dict[str, object]] = reference.cached(
        key, lambda: (compiled, resolve_values(compiled.parameters, on, _own(compiled.service.slug, body)))
    )
    return found[1]


def set_value(
    compiled: CompiledService, body: str, name: str, raw: object, from_date: date, *, by: str, at: datetime,
    law: str = "",
) -> None:  # fmt: skip
    """The body sets a parameter from a day on; `raw` as typed or as JSON. Raises ParameterRefused."""
    codec = compiled.parameters.get(name)
    if codec is None:
        raise LookupError(name)
    value, problems = codec.read_varied(raw)
    if problems:
        raise ParameterRefused(problems)
    stored: Any = None if value is None else codec.codec.to_json(value)
    ParameterValue.objects.update_or_create(
        body=body, service=compiled.service.slug, name=name, from_date=from_date,
        defaults={"value": stored, "law": law, "set_by": by, "set_at": at},
    )  # fmt: skip
    reference.forget()


def history(service: str, body: str) -> list[ParameterValue]:
    """Every value that the body has set in a service, newest day first."""
    return list(ParameterValue.objects.filter(body=body, service=service).order_by("name", "-from_date"))


def _own(service: str, body: str) -> dict[str, list[tuple[date, object]]]:
    own: dict[str, list[tuple[date, object]]] = defaultdict(list)
    if body not in reference.cached(("bodies with values", service), lambda: _bodies_with_values(service)):
        return own
    for row in ParameterValue.objects.filter(body=body, service=service):
        own[row.name].append((row.from_date, row.value))
    return own


def _bodies_with_values(service: str) -> frozenset[str]:
    return frozenset(ParameterValue.objects.filter(service=service).values_list("body", flat=True).distinct())
