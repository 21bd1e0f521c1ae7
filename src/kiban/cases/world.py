"""The `World` of deciding over PostgreSQL: rows of registries, a free record, the next number.

What is asked runs in the transaction of the act: a record that was allocated is locked until it ends, a number
that was taken comes back when it is rolled back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import orjson

from kiban.access import bodies
from kiban.cases.session import Session, session
from kiban.kernel.definitions.compile import CompiledService
from kiban.kernel.facts import AllocateRequest, LookupRequest, NumberRequest
from kiban.kernel.numbering import format_number

_HERE = "r.body = %s AND r.service = %s AND r.registry = %s"
_VALUE = (
    "EXISTS (SELECT 1 FROM registries_recordvalue v WHERE v.body = r.body AND v.service = r.service "
    "AND v.registry = r.registry AND v.key = r.key AND v.body = %s AND v.field = %s AND v.value = %s)"
)


class PostgresWorld:
    """The world of one body and one service, inside one session."""

    takes = True

    def __init__(self, opened: Session, compiled: CompiledService) -> None:
        self._session, self._compiled = opened, compiled
        self._service = compiled.service.slug

    def lookup(self, request: LookupRequest) -> Sequence[Mapping[str, object]]:
        """Rows by key or by equality of fields, in the order of their keys, at most `max_items`.

        An act that changes what it looks up holds the registry of its body until it ends: others that would do the
        same wait, and read what it has written.
        """
        registry = self._compiled.registries[request.registry]
        keys = None if request.keys is None else list(request.keys)
        where = registry.to_json(request.where)
        field, value = next(((f, as_value(v)) for f, v in where.items() if _is_listed(v)), (None, None))
        held, place = "", list[Any]()
        if request.changes and self.takes:
            held, place = "SELECT pg_advisory_xact_lock(%s); ", [self._place(request.registry)]
        rows = self._session.fetch(
            f"{held}SELECT * FROM kiban_lookup(%s, %s, %s, %s::text[], %s, %s, %s::jsonb, %s)",  # noqa: S608
            [*place, self._session.body, self._service, request.registry, keys, field, value,
             orjson.dumps(where).decode(), request.max_items],
        )  # fmt: skip
        return [{"key": key, **registry.from_json(orjson.loads(data))} for key, data in rows]

    def _place(self, registry: str) -> int:
        """The advisory lock of a registry of the body: 64 bits of a digest."""
        name = f"{self._session.body}/{self._service}/{registry}".encode()
        return int.from_bytes(hashlib.sha256(name).digest()[:8], "big", signed=True)

    def allocate(self, request: AllocateRequest) -> str | None:
        """The first record that is free and that nobody else is taking; locked until the act ends."""
        where, more = _equal(self._session.body, request.where)
        values: list[Any] = [self._session.body, self._service, request.registry, *more]
        wanted, locking = "", "FOR UPDATE OF r SKIP LOCKED"
        if request.prefer is not None:
            wanted, locking = " AND r.key = %s", "FOR UPDATE OF r"
            values.append(request.prefer)
        order = "".join("coalesce(r.data->>%s, ''), " for _ in request.order)
        sql = (
            f"SELECT r.key FROM registries_record r WHERE {_HERE}{where}{wanted} "  # noqa: S608
            f"ORDER BY {order}r.sort_key LIMIT 1 {locking}"
        )
        rows = self._session.fetch(sql, [*values, *request.order])
        return rows[0][0] if rows else None

    def number(self, request: NumberRequest) -> str:
        """The next number of its scope that is free; others of the same scope wait until this act ends."""
        number = self._next(request)
        while request.not_in and self.lookup(LookupRequest(request.name, request.not_in, (number,), {}, 1)):
            number = self._next(request)
        return number

    def _next(self, request: NumberRequest) -> str:
        rows = self._session.fetch(
            "INSERT INTO cases_sequence AS s (body, service, name, scope, last) VALUES (%s, %s, %s, %s, 1) "
            "ON CONFLICT (body, service, name, scope) DO UPDATE SET last = s.last + 1 RETURNING last",
            [self._session.body, self._service, request.name, request.scope],
        )
        return format_number(request.pattern, date=request.on, seq=rows[0][0], body_code=self._session.body)

    def locate(self, text: str) -> str | None:
        """The municipality that an address begins with."""
        return bodies.locate(text)


class LookingWorld(PostgresWorld):
    """For pages that evaluate a form without acting: it looks up, and takes nothing."""

    takes = False

    def allocate(self, request: AllocateRequest) -> str | None:
        raise RuntimeError("a record is allocated by an act only")

    def number(self, request: NumberRequest) -> str:
        raise RuntimeError("a number is given by an act only")


@contextmanager
def looking(body: str, compiled: CompiledService) -> Iterator[LookingWorld]:
    """A world to evaluate forms in; its transaction ends with the block and changes nothing."""
    with session(body) as opened:
        yield LookingWorld(opened, compiled)


def _equal(body: str, where: Mapping[str, object]) -> tuple[str, list[Any]]:
    """Equality of JSON fields: by the indexed values, and by the row itself, which is read again under its lock."""
    sql, values = "", list[Any]()
    for field, value in where.items():
        if _is_listed(value):
            sql += f" AND {_VALUE}"
            values += [body, field, as_value(value)]
        sql += " AND r.data @> %s::jsonb"
        values.append(orjson.dumps({field: value}).decode())
    return sql, values


def _is_listed(value: object) -> bool:
    """Whether a JSON value of a record stands in `record_value`."""
    return isinstance(value, str | int | float)


def as_value(value: object) -> str:
    """A scalar JSON value as it stands in `record_value`: text as it is, others as JSON; at most 200 characters."""
    return (value if isinstance(value, str) else orjson.dumps(value).decode())[:200]
