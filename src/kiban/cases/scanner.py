"""Looks for malicious software in files before they are kept. The port is `scan`; the adapter speaks to ClamAV.

KIBAN_CLAMAV names clamd: `host:port`, or the path of its socket. Without it nothing is looked for. A scanner that
does not answer lets nothing pass.
"""

from __future__ import annotations

import logging
import os
import socket
import struct
from typing import Literal

Verdict = Literal["clean", "infected", "unknown"]
_CHUNK = 64 * 1024
_TIMEOUT = 30.0  # seconds
_log = logging.getLogger("kiban.scanner")


def scan(content: bytes) -> Verdict:
    """What the configured scanner says of these bytes; `unknown` when it can't be asked."""
    address = os.environ.get("KIBAN_CLAMAV", "").strip()
    if not address:
        return "clean"
    try:
        return _clamav(address, content)
    except (OSError, ValueError):
        _log.exception("the scanner at KIBAN_CLAMAV does not answer")
        return "unknown"


def _clamav(address: str, content: bytes) -> Verdict:
    """clamd's INSTREAM: chunks with their length (4 bytes, network order), a zero, then one line."""
    with _connected(address) as connection:
        connection.sendall(b"zINSTREAM\0")
        view = memoryview(content)
        for start in range(0, len(view), _CHUNK):
            chunk = view[start : start + _CHUNK]
            connection.sendall(struct.pack("!L", len(chunk)))
            connection.sendall(chunk)
        connection.sendall(struct.pack("!L", 0))
        answer = b""
        while not answer.endswith(b"\0") and (part := connection.recv(4096)):
            answer += part
    said = answer.rstrip(b"\0\n").decode("utf-8", "replace")
    if said.endswith(": OK"):
        return "clean"
    if said.endswith(" FOUND"):
        return "infected"
    raise ValueError(said[:200])


def _connected(address: str) -> socket.socket:
    if address.startswith("/"):
        found = socket.socket(socket.AF_UNIX)
        found.settimeout(_TIMEOUT)
        found.connect(address)
        return found
    host, _, port = address.rpartition(":")
    return socket.create_connection((host.strip("[]"), int(port)), timeout=_TIMEOUT)
