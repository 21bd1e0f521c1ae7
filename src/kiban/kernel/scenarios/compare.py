"""Compares what a scenario expects (texts as they stand in the file) with what was found (JSON values)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

# Lists of these are compared in order; all other lists are sets with repetition.
_ORDERED = ("events",)
_TRUE, _FALSE = ("true", "yes"), ("false", "no")


def same(expected: object, found: object) -> bool:
    """Whether a scalar of the file and a JSON value say the same."""
    if expected is None or found is None:
        return expected is None and found is None
    if isinstance(found, bool):
        return str(expected).lower() in (_TRUE if found else _FALSE)
    if isinstance(found, int | float):
        try:
            return Decimal(str(expected)) == Decimal(str(found))
        except InvalidOperation:
            return False
    return str(expected) == str(found)


def _matches(expected: Any, found: Any, key: str) -> bool:
    return not any(True for _ in differences(expected, found, key))


def differences(expected: Any, found: Any, path: str) -> Iterator[tuple[str, object, object]]:
    """(path, expected, found) of each difference. A key that is not named in a mapping is not compared."""
    if isinstance(expected, Mapping):
        if not isinstance(found, Mapping):
            if isinstance(found, str | int) and "value" in expected:
                yield from differences(expected["value"], found, path)
            else:
                yield path, dict(expected), found
            return
        for key, value in expected.items():
            yield from differences(value, found.get(key), f"{path}.{key}")
    elif isinstance(expected, list):
        if path.split(".")[0] == "absent":
            present = [word for word in expected if str(word) in json.dumps(found, ensure_ascii=False)]
            if present:
                yield path, f"without {present}", "they are shown"
            return
        yield from _lists(expected, found, path)
    elif not same(expected, found):
        yield path, expected, found


def _lists(expected: list[Any], found: Any, path: str) -> Iterator[tuple[str, object, object]]:
    if not isinstance(found, list | tuple):
        yield path, expected, found
        return
    if path == "records":
        yield from _records(expected, found)
        return
    if path.rsplit(".", 1)[-1] in _ORDERED or path.startswith("data"):
        if len(expected) != len(found) or not all(
            _matches(want, have, path) for want, have in zip(expected, found, strict=True)
        ):
            yield path, expected, list(found)
        return
    rest = list(found)
    for want in expected:
        hit = next((have for have in rest if _matches(want, have, path)), None)
        if hit is None:
            yield path, expected, list(found)
            return
        rest.remove(hit)
    if rest:
        yield path, expected, list(found)


def _records(expected: list[Any], found: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, object, object]]:
    """Each named record by registry and key; those that are not named are not compared."""
    known = {(record["registry"], record["key"]): record for record in found}
    for want in expected:
        name = (str(want.get("registry")), str(want.get("key")))
        record, path = known.get(name), f"records.{name[0]} {name[1]}"
        if str(want.get("absent")).lower() == "true":
            if record is not None:
                yield path, "no such record", record
        elif record is None:
            yield path, want, None
        else:
            yield from differences(want.get("data") or {}, record["data"], path)
