"""The flow with an identity provider: authorization code with PKCE (OpenID Connect Core 1.0, RFC 7636, RFC 9207).

`begin` makes what is kept until the answer comes (`Attempt`) and the address to go to; `finish` takes the answer and
says who it is (`Proof`). Nothing is believed but an id_token signed with a key of the provider, by an algorithm of
our list, for us, for this very attempt, that has not expired. No Django, no database: moments are Unix seconds, UTC.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
import time
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import quote, urlencode
from uuid import uuid4

from joserfc import jwk, jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jws import JWSRegistry

from kiban.access.identity import remote
from kiban.access.identity.providers import Endpoints, Provider
from kiban.access.identity.refusals import Cancelled, Refused, Unreachable

LEEWAY = 60  # seconds that the provider's clock may differ from ours
AT_MOST = 10 * 60  # seconds from the beginning to the answer
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_LONGEST_SUBJECT = 255  # OpenID Connect Core 1.0, section 2


@dataclass(frozen=True)
class Attempt:
    """A sign-in under way. `again`: somebody who is signed in proves once more who they are."""

    provider: str
    state: str
    nonce: str
    verifier: str
    at: int
    again: bool = False

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class Proof:
    """Who the provider says it is: `subject` is stable with the issuer; `claims` are signed or from userinfo."""

    issuer: str
    subject: str
    claims: Mapping[str, Any]
    id_token: str

    def text(self, claim: str) -> str:
        """A claim as text, empty when it is none."""
        found = self.claims.get(claim)
        return "".join(filter(_storable, found)).strip()[:200] if isinstance(found, str) else ""


def begin(provider: Provider, redirect_uri: str, *, again: bool = False) -> tuple[Attempt, str]:
    """A new attempt and the address of the provider's page. Raises Unreachable."""
    attempt = Attempt(
        provider.name, secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48),
        int(time.time()), again,
    )  # fmt: skip
    challenge = _base64(hashlib.sha256(attempt.verifier.encode()).digest())
    said = {
        **provider.parameters, "response_type": "code", "client_id": provider.client_id, "redirect_uri": redirect_uri,
        "scope": " ".join(provider.scopes), "state": attempt.state, "nonce": attempt.nonce,
        "code_challenge": challenge, "code_challenge_method": "S256",
    }  # fmt: skip
    if again:
        said |= {"prompt": "login", "max_age": "0"}
    return attempt, _with(remote.endpoints(provider).authorization, said)


def finish(provider: Provider, attempt: Attempt, answer: Mapping[str, str], redirect_uri: str) -> Proof:
    """Who answered an attempt, from the parameters that the browser brought back.

    Raises Cancelled, Refused (with a word that says why) and Unreachable.
    """
    if attempt.provider != provider.name or not _same(answer.get("state", ""), attempt.state):
        raise Refused("state")
    if not 0 <= time.time() - attempt.at <= AT_MOST:
        raise Refused("too_late")
    endpoints = remote.endpoints(provider)
    if (endpoints.says_issuer or "iss" in answer) and answer.get("iss") != provider.issuer:
        raise Refused("issuer")
    if "error" in answer:
        raise Cancelled() if answer["error"] == "access_denied" else Refused("provider_error")
    code = answer.get("code", "")
    if not code or len(code) > 4_000:
        raise Refused("code")
    tokens = _tokens(provider, endpoints, code, attempt.verifier, redirect_uri)
    raw = tokens.get("id_token")
    if not isinstance(raw, str):
        raise Refused("id_token")
    claims = check(provider, raw, attempt)
    if provider.userinfo:
        claims = {**_userinfo(endpoints, tokens, claims["sub"]), **claims}
    return Proof(provider.issuer, claims["sub"], claims, raw)


def check(provider: Provider, id_token: str, attempt: Attempt) -> dict[str, Any]:
    """The claims of an id_token that holds for this attempt (Core 1.0, section 3.1.3.7). Raises Refused."""
    claims = _signed(provider, id_token)
    registry = jwt.JWTClaimsRegistry(
        leeway=LEEWAY, iss={"essential": True, "value": provider.issuer}, sub={"essential": True},
        aud={"essential": True, "value": provider.client_id}, exp={"essential": True}, iat={"essential": True},
        nonce={"essential": True, "value": attempt.nonce},
    )  # fmt: skip
    try:
        registry.validate(claims)
    except JoseError as error:
        raise Refused(getattr(error, "claim", "") or error.error) from None
    if not 0 < len(claims["sub"]) <= _LONGEST_SUBJECT or not all(map(_storable, claims["sub"])):
        raise Refused("sub")
    if not isinstance(claims["nonce"], str):  # a list that holds it is not it
        raise Refused("nonce")
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("azp", None if several else provider.client_id) != provider.client_id:
        raise Refused("azp")
    if attempt.again and not _proved_since(claims.get("auth_time"), attempt.at):
        raise Refused("auth_time")
    return claims


def end_address(provider: Provider, id_token: str, back: str) -> str:
    """Where somebody signs out of the provider too (RP-Initiated Logout 1.0); empty where it has no such page."""
    try:
        page = remote.endpoints(provider).end_session
    except Unreachable:
        return ""
    said = {"id_token_hint": id_token, "client_id": provider.client_id, "post_logout_redirect_uri": back}
    return _with(page, said) if page else ""


def _signed(provider: Provider, id_token: str) -> dict[str, Any]:
    """The claims, when a key of the provider signed them. An unknown key is asked for once more."""
    registry = JWSRegistry(algorithms=list(provider.algorithms), strict_check_header=False)
    for fresh in (False, True):
        try:
            return jwt.decode(id_token, remote.keys(provider, fresh=fresh), registry=registry).claims
        except InvalidKeyIdError:
            continue
        except (JoseError, ValueError):
            break
    raise Refused("signature")


def _tokens(
    provider: Provider, endpoints: Endpoints, code: str, verifier: str, redirect_uri: str
) -> dict[str, Any]:
    """What the token endpoint gives for a code; it gives it once. Raises Refused, Unreachable."""
    fields = {
        "grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri, "code_verifier": verifier
    }  # fmt: skip
    headers = dict[str, str]()
    if provider.client_auth == "client_secret_basic":
        # RFC 6749, section 2.3.1: each part encoded as a form first.
        pair = f"{quote(provider.client_id, safe='')}:{quote(provider.credential(), safe='')}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    else:
        fields["client_id"] = provider.client_id
    if provider.client_auth == "client_secret_post":
        fields["client_secret"] = provider.credential()
    if provider.client_auth == "private_key_jwt":
        fields |= {"client_assertion_type": _ASSERTION, "client_assertion": _assertion(provider, endpoints)}
    return remote.post(endpoints.token, fields, headers)


def _assertion(provider: Provider, endpoints: Endpoints) -> str:
    """The client proves itself with its key (RFC 7523)."""
    pem, now = provider.credential(), int(time.time())
    key = jwk.ECKey.import_key(pem) if "EC PRIVATE" in pem else _any_key(pem)
    claims = {
        "iss": provider.client_id, "sub": provider.client_id, "aud": endpoints.token, "jti": str(uuid4()),
        "iat": now, "exp": now + 60,
    }  # fmt: skip
    algorithm = "ES256" if isinstance(key, jwk.ECKey) else "RS256"
    return jwt.encode({"alg": algorithm, "kid": key.thumbprint()}, claims, key, algorithms=[algorithm])


def _any_key(pem: str) -> jwk.ECKey | jwk.RSAKey:
    try:
        return jwk.RSAKey.import_key(pem)
    except (JoseError, ValueError, TypeError):
        return jwk.ECKey.import_key(pem)


def _userinfo(endpoints: Endpoints, tokens: Mapping[str, Any], subject: str) -> dict[str, Any]:
    """More claims, where they are of the same person (Core 1.0, section 5.3.2)."""
    access = tokens.get("access_token")
    if (
        not endpoints.userinfo
        or not isinstance(access, str)
        or not access.isascii()
        or not access.isprintable()
    ):
        raise Refused("userinfo")
    found = remote.get(endpoints.userinfo, {"Authorization": f"Bearer {access}"})
    if found.get("sub") != subject:
        raise Refused("userinfo")
    return found


def _storable(character: str) -> bool:
    """Neither a control character nor half of one."""
    return unicodedata.category(character) not in ("Cc", "Cs")


def _proved_since(auth_time: object, at: int) -> bool:
    return isinstance(auth_time, int) and not isinstance(auth_time, bool) and auth_time >= at - LEEWAY


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode())


def _with(address: str, said: Mapping[str, str]) -> str:
    return f"{address}{'&' if '?' in address else '?'}{urlencode(said)}"


def _base64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()
