"""Named figures of a service (統計): counts of records by month and by a field. Pure; rows come from the caller."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from kiban.kernel.definitions.compile import CompiledService
from kiban.kernel.definitions.model import Figure
from kiban.kernel.definitions.scopes import record_row
from kiban.kernel.expr import BOOL, BUILTINS, Scope, compile_expression


def figure(service: CompiledService, word: Figure, rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Counts of the records (JSON values) that a figure speaks of.

    `{"total": n}`, with `"months": {"2026-10": n}` where it counts by month and `"by": {month: {code: n}}` (or
    `{code: n}` without a month) where it counts by a field.
    """
    registry = service.registries[word.registry]
    test = None
    if word.filter is not None:
        scope = Scope(names={"row": record_row(service.service, word.registry)}, functions=BUILTINS)
        test = compile_expression(word.filter, scope, expect=BOOL)
    total, months = 0, Counter[str]()
    by: dict[str, Counter[str]] = {}
    for data in rows:
        if test is not None and test({"row": registry.from_json(data)}) is not True:
            continue
        month = str(data.get(word.month_of) or "")[:7] if word.month_of else ""
        if word.month_of and not month:
            continue
        total += 1
        months[month] += 1
        if word.by:
            by.setdefault(month, Counter())[str(data.get(word.by) or "")] += 1
    found: dict[str, Any] = {"total": total}
    if word.month_of:
        found["months"] = dict(sorted(months.items()))
    if word.by:
        split = {month: dict(sorted(counts.items())) for month, counts in sorted(by.items())}
        found["by"] = split if word.month_of else split.get("", {})
    return found
