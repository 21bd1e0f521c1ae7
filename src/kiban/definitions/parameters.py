"""パラメータ: the values of a service's parameters for a body on a day (`body_settings` sets them)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date

from kiban.access import reference
from kiban.definitions.models import ParameterValue
from kiban.kernel.definitions.compile import CompiledService
from kiban.kernel.definitions.parameters import resolve as resolve_values


def resolve(compiled: CompiledService, body: str, on: date) -> Mapping[str, object]:
    """All parameters as internal values: the nation's as of `on`, over them those that the body has set by then."""
    key = ("parameters", id(compiled), body, on)
    # The compiled service stands in the entry, so that its id stays its own.
    found: tuple[CompiledService, dict[str, object]] = reference.cached(
        key, lambda: (compiled, resolve_values(compiled.parameters, on, _own(compiled.service.slug, body)))
    )
    return found[1]


def _own(service: str, body: str) -> dict[str, list[tuple[date, object]]]:
    own: dict[str, list[tuple[date, object]]] = defaultdict(list)
    if body not in reference.cached(("bodies with values", service), lambda: _bodies_with_values(service)):
        return own
    for row in ParameterValue.objects.filter(body=body, service=service):
        own[row.name].append((row.from_date, row.value))
    return own


def _bodies_with_values(service: str) -> frozenset[str]:
    return frozenset(ParameterValue.objects.filter(service=service).values_list("body", flat=True).distinct())
