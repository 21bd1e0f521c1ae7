"""The `World` of a scenario: records and numbers of one body, in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from kiban.kernel.definitions.compile import CompiledService
from kiban.kernel.facts import AllocateRequest, LookupRequest, NumberRequest
from kiban.kernel.numbering import format_number
from kiban.kernel.sorting import natural_key

Locate = Callable[[str], str | None]


@dataclass
class MemoryWorld:
    """The `World` of one body in memory."""

    body: str
    today: date
    service: CompiledService
    records: dict[tuple[str, str, str], dict[str, Any]]
    given: Mapping[str, Any]
    sequences: Counter[str]
    locate_in: Locate
    taken: list[tuple[str, str]] = field(default_factory=list)

    def lookup(self, request: LookupRequest) -> Sequence[Mapping[str, object]]:
        registry = self.service.registries[request.registry]
        if request.name in self.given:
            rows = self.given[request.name] or []
            return [{"key": str(row.get("key", "")), **registry.from_json(row)} for row in rows]
        where = registry.to_json(request.where)
        found = []
        for (body, name, key), data in sorted(self.records.items()):
            if body != self.body or name != request.registry:
                continue
            chosen = key in request.keys if request.keys is not None else where.items() <= data.items()
            if chosen:
                found.append({"key": key, **registry.from_json(data)})
        return found[: request.max_items]

    def allocate(self, request: AllocateRequest) -> str | None:
        free = [
            (key, data)
            for (body, name, key), data in self.records.items()
            if body == self.body and name == request.registry and request.where.items() <= data.items()
        ]
        free.sort(
            key=lambda item: (*(str(item[1].get(by) or "") for by in request.order), natural_key(item[0]))
        )
        for key, _data in free:
            if request.prefer in (None, key):
                return key
        return None

    def number(self, request: NumberRequest) -> str:
        scope, number = f"{self.body}/{request.scope}", ""
        while not number or (self.body, request.not_in, number) in self.records:
            self.sequences[scope] += 1
            number = format_number(
                request.pattern, date=request.on, seq=self.sequences[scope], body_code=self.body
            )
        return number

    def locate(self, text: str) -> str | None:
        return self.locate_in(text)
