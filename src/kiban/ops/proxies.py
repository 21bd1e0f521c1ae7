"""Reverse proxies: what they say about the client counts only when the connection comes from one that we trust.

KIBAN_TRUSTED_PROXIES names addresses and networks, separated by commas (`10.0.0.5, 10.1.0.0/16`);
KIBAN_BEHIND_PROXY=1 is short for a proxy on this machine (127.0.0.1, ::1). From anybody else the headers
`Forwarded` and `X-Forwarded-*` are removed before anything looks at them.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase

from kiban.ops.config import ConfigurationError

Networks = tuple[IPv4Network | IPv6Network, ...]
_HEADERS = (
    *("HTTP_X_FORWARDED_FOR", "HTTP_X_FORWARDED_PROTO", "HTTP_X_FORWARDED_HOST", "HTTP_X_FORWARDED_PORT"),
    *("HTTP_X_REAL_IP", "HTTP_FORWARDED"),
)
_HERE = "127.0.0.1,::1"


def trusted() -> Networks:
    """The networks of the proxies, from the environment. Raises ConfigurationError."""
    text = os.environ.get("KIBAN_TRUSTED_PROXIES", "")
    if not text.strip() and os.environ.get("KIBAN_BEHIND_PROXY") == "1":
        text = _HERE
    try:
        return tuple(ip_network(item.strip()) for item in text.split(",") if item.strip())
    except ValueError as error:
        raise ConfigurationError(
            f"KIBAN_TRUSTED_PROXIES: {error}. Give addresses or networks such as 10.0.0.5,10.1.0.0/16."
        ) from error


class Proxies:
    """First middleware: REMOTE_ADDR becomes the client's address, and the scheme what the trusted proxy says."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        networks: Networks = settings.KIBAN_TRUSTED_PROXIES
        if _among(request.META.get("REMOTE_ADDR", ""), networks):
            client = _client(request.META.get("HTTP_X_FORWARDED_FOR", ""), networks)
            if client:
                request.META["REMOTE_ADDR"] = client
        else:
            for name in _HEADERS:
                request.META.pop(name, None)
        return self.get_response(request)


def _client(forwarded: str, networks: Networks) -> str:
    """The last address that no trusted proxy stands for: what stands before it may be invented."""
    for text in reversed(forwarded.split(",")):
        address = _address(text)
        if address is None:
            return ""
        if not _in(address, networks):
            return str(address)
    return ""


def _among(text: str, networks: Networks) -> bool:
    address = _address(text)
    return address is not None and _in(address, networks)


def _in(address: IPv4Address | IPv6Address, networks: Networks) -> bool:
    return any(address.version == network.version and address in network for network in networks)


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text.strip())
    except ValueError:
        return None
    mapped = getattr(found, "ipv4_mapped", None)
    return mapped or found
