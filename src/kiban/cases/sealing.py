"""Data keys: event content is encrypted under the current one (AES-256-GCM) and read with the one it names.

The keys stand in KIBAN_HOME/secrets/data.key (0600), one a line; the last line is the current one. `rotate`
adds a line: new content uses it, old content stays readable. Losing the file loses the content, never the chain.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from kiban.ops.home import DATA_KEY, folder, secret, write_private


class ContentUnreadable(RuntimeError):
    """The content was changed, or its key is not here."""


def seal(content: bytes, place: str) -> tuple[str, bytes, bytes]:
    """(key id, nonce, sealed bytes). `place` says where it belongs: moved elsewhere it can't be opened."""
    key_id, cipher = _current()
    nonce = os.urandom(12)
    return key_id, nonce, cipher.encrypt(nonce, content, place.encode())


def unseal(key_id: str, nonce: bytes, sealed: bytes, place: str) -> bytes:
    """The content. Raises ContentUnreadable."""
    cipher = _ciphers().get(key_id)
    if cipher is None:
        raise ContentUnreadable(f"the data key {key_id!r} is not in KIBAN_HOME/secrets/{DATA_KEY}")
    try:
        return cipher.decrypt(nonce, sealed, place.encode())
    except InvalidTag:
        raise ContentUnreadable("the sealed content was changed") from None


def current_key() -> str:
    """The id of the key that new content is sealed with."""
    return _current()[0]


def key_ids() -> list[str]:
    """The ids of all keys that are here, the current one last."""
    return list(_ciphers())


def rotate() -> str:
    """Adds a key and makes it current for processes that start from now on; the id of it."""
    kept = secret(DATA_KEY)
    write_private(folder("secrets") / DATA_KEY, f"{kept}\n{secrets.token_urlsafe(36)}\n")
    _ciphers.cache_clear()
    _current.cache_clear()
    return current_key()


@lru_cache(maxsize=1)
def _current() -> tuple[str, AESGCM]:
    key_id, cipher = list(_ciphers().items())[-1]
    return key_id, cipher


@lru_cache(maxsize=1)
def _ciphers() -> dict[str, AESGCM]:
    lines = [line.strip().encode() for line in secret(DATA_KEY).splitlines()]
    return {
        hashlib.sha256(b"id " + line).hexdigest()[:12]: AESGCM(hashlib.sha256(b"key " + line).digest())
        for line in lines
        if line
    }
