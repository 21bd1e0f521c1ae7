"""The identity providers of this installation: data, in one YAML file.

`KIBAN_HOME/providers.yaml`, or the file that KIBAN_IDENTITY_PROVIDERS names; none when there is no file. A provider
is of one of three kinds: `person` (デジタル認証アプリ), `business` (GビズID), `staff` (a body's own).
docs/operations.md says how one is connected. Secrets are not in the file: it names them.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from kiban.kernel.definitions.model import Label
from kiban.kernel.definitions.words import label
from kiban.ops import config
from kiban.ops.config import ConfigurationError
from kiban.ops.home import given_secret, home

_HERE = ("localhost", "127.0.0.1", "::1")
# What the flow itself says in the address; nothing else may say it.
_OURS = frozenset(
    (
        "client_id", "code_challenge", "code_challenge_method", "max_age", "nonce", "prompt", "redirect_uri",
        "request", "request_uri", "response_mode", "response_type", "scope", "state",
    )
)  # fmt: skip
Algorithm = Literal["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
ClientAuth = Literal["client_secret_basic", "client_secret_post", "private_key_jwt", "none"]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class Endpoints(_Strict):
    """Addresses of a provider: as it publishes them (OpenID Connect Discovery 1.0), or as the file says."""

    authorization: str
    token: str
    jwks: str
    userinfo: str = ""
    end_session: str = ""
    says_issuer: bool = False  # RFC 9207: its answer to the browser names the issuer


class Provider(_Strict):
    """One provider. `name` stands in addresses; `issuer` is compared letter by letter.

    `algorithms` are those that signatures may have. `name_claim` names the claim with the person's name. For staff:
    `body` is whose people they are; `username_claim` names a claim that the body never gives to anybody else, by
    which people who were entered beforehand are recognised at their first sign-in (else by a one-time link only).
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9-]{0,39}$")
    kind: Literal["person", "business", "staff"]
    label: Annotated[Label, BeforeValidator(label)]
    issuer: str
    client_id: str = Field(min_length=1)
    client_auth: ClientAuth = "client_secret_basic"
    secret: str = Field(default="", pattern=r"^[a-z0-9_]*$")
    scopes: tuple[str, ...] = ("openid",)
    algorithms: tuple[Algorithm, ...] = Field(default=("RS256", "PS256", "ES256"), min_length=1)
    userinfo: bool = False
    name_claim: str = "name"
    username_claim: str = ""
    body: str = ""
    parameters: dict[str, str] = Field(default_factory=dict)
    endpoints: Endpoints | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if "openid" not in self.scopes:
            raise ValueError("scopes must contain openid")
        if (self.kind == "staff") != bool(self.body):
            raise ValueError("body is given for kind staff, and only there")
        if self.username_claim and self.kind != "staff":
            raise ValueError("username_claim is for kind staff only")
        if taken := sorted(_OURS & set(self.parameters)):
            raise ValueError(f"parameters may not set {', '.join(taken)}")
        for address in (self.issuer, *_addresses(self.endpoints)):
            if not secure(address):
                raise ValueError(f"{address} must begin with https://")
        return self

    def credential(self) -> str:
        """The client's secret or private key (PEM). Raises ConfigurationError when nobody has given it."""
        name = self.secret or f"provider_{self.name.replace('-', '_')}"
        found = given_secret(name)
        if not found:
            raise ConfigurationError(
                f"The secret of the identity provider {self.name} is not there: write it to "
                f"KIBAN_HOME/secrets/{name} (0600) or set KIBAN_SECRET_{name.upper()}."
            )
        return found


def secure(address: str) -> bool:
    """Whether an address is https; outside production a provider on this machine may speak http."""
    parts = urlsplit(address)
    here = config.mode() != "production" and parts.scheme == "http" and parts.hostname in _HERE
    return bool(parts.hostname) and (parts.scheme == "https" or here)


def configured() -> tuple[Provider, ...]:
    """The providers in the order of the file, read once. Raises ConfigurationError with what is wrong, and where."""
    named = os.environ.get("KIBAN_IDENTITY_PROVIDERS", "").strip()
    return _read(Path(named) if named else home() / "providers.yaml", bool(named))


def provider(name: str) -> Provider:
    """The provider of this name. Raises LookupError."""
    for found in configured():
        if found.name == name:
            return found
    raise LookupError(name)


def check() -> None:
    """Raises ConfigurationError unless the file can be used and every secret is there."""
    for found in configured():
        if found.client_auth != "none":
            found.credential()


@lru_cache(maxsize=4)
def _read(path: Path, must: bool) -> tuple[Provider, ...]:
    if not must and not path.exists():
        return ()
    try:
        # Every scalar as text: a client id of digits keeps its zeros.
        said = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.BaseLoader)  # noqa: S506 — makes texts only
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(f"{path} can't be read: {error}") from error
    rows = said.get("providers") if isinstance(said, dict) else None
    if not isinstance(rows, list):
        raise ConfigurationError(f"{path}: write a list under `providers:`.")
    found = tuple(_one(path, number, row) for number, row in enumerate(rows, start=1))
    for what in ("name", "issuer"):
        if twice := _twice(str(getattr(one, what)) for one in found):
            raise ConfigurationError(f"{path}: the {what} {twice} stands there twice.")
    return found


def _one(path: Path, number: int, row: Any) -> Provider:
    try:
        return Provider.model_validate(row)
    except ValidationError as error:
        # Never the input itself: somebody may have written a secret there.
        lines = [f"{'.'.join(map(str, e['loc'])) or 'as a whole'}: {e['msg']}" for e in error.errors()]
        raise ConfigurationError(f"{path}, provider {number}: {'; '.join(lines)}") from None


def _twice(values: Iterable[str]) -> str:
    seen = set[str]()
    for value in values:
        if value in seen:
            return value
        seen.add(value)
    return ""


def _addresses(endpoints: Endpoints | None) -> list[str]:
    if endpoints is None:
        return []
    return [v for v in endpoints.model_dump(exclude={"says_issuer"}).values() if v]
