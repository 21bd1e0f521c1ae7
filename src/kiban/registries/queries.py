"""Reading registries (台帳). All functions run in an open scope (`with scope(body):`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import Q

from kiban.access.scope import current
from kiban.cases.paging import Page, decode, encode
from kiban.kernel.definitions.compile import CompiledService
from kiban.kernel.sorting import natural_key
from kiban.kernel.text import to_halfwidth_code
from kiban.registries.models import Record, RecordValue, RecordVersion

_MOST = 500


def records(
    compiled: CompiledService,
    registry: str,
    *,
    text: str = "",
    where: Mapping[str, Any] | None = None,
    limit: int = 100,
    cursor: str | None = None,
) -> Page[Record]:
    """Records in the natural order of their keys. `where`: equality of fields (JSON values). `text`: a part of the
    key, or the whole of a field that the registry declares searchable. Raises paging.BadCursor.
    """
    rows = _rows(compiled, registry)
    for field, value in (where or {}).items():
        rows = rows.filter(key__in=_with(compiled, registry, field, str(value)))
    if text.strip():
        rows = rows.filter(_typed(compiled, registry, text.strip()[:100]))
    if cursor is not None:
        sort_key, key = decode(cursor, str, str)
        rows = rows.filter(Q(sort_key__gt=sort_key) | Q(sort_key=sort_key, key__gt=key))
    limit = max(1, min(limit, _MOST))
    found = list(rows.order_by("sort_key", "key")[: limit + 1])
    if len(found) <= limit:
        return Page(found, None)
    return Page(found[:limit], encode([found[limit - 1].sort_key, found[limit - 1].key]))


def record(compiled: CompiledService, registry: str, key: str) -> Record | None:
    """One record, else None."""
    return _rows(compiled, registry).filter(key=key).first()


def history(compiled: CompiledService, registry: str, key: str) -> list[RecordVersion]:
    """Every version of a record, newest first, each with the event that made it."""
    return list(
        RecordVersion.objects.filter(
            body=current().body, service=compiled.service.slug, registry=registry, key=key
        ).order_by("-version")
    )


def counts(compiled: CompiledService, registry: str, field: str) -> dict[str, int]:
    """How many records have each value of a field."""
    from django.db.models import Count

    rows = RecordValue.objects.filter(
        body=current().body, service=compiled.service.slug, registry=registry, field=field
    )
    return dict(rows.values_list("value").annotate(count=Count("key")).order_by("value"))


def rows_of(compiled: CompiledService, registry: str) -> Iterator[dict[str, Any]]:
    """Every record as JSON with its `key`, for figures."""
    for key, data in _rows(compiled, registry).values_list("key", "data").iterator(chunk_size=2000):
        yield {"key": key, **data}


def _rows(compiled: CompiledService, registry: str) -> Any:
    return Record.objects.filter(body=current().body, service=compiled.service.slug, registry=registry)


def _with(compiled: CompiledService, registry: str, field: str, value: str) -> Any:
    return RecordValue.objects.filter(
        body=current().body, service=compiled.service.slug, registry=registry, field=field, value=value[:200]
    ).values("key")


def _typed(compiled: CompiledService, registry: str, text: str) -> Q:
    code = to_halfwidth_code(text)
    found = Q(key__icontains=text) | Q(sort_key=natural_key(text)) | Q(key__icontains=code)
    for name, field in compiled.service.registries[registry].fields.items():
        if field.search != "none":
            for value in {text, code}:
                found |= Q(key__in=_with(compiled, registry, name, value))
    return found
