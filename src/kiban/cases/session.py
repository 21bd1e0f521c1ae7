"""A transaction of the one door: one partition, few round trips.

`Session(body)` uses Django's connection, but sends the opening of the transaction with the first statement and
the commit with the last: an act on an open case takes two round trips, one that opens a case and looks nothing up
takes one. Outside of the door use `kiban.access.scope.scope`.
"""

from __future__ import annotations

import logging
import select
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
from django.db import connection
from psycopg import generators, pq
from psycopg.adapt import Transformer

from kiban.access.scope import ScopeError, sealed

_log = logging.getLogger("kiban.door")
_BEGIN = "BEGIN; SELECT set_config('kiban.scope', %s, true); "
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class _Elsewhere:
    """Statements of another partition."""

    seal: str
    sql: str
    values: Sequence[Any]


class Session:
    """Statements of one partition. Nothing is sent before the first; `close` rolls back what was not committed."""

    def __init__(self, body: str) -> None:
        self.body, self._seal = body, sealed(body)
        if connection.in_atomic_block:
            raise ScopeError("an act is the outermost transaction: it can't run inside another")
        _give_up_if_gone()
        connection.ensure_connection()
        self._raw: psycopg.Connection[Row] = connection.connection
        self._begun = False
        self._ahead: _Elsewhere | None = None
        self._after: _Elsewhere | None = None
        self._asked: list[Row] = []

    def ahead(self, partition: str, sql: str, values: Sequence[Any]) -> None:
        """A question to another partition, in a transaction of its own that is sent with the first statement."""
        self._ahead = _Elsewhere(sealed(partition), sql, values)

    def asked(self) -> list[Row]:
        """The rows that `ahead` has brought; asks alone when nothing has been sent yet."""
        if self._ahead is not None:
            found = self._send(*self._leading())
            self._asked = found[-1]
        return self._asked

    def after(self, partition: str, sql: str, values: Sequence[Any]) -> None:
        """Statements for another partition, in a transaction of its own that is sent with the last statement.

        It does not wait for the disk, and only follows a commit: what it does must bear to be repeated.
        """
        self._after = _Elsewhere(sealed(partition), sql, values)

    def fetch(self, sql: str, values: Sequence[Any]) -> list[Row]:
        """The rows of the last of one or several statements (`%s` places), inside the transaction."""
        return self.fetch_each(sql, values)[-1]

    def fetch_each(self, sql: str, values: Sequence[Any]) -> list[list[Row]]:
        """The rows of each statement that has any."""
        if self._begun:
            return self._send(sql, values)
        leading, more = self._leading()
        asked, self._begun = bool(leading), True
        found = self._send(f"{leading}{_BEGIN}{sql}", (*more, self._seal, *values))
        if asked:
            self._asked, found = found[1], found[2:]
        return found[1:]

    def _leading(self) -> tuple[str, Sequence[Any]]:
        if self._ahead is None:
            return "", ()
        ahead, self._ahead = self._ahead, None
        return f"{_BEGIN}{ahead.sql}; COMMIT; ", (ahead.seal, *ahead.values)

    def _send(self, sql: str, values: Sequence[Any]) -> list[list[Row]]:
        """Sends statements as one message; the rows of each that has any. Raises psycopg's errors.

        Below psycopg's cursors, which prepare, describe and adapt more than an act needs.
        """
        raw, transformer = self._raw, Transformer.from_context(self._raw)
        with raw.lock:
            raw.pgconn.send_query(bound(sql, values, transformer))
            results = raw.wait(generators.execute(raw.pgconn))
        found = []
        for result in results:
            if result.status == pq.ExecStatus.TUPLES_OK:
                transformer.set_pgresult(result)
                found.append(transformer.load_rows(0, result.ntuples, tuple))
            elif result.status == pq.ExecStatus.FATAL_ERROR:
                raise psycopg.errors.error_from_result(result, "utf-8")
        return found

    def finish(self, sql: str, values: Sequence[Any]) -> None:
        """A last statement and the commit in one round trip; alone it is a transaction of its own.

        The statement must enter the partition itself (`kiban_append` does).
        """
        begin = "" if self._begun else "BEGIN; "
        self._begun, after = True, self._after
        if after is not None:
            tail = f"; COMMIT; {_BEGIN}SET LOCAL synchronous_commit = off; {after.sql}"
            sql, values = sql + tail, (*values, after.seal, *after.values)
        self._send(f"{begin}{sql}; COMMIT", values)
        self._begun = False

    def commit(self) -> None:
        """Commits what was sent so far."""
        if self._begun:
            self._send("COMMIT", ())
            self._begun = False

    def done(self) -> None:
        """The statements sent have ended the transaction themselves."""
        self._begun = False

    def rollback(self) -> None:
        """Undoes what was sent so far."""
        if self._begun:
            self._begun = False
            self._send("ROLLBACK", ())

    def close(self) -> None:
        """Rolls back; a broken connection is given up, so that the next act opens another."""
        try:
            if self.lost:
                connection.close()
            else:
                self.rollback()
        except psycopg.Error:
            _log.warning("a connection was lost")
            connection.close()

    @property
    def lost(self) -> bool:
        """Whether the connection is gone."""
        return self._raw.closed or self._raw.broken

    @property
    def seal(self) -> str:
        """The sealed name of the partition."""
        return self._seal


def bound(sql: str, values: Sequence[Any], transformer: Transformer) -> bytes:
    """The statement with its values as literals in the places of `%s`, quoted by libpq."""
    parts = sql.split("%s")
    if len(parts) != len(values) + 1:
        raise ValueError(f"{len(parts) - 1} places, {len(values)} values")
    found = [parts[0].encode()]
    for value, part in zip(values, parts[1:], strict=True):
        found += (transformer.as_literal(value), part.encode())
    return b"".join(found)


def _give_up_if_gone() -> None:
    """Gives up a connection that the server has closed since its last use, without asking the server.

    Nothing arrives on an idle connection but its end: only where something has does Django ask (`SELECT 1`).
    """
    raw = connection.connection
    if raw is None or connection.health_check_done:
        return
    if raw.closed or raw.broken or _has_arrived(raw.fileno()):
        connection.close_if_health_check_failed()
    else:
        connection.health_check_done = True


def _has_arrived(number: int) -> bool:
    waiting = select.poll()
    waiting.register(number, select.POLLIN | select.POLLHUP | select.POLLERR)
    return bool(waiting.poll(0))


@contextmanager
def session(body: str) -> Iterator[Session]:
    """A `Session` that is closed at the end, whatever happens."""
    opened = Session(body)
    try:
        yield opened
    finally:
        opened.close()
