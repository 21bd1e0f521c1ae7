"""A POST to somebody else's server that can't be turned against our own network.

The name is resolved once, every address that it has must be public, and the connection goes to that very address
(no second look-up, so no rebinding); the certificate is checked against the name. No redirects are followed, no
proxy of the environment is used, time and size are bounded.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import threading
import time
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

TIME_LIMIT = 10.0  # seconds for one call, all in all
_CONNECT = 5.0
_READ_AT_MOST = 4096
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class Refused(ValueError):
    """An address that is never called; `reason` is one of scheme, parts, port, private, unknown_host."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotReached(OSError):
    """The call did not come to an answer; `reason` is timeout, tls, connection or protocol."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Answer:
    """What the other server said: the status, and the seconds of Retry-After where it asks for patience."""

    status: int
    retry_after: float


def checked(url: str) -> SplitResult:
    """The parts of an address that may be called as far as can be told without the network. Raises Refused."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Refused("parts") from None
    host = parts.hostname or ""
    if parts.scheme != "https" and not (parts.scheme == "http" and _loopback_allowed(host)):
        raise Refused("scheme")
    wrong = not host or parts.username is not None or parts.password is not None or parts.fragment
    if wrong or len(url) > 2000 or not url.isascii() or any(c.isspace() or c == "\\" for c in url):
        raise Refused("parts")
    if port is not None and port != 443 and port < 1024:
        raise Refused("port")
    if _as_address(host) is not None and not _may_call(host):
        raise Refused("private")
    if host == "localhost" and not _loopback_allowed(host):
        raise Refused("private")
    return parts


def post(url: str, content: bytes, headers: dict[str, str], *, time_limit: float = TIME_LIMIT) -> Answer:
    """Sends `content`; the answer's status. Raises Refused and NotReached."""
    parts = checked(url)
    deadline = time.monotonic() + time_limit
    addresses = _resolve(parts)
    last: NotReached | None = None
    for address in addresses[:2]:
        try:
            return _call(parts, address, content, headers, deadline)
        except NotReached as error:
            last = error
            if error.reason != "connection" or time.monotonic() >= deadline:
                break
    assert last is not None
    raise last


def _resolve(parts: SplitResult) -> list[str]:
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Refused("unknown_host") from None
    addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
    if not addresses or not all(_may_call(address) for address in addresses):
        raise Refused("private")
    return addresses


def _may_call(text: str) -> bool:
    address = _as_address(text)
    if address is None:
        return False
    if _loopback_allowed(text):
        return True
    return is_public(address)


def is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Whether an address, and one that is wrapped in it, lies in the public internet."""
    if isinstance(address, ipaddress.IPv6Address):
        wrapped = address.ipv4_mapped or address.sixtofour
        if wrapped is None and address in _NAT64:
            wrapped = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if wrapped is not None:
            return is_public(wrapped)
        if address.teredo is not None:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _as_address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None


def _loopback_allowed(host: str) -> bool:
    """Tests and trials on one machine: only 127.0.0.1, only where the setting says so, never in production."""
    return settings.KIBAN_WEBHOOK_LOOPBACK and host == "127.0.0.1"


def _call(
    parts: SplitResult, address: str, content: bytes, headers: dict[str, str], deadline: float
) -> Answer:
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    sock: socket.socket | None = None
    watch: threading.Timer | None = None
    try:
        sock = socket.create_connection((address, port), timeout=min(_CONNECT, _left(deadline)))
        # Whoever sends his answer byte by byte is cut off at the deadline all the same.
        watch = threading.Timer(_left(deadline), _cut, [sock])
        watch.daemon = True
        watch.start()
        sock.settimeout(_left(deadline))
        if parts.scheme == "https":
            sock = _context().wrap_socket(sock, server_hostname=host)
        client = http.client.HTTPConnection(host, port)
        client.sock = sock
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        client.request("POST", target, body=content, headers={**headers, "Connection": "close"})
        answer = client.getresponse()
        answer.read(_READ_AT_MOST)
        return Answer(answer.status, _patience(answer.headers.get("Retry-After", "")))
    except ssl.SSLError:
        raise NotReached("tls") from None
    except TimeoutError:
        raise NotReached("timeout") from None
    except OSError:
        raise NotReached("timeout" if time.monotonic() >= deadline else "connection") from None
    except (http.client.HTTPException, ValueError):
        raise NotReached("timeout" if time.monotonic() >= deadline else "protocol") from None
    finally:
        if watch is not None:
            watch.cancel()
        if sock is not None:
            sock.close()


def _left(deadline: float) -> float:
    return max(0.05, deadline - time.monotonic())


def _cut(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


def _context() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _patience(text: str) -> float:
    return min(float(text), 86_400.0) if text.isascii() and text.isdigit() and len(text) < 8 else 0.0
