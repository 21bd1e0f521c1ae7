"""Secret values: sealed in the events of their case (and in a draft), and nowhere else; here they are read back.

The row of a case only says that they are there (`kernel.state.put_away`). An act reads them, because rules may need
them; a page or the API reads them when somebody who may asks for one, which is written to the access log.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import orjson

from kiban.cases import sealing
from kiban.cases.events import PERSONAL, content_place
from kiban.kernel.definitions.compile import CompiledProcedure
from kiban.kernel.state import sealed_names

Fetch = Callable[[str, Sequence[Any]], Sequence[tuple[Any, ...]]]
_SEALED = (
    "SELECT seq, key_id, nonce, sealed FROM cases_eventcontent "
    'WHERE body = %s AND case_id = %s AND "group" = %s ORDER BY seq'
)


def unsealed(
    procedure: CompiledProcedure, document: Mapping[str, Any], body: str, case: str, fetch: Fetch
) -> Mapping[str, Any]:
    """The document of a case with its secret values in their places; as it is where it has none.

    `fetch(sql, values)` asks in the partition of the case. What was disposed of is not there any more.
    """
    names = sealed_names(procedure, document)
    if not names:
        return document
    kept = {name: value for name, value in document["values"].items() if name not in names}
    return {**document, "values": {**kept, **values_of(names, body, case, fetch)}}


def values_of(names: Collection[str], body: str, case: str, fetch: Fetch) -> dict[str, Any]:
    """The named secret values (JSON) of a case, from its events."""
    found: dict[str, Any] = {}
    for seq, key_id, nonce, sealed in fetch(_SEALED, [body, case, PERSONAL]):
        place = content_place(body, case, seq, PERSONAL)
        said = orjson.loads(sealing.unseal(key_id, bytes(nonce), bytes(sealed), place))
        changed = said.get("changes", {}).get("values", {})
        found.update({name: changed[name] for name in names if name in changed})
    return {name: value for name, value in found.items() if value is not None}


def without(said: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """What an event says (kiban.cases.content), without secret values."""
    if not names:
        return dict(said)
    changes = dict(said.get("changes") or {})
    for part in ("values", "texts", "marks"):
        if part in changes:
            changes[part] = {name: value for name, value in changes[part].items() if name not in names}
    return {**said, "changes": changes}


def put_away(data: Mapping[str, Any], names: Collection[str], place: str) -> dict[str, Any]:
    """The data of a draft as it may stand in the database: what was typed into secret fields sealed for its place."""
    raw = data.get("raw") or {}
    typed = {name: raw[name] for name in names if name in raw}
    if not typed:
        return dict(data)
    key_id, nonce, sealed = sealing.seal(orjson.dumps(typed), place)
    kept = [key_id, base64.b64encode(nonce).decode(), base64.b64encode(sealed).decode()]
    return {**data, "raw": {name: value for name, value in raw.items() if name not in typed}, "sealed": kept}


def brought_back(data: Mapping[str, Any], place: str) -> dict[str, Any]:
    """What was typed into a draft, secret fields with it."""
    raw = dict(data.get("raw") or {})
    if "sealed" in data:
        key_id, nonce, sealed = data["sealed"]
        raw.update(
            orjson.loads(sealing.unseal(key_id, base64.b64decode(nonce), base64.b64decode(sealed), place))
        )
    return raw
