"""What is asked of the one door, put in order: keys, ids, names of fields; and the errors that say it can't be."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from uuid import UUID

import orjson

from kiban.cases.writing import Key
from kiban.kernel.facts import ActorFacts

_LONGEST_KEY = 255


class NotVisible(LookupError):
    """There is no such service, procedure or case for this actor (404)."""


class KeyConflict(ValueError):
    """The idempotency key was used for another request (422)."""


class BadKey(ValueError):
    """The idempotency key is empty, too long or not printable ASCII (400)."""


def key_of(actor: ActorFacts, route: str, key: str, *request: object) -> Key:
    """The key in its scope, with a digest of all that is asked. Raises BadKey."""
    if not key or len(key) > _LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise BadKey("an idempotency key has 1 to 255 printable ASCII characters")
    return Key(actor.id, route, key, hashlib.sha256(_said(request)).digest())


def _said(request: object) -> bytes:
    """The same bytes for the same request, whatever it holds."""
    try:
        return orjson.dumps(request, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS, default=str)
    except (TypeError, ValueError):  # lone surrogates, endless numbers, numbers of more than 64 bits
        return json.dumps(request, sort_keys=True, default=str).encode()


def named(input: Mapping[str, object]) -> dict[str, object]:
    """Names of fields that can't be shown are shown escaped; values are for the fields to judge."""
    return {str(name).encode("ascii", "backslashreplace").decode().replace("\x00", "\\x00"): value
            for name, value in input.items()}  # fmt: skip


def case_uuid(value: UUID | str | None) -> str | None:
    """Canonical text of an id. Raises NotVisible for anything else: what can't exist is not there."""
    if value is None:
        return None
    try:
        return str(UUID(str(value)))
    except ValueError:
        raise NotVisible(value) from None
