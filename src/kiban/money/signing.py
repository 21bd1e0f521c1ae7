"""Signed calls after Standard Webhooks: HMAC-SHA256 over `id.timestamp.content`, not older than five minutes.

For adapters whose provider signs that way; the same words in which our own webhooks are signed (kiban.delivery).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping

from kiban.delivery.webhooks import sign
from kiban.money.port import NotAuthentic
from kiban.ops import home

TOLERANCE = 300  # seconds that a call may be old, or our clocks apart


def secret_of(name: str) -> str:
    """The signing secret of an adapter: from KIBAN_HOME/secrets or KIBAN_SECRET_<NAME>, in Standard Webhooks' form."""
    return "whsec_" + base64.b64encode(hashlib.sha256(home.secret(name).encode()).digest()).decode()


def headers_for(secret: str, identity: str, content: bytes, *, at: int | None = None) -> dict[str, str]:
    """The headers of a signed call made now (or at a Unix time)."""
    stamp = int(time.time()) if at is None else at
    return {
        "webhook-id": identity,
        "webhook-timestamp": str(stamp),
        "webhook-signature": sign(secret, identity, stamp, content),
    }


def verify(secret: str, headers: Mapping[str, str], content: bytes) -> str:
    """The id of a call whose signature and age are right. Raises NotAuthentic (unsigned, signature, age)."""
    identity, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    given = headers.get("webhook-signature", "")
    if not (0 < len(identity) <= 200 and identity.isascii() and identity.isprintable()):
        raise NotAuthentic("unsigned")
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= 12) or not given or len(given) > 2000:
        raise NotAuthentic("unsigned")
    wanted = sign(secret, identity, int(stamp), content).encode()
    if not any(hmac.compare_digest(wanted, one.encode("utf-8", "replace")) for one in given.split(" ")):
        raise NotAuthentic("signature")
    if abs(time.time() - int(stamp)) > TOLERANCE:
        raise NotAuthentic("age")
    return identity
