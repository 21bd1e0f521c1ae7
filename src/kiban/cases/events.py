"""The format of events (final): what is hashed, what stands beside it, and how both are checked.

An event row holds its digests and its place in the chain of its case:
`hash = SHA-256(canonical JSON of v, body, case, seq, act, actor, place, department, at, edition, digests, prev)`
with keys in order, no spaces, UTF-8, hashes in hex, `at` in UTC with microseconds, and `prev` the hash of the event
before (32 zero bytes for the first).

What the event says stands beside it in groups. Per group: `digest = SHA-256(salt + content)` with 16 random bytes
of salt; `content` is the canonical JSON as it was digested, kept sealed (`kiban.cases.sealing`). Deleting content
and salt leaves the chain whole and the digest meaningless.

Groups: `matter` (the state's changes, the act's input, reasons, problems, effects), `personal` (the same, of fields
that are personal, and the words of notices), `lookups` (the values that rules used from elsewhere), `office` (what
the staff wrote for each other: kiban.kernel.office).
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson

from kiban.cases import sealing

VERSION = 1
NO_PREV = bytes(32)
MATTER, PERSONAL, LOOKUPS, OFFICE = "matter", "personal", "lookups", "office"


@dataclass(frozen=True, slots=True)
class Content:
    """One group as it is stored."""

    group: str
    salt: bytes
    key_id: str
    nonce: bytes
    sealed: bytes


@dataclass(frozen=True, slots=True)
class ChainedEvent:
    """An event as it stands in its chain, with its contents: about to be appended, or read again."""

    body: str
    case: str
    seq: int
    act: str
    actor: str
    place: str
    department: str
    at: datetime
    edition: str
    digests: Mapping[str, str]
    prev: bytes
    hash: bytes
    contents: tuple[Content, ...]

    def computed_hash(self) -> bytes:
        """The hash that the other columns give."""
        return chain_hash(
            body=self.body, case=self.case, seq=self.seq, act=self.act, actor=self.actor, place=self.place,
            department=self.department, at=self.at, edition=self.edition, digests=self.digests, prev=self.prev,
        )  # fmt: skip

    def open(self, content: Content) -> bytes:
        """What a group of it says, as it was digested. Raises sealing.ContentUnreadable."""
        place = content_place(self.body, self.case, self.seq, content.group)
        return sealing.unseal(content.key_id, content.nonce, content.sealed, place)


def canonical(value: object) -> bytes:
    """JSON with keys in order, no spaces, UTF-8. Raises TypeError for what JSON can't hold (lone surrogates)."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def instant(at: datetime) -> str:
    """An aware instant as it is hashed: UTC, microseconds."""
    return at.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def content_place(body: str, case: str, seq: int, group: str) -> str:
    """Where a sealed content belongs."""
    return f"{body}/{case}/{seq}/{group}"


def digest(salt: bytes, content: bytes) -> str:
    """The salted digest of a group's content, in hex."""
    return hashlib.sha256(salt + content).hexdigest()


def chain_hash(
    *, body: str, case: str, seq: int, act: str, actor: str, place: str, department: str, at: datetime,
    edition: str, digests: Mapping[str, str], prev: bytes,
) -> bytes:  # fmt: skip
    """The hash of an event from the columns of its row."""
    return hashlib.sha256(
        canonical(
            {
                "v": VERSION, "body": body, "case": case, "seq": seq, "act": act, "actor": actor, "place": place,
                "department": department, "at": instant(at), "edition": edition, "digests": dict(digests),
                "prev": prev.hex(),
            }
        )
    ).digest()  # fmt: skip


def new_event(
    *, body: str, case: str, seq: int, act: str, actor: str, place: str, department: str, at: datetime,
    edition: str, prev: bytes, groups: Mapping[str, Mapping[str, Any]],
) -> ChainedEvent:  # fmt: skip
    """Digests, seals and chains an act. Empty groups are left out."""
    digests, contents = {}, []
    for group, said in groups.items():
        if not said:
            continue
        content, salt = canonical(said), os.urandom(16)
        digests[group] = digest(salt, content)
        contents.append(Content(group, salt, *sealing.seal(content, content_place(body, case, seq, group))))
    own: dict[str, Any] = {
        "body": body, "case": case, "seq": seq, "act": act, "actor": actor, "place": place,
        "department": department, "at": at, "edition": edition, "digests": digests, "prev": prev,
    }  # fmt: skip
    return ChainedEvent(**own, hash=chain_hash(**own), contents=tuple(contents))
