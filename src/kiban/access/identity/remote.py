"""What is asked of a provider's server: its addresses, its keys, tokens for a code.

Short time limits, no redirects, a bounded length, JSON objects only. Addresses and keys are kept for an hour in each
process; an unknown key is looked for again, at most once a minute.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import urllib3
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pydantic import ValidationError

from kiban.access.identity.providers import Endpoints, Provider, secure
from kiban.access.identity.refusals import Refused, Unreachable

_KEPT, _AGAIN = 3600, 60  # seconds
_MOST = 512_000  # bytes
_http = urllib3.PoolManager(
    timeout=urllib3.Timeout(connect=3, read=7), retries=False, headers={"Accept": "application/json"}
)
_endpoints: dict[str, tuple[float, Endpoints]] = {}  # by issuer
_keys: dict[str, tuple[float, KeySet]] = {}  # by address


def endpoints(provider: Provider) -> Endpoints:
    """The provider's addresses: of the file, else as the provider publishes them. Raises Unreachable."""
    if provider.endpoints is not None:
        return provider.endpoints
    at, found = _endpoints.get(provider.issuer, (0.0, None))
    if found is None or time.monotonic() - at > _KEPT:
        found = _discovered(provider)
        _endpoints[provider.issuer] = (time.monotonic(), found)
    return found


def keys(provider: Provider, *, fresh: bool = False) -> KeySet:
    """The keys with which the provider signs. Raises Unreachable."""
    address = endpoints(provider).jwks
    at, found = _keys.get(address, (0.0, None))
    age = time.monotonic() - at
    if found is None or age > _KEPT or (fresh and age > _AGAIN):
        said = get(address, {}).get("keys")
        rows = [row for row in said if _signs(row)] if isinstance(said, list) else []
        try:
            found = KeySet.import_key_set({"keys": rows})
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise Unreachable(f"the keys of {provider.name} can't be read") from error
        _keys[address] = (time.monotonic(), found)
    return found


def get(address: str, headers: Mapping[str, str]) -> dict[str, Any]:
    """A JSON object. Raises Unreachable."""
    status, found = _ask("GET", address, headers)
    if status != 200:
        raise Unreachable(f"{address} answers {status}")
    return found


def post(address: str, fields: Mapping[str, str], headers: Mapping[str, str]) -> dict[str, Any]:
    """The answer to a form. Raises Refused where the provider refuses it (4xx), Unreachable."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    status, found = _ask("POST", address, {**form, **headers}, urlencode(fields).encode())
    if 400 <= status < 500:
        raise Refused("invalid_grant" if found.get("error") == "invalid_grant" else "token_endpoint")
    if status != 200:
        raise Unreachable(f"{address} answers {status}")
    return found


def _discovered(provider: Provider) -> Endpoints:
    said = get(provider.issuer.rstrip("/") + "/.well-known/openid-configuration", {})
    if said.get("issuer") != provider.issuer:
        raise Unreachable(f"{provider.name} calls itself {said.get('issuer')!r}, not {provider.issuer!r}")
    try:
        found = Endpoints.model_validate(
            {
                "authorization": said.get("authorization_endpoint"),
                "token": said.get("token_endpoint"),
                "jwks": said.get("jwks_uri"),
                "userinfo": said.get("userinfo_endpoint") or "",
                "end_session": said.get("end_session_endpoint") or "",
                "says_issuer": said.get("authorization_response_iss_parameter_supported") is True,
            }
        )
    except ValidationError as error:
        raise Unreachable(f"{provider.name} does not say its addresses") from error
    for address in (found.authorization, found.token, found.jwks, found.userinfo, found.end_session):
        if address and not secure(address):
            raise Unreachable(f"{provider.name} names an address without https")
    return found


def _ask(
    method: str, address: str, headers: Mapping[str, str], body: bytes | None = None
) -> tuple[int, dict[str, Any]]:
    try:
        answer = _http.request(
            method, address, body=body, headers={"Accept": "application/json", **headers}, redirect=False,
            preload_content=False,
        )  # fmt: skip
        try:
            content = answer.read(_MOST + 1, decode_content=True)
        finally:
            answer.release_conn()
    except urllib3.exceptions.HTTPError as error:
        raise Unreachable(f"{address}: {type(error).__name__}") from error
    if len(content) > _MOST:
        raise Unreachable(f"{address} says too much")
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        if answer.status == 200:
            raise Unreachable(f"{address} does not answer with a JSON object")
        found = {}
    return answer.status, found


def _signs(row: object) -> bool:
    """A public key for signatures: others stand in the list too."""
    return isinstance(row, dict) and row.get("kty") in ("RSA", "EC") and row.get("use", "sig") == "sig"
