"""How mail is sent: one address in the environment, KIBAN_MAIL_URL, and the sender, KIBAN_MAIL_FROM.

`smtp://user:password@host:587?tls=starttls` · `smtps://user:password@host:465` · `smtp://127.0.0.1:25` (no
encryption: for a relay on this machine or in the same room only). Unset: no mail is sent.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import parse_qs, unquote, urlsplit

from kiban.ops.config import ConfigurationError

_PORTS = {"smtp": 25, "smtps": 465}


@dataclass(frozen=True)
class Mail:
    """What Django's SMTP backend needs to know; `host` is empty when no mail is sent."""

    host: str = ""
    port: int = 25
    user: str = ""
    password: str = ""
    starttls: bool = False
    tls: bool = False
    sender: str = ""


def mail() -> Mail:
    """The mail settings of the environment. Raises ConfigurationError, with the remedy."""
    url = os.environ.get("KIBAN_MAIL_URL", "").strip()
    if not url:
        return Mail()
    try:
        parts = urlsplit(url)
        port = parts.port or _PORTS[parts.scheme]
        host = unquote(parts.hostname or "")
    except (ValueError, KeyError):
        host, port = "", 0
    sender = os.environ.get("KIBAN_MAIL_FROM", "").strip()
    if not host or not sender or "@" not in sender:
        raise ConfigurationError(
            "Mail: give KIBAN_MAIL_URL=smtp://user:password@host:587?tls=starttls (or smtps://…:465) and "
            "KIBAN_MAIL_FROM=kiban@example.lg.jp, or neither of them."
        )
    return Mail(
        host=host, port=port, user=unquote(parts.username or ""), password=unquote(parts.password or ""),
        starttls=parse_qs(parts.query).get("tls") == ["starttls"], tls=parts.scheme == "smtps", sender=sender,
    )  # fmt: skip
