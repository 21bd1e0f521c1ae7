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
from typing import Any

import psycopg
from django.db import connection

from kiban.access.scope import ScopeError, sealed

_log = logging.getLogger("kiban.door")
_BEGIN = "BEGIN; SELECT set_config('kiban.scope', %s, true); "
Row = tuple[Any, ...]


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

    def fetch(self, sql: str, values: Sequence[Any]) -> list[Row]:
        """The rows of the last of one or several statements (`%s` places), inside the transaction."""
        return self.fetch_each(sql, values)[-1]

    def fetch_each(self, sql: str, values: Sequence[Any]) -> list[list[Row]]:
        """The rows of each statement that has any."""
        skip = 0
        if not self._begun:
            sql, values, skip = _BEGIN + sql, (self._seal, *values), 1
            self._begun = True
        cursor = psycopg.ClientCursor(self._raw)
        cursor.execute(sql, values)
        found = [result.fetchall() for result in cursor.results() if result.description is not None]
        return found[skip:]

    def finish(self, sql: str, values: Sequence[Any]) -> None:
        """A last statement and the commit in one round trip; alone it is a transaction of its own.

        The statement must enter the partition itself (`kiban_append` does).
        """
        cursor = psycopg.ClientCursor(self._raw)
        cursor.execute(f"{sql}; COMMIT" if self._begun else sql, values)
        self._begun = False

    def commit(self) -> None:
        """Commits what was sent so far."""
        if self._begun:
            self._raw.execute("COMMIT")
            self._begun = False

    def done(self) -> None:
        """The statements sent have ended the transaction themselves."""
        self._begun = False

    def rollback(self) -> None:
        """Undoes what was sent so far."""
        if self._begun:
            self._begun = False
            self._raw.execute("ROLLBACK")

    def close(self) -> None:
        """Rolls back; a broken connection is given up, so that the next act opens another."""
        try:
            if self._raw.closed or self._raw.broken:
                connection.close()
            else:
                self.rollback()
        except psycopg.Error:
            _log.warning("a connection was lost")
            connection.close()

    @property
    def seal(self) -> str:
        """The sealed name of the partition."""
        return self._seal


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
