"""`with scope(body):` — the outermost transaction, inside one partition.

A partition is a body (`131105`, `mlit`) or a party (`p-<uuid>`). Row-level security shows the rows of that
partition only; outside of a scope every query of a tenant table is an error. One transaction enters one
partition: nesting is refused.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache

from django.db import connection, transaction

from kiban.ops.home import secret

_PARTITION = re.compile(
    r"(?:[0-9]{6}|(?!p-)[a-z][a-z0-9-]{0,31}|p-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\Z"
)


class ScopeError(RuntimeError):
    """A scope was opened inside a transaction, or for something that is no partition."""


@dataclass(frozen=True, slots=True)
class Scope:
    """The partition that the running transaction has entered, and for whom."""

    body: str
    viewer: str = ""


_current: ContextVar[Scope | None] = ContextVar("kiban_scope", default=None)


def current() -> Scope:
    """The open scope. Raises ScopeError when there is none."""
    found = _current.get()
    if found is None:
        raise ScopeError("no scope is open")
    return found


@contextmanager
def scope(body: str, viewer: str = "", *, snapshot: bool = False) -> Iterator[Scope]:
    """Opens a transaction in the partition of `body`; commits at its end, rolls back when an error leaves it.

    `viewer` is the id of the one who looks (for the access log). With `snapshot` every query sees the same moment
    (repeatable read). Raises ScopeError when a transaction is open
    already or `body` is no partition.
    """
    entered = Scope(body, viewer)
    setting = sealed(body)
    if connection.in_atomic_block or _current.get() is not None:
        raise ScopeError("a scope is the outermost transaction: it can't be opened inside another")
    token = _current.set(entered)
    try:
        with transaction.atomic(durable=True):
            with connection.cursor() as cursor:
                if snapshot:
                    cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
                cursor.execute("SELECT set_config('kiban.scope', %s, true)", [setting])
            yield entered
    finally:
        _current.reset(token)


@lru_cache(maxsize=8192)
def sealed(body: str) -> str:
    """The value of `kiban.scope` for a partition: its code and the seal of this installation."""
    if not _PARTITION.match(body):
        raise ScopeError("not a partition: a body's code or p-<uuid>")
    return f"{body}.{hmac.new(_key(), body.encode(), hashlib.sha256).hexdigest()}"


@lru_cache(maxsize=1)
def _key() -> bytes:
    return hashlib.sha256(secret("scope_seal").encode()).digest()


def install_seal() -> None:
    """Gives the database the key that seals scopes (role owner, after each migration)."""
    padded = _key().ljust(64, b"\0")
    inner, outer = (bytes(byte ^ pad for byte in padded) for pad in (0x36, 0x5C))
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO kiban_seal (single, inner_key, outer_key) VALUES (true, %s, %s) "
            "ON CONFLICT (single) DO UPDATE SET inner_key = EXCLUDED.inner_key, outer_key = EXCLUDED.outer_key "
            "WHERE (kiban_seal.inner_key, kiban_seal.outer_key) IS DISTINCT FROM "
            "(EXCLUDED.inner_key, EXCLUDED.outer_key)",
            [inner, outer],
        )
