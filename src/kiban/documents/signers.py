"""Who signs for a body (署名者): key and certificates, from a secret or a PKCS#11 token, read once in a process.

The secret `signing_<body>` (a body's own) or `signing` (for all that have none) is text in PEM: a private key
(P-256 or RSA of 2048 bits and more), the certificate that goes with it, and the certificates above it up to the root.
In place of the private key a line with a PKCS#11 URI (RFC 7512) may name a key that never leaves its token:
`pkcs11:token=kiban;object=131229?module-path=/usr/lib/x.so&pin-source=file:/run/pin`.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar
from urllib.parse import unquote, urlsplit

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from cryptography.x509.oid import NameOID
from pkcs11.exceptions import PKCS11Error
from pyhanko.config.pkcs11 import TokenCriteria
from pyhanko.sign.pkcs11 import PKCS11Signer, open_pkcs11_session
from pyhanko.sign.signers import Signer
from pyhanko_certvalidator.registry import SimpleCertificateStore

from kiban.ops.home import given_secret, given_secrets

Result = TypeVar("Result")
FOR_ALL = "signing"
TRUSTED = "signing_trusted"
"""Further roots (PEM) under which documents were signed earlier."""

_KEY = re.compile(r"-----BEGIN ([A-Z ]*PRIVATE KEY)-----.+?-----END \1-----", re.S)
_URI = re.compile(r"^pkcs11:\S+$", re.M)
_SMALLEST_RSA = 2048


class SigningProblem(Exception):
    """A key or certificate is there and can't be used: the text says which, why, and how to mend it."""


@dataclass(frozen=True)
class BodySigner:
    """A key that is ready, its certificate, and what stands above it (the root last)."""

    name: str
    signer: Signer
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...]

    @property
    def subject(self) -> str:
        """Who signs, by the certificate: its common name, else its organisation."""
        return subject_of(self.certificate)

    def check(self, at: datetime) -> None:
        """Raises SigningProblem where the certificate does not hold at this instant."""
        begins, ends = self.certificate.not_valid_before_utc, self.certificate.not_valid_after_utc
        if not begins <= at <= ends:
            raise SigningProblem(
                f"{self.name}: the certificate of {self.subject} holds from {begins:%Y-%m-%d} to {ends:%Y-%m-%d}: "
                "put a new one with its key in its place"
            )


def signer_for(body: str) -> BodySigner | None:
    """The body's own signer, else the one for all; None where neither is set. Raises SigningProblem."""
    for name in (f"{FOR_ALL}_{body}", FOR_ALL):
        text = given_secret(name)
        if text:
            return _parsed(name, text)
    return None


def all_signers() -> Iterable[BodySigner | SigningProblem]:
    """Every signer that is set, or what is wrong with it."""
    for name in _names():
        try:
            found = _parsed(name, given_secret(name) or "")
            found.check(datetime.now(UTC))
            yield found
        except SigningProblem as problem:
            yield problem


def roots() -> list[x509.Certificate]:
    """The certificates that signatures are traced to: the last of each chain, and those of `signing_trusted`."""
    found = []
    for name in _names():
        found += _certificates(name, given_secret(name) or "")[-1:]
    return list(dict.fromkeys([*found, *_certificates(TRUSTED, given_secret(TRUSTED) or "")]))


def subject_of(certificate: x509.Certificate) -> str:
    """Common name, else organisation, else the whole name."""
    for oid in (NameOID.COMMON_NAME, NameOID.ORGANIZATION_NAME):
        found = certificate.subject.get_attributes_for_oid(oid)
        if found:
            return str(found[0].value)
    return certificate.subject.rfc4514_string()


def as_asn1(certificate: x509.Certificate) -> asn1_x509.Certificate:
    """The certificate as pyHanko takes it."""
    return asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER))


def _names() -> list[str]:
    return [
        n for n in given_secrets(FOR_ALL) if n != TRUSTED and (n == FOR_ALL or n.startswith(f"{FOR_ALL}_"))
    ]


@lru_cache(maxsize=256)
def _parsed(name: str, text: str) -> BodySigner:
    found = _certificates(name, text)
    if not found:
        raise SigningProblem(
            f"{name}: there is no certificate beside the key: add it and those above it, in PEM"
        )
    leaf, chain = found[0], tuple(found[1:])
    key, uri = _KEY.search(text), _URI.search(text)
    if uri:
        signer: Signer = _token_signer(name, uri[0], leaf, chain)
    elif key:
        signer = _KeySigner(_private_key(name, key[0], leaf), leaf, chain)
    else:
        raise SigningProblem(
            f"{name}: there is neither a private key in PEM nor a line with a pkcs11: address"
        )
    return BodySigner(name, signer, leaf, chain)


def _certificates(name: str, text: str) -> list[x509.Certificate]:
    if "BEGIN CERTIFICATE" not in text:
        return []
    try:
        return x509.load_pem_x509_certificates(text.encode())
    except ValueError as error:
        raise SigningProblem(f"{name}: a certificate can't be read: {error}") from error


def _private_key(
    name: str, pem: str, leaf: x509.Certificate
) -> ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey:
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError) as error:
        raise SigningProblem(
            f"{name}: the private key can't be read (it must not have a passphrase): {error}"
        ) from error
    if not _usable(key):
        raise SigningProblem(f"{name}: the key is neither P-256 nor RSA of {_SMALLEST_RSA} bits or more")
    if _spki(key.public_key()) != _spki(leaf.public_key()):
        raise SigningProblem(
            f"{name}: the first certificate ({subject_of(leaf)}) is not that of the private key"
        )
    assert isinstance(key, (ec.EllipticCurvePrivateKey, rsa.RSAPrivateKey))
    return key


def _usable(key: object) -> bool:
    if isinstance(key, (ec.EllipticCurvePrivateKey, ec.EllipticCurvePublicKey)):
        return isinstance(key.curve, ec.SECP256R1)
    return isinstance(key, (rsa.RSAPrivateKey, rsa.RSAPublicKey)) and key.key_size >= _SMALLEST_RSA


def _spki(key: Any) -> bytes:
    found: bytes = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return found


class _KeySigner(Signer):
    """Signs with a key that is kept parsed: reading it for each document costs several times the signature."""

    def __init__(
        self,
        key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
        leaf: x509.Certificate,
        chain: Iterable[x509.Certificate],
    ) -> None:
        self._key = key
        registry = SimpleCertificateStore()
        registry.register_multiple(map(as_asn1, chain))
        super().__init__(signing_cert=as_asn1(leaf), cert_registry=registry)

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        if digest_algorithm != "sha256":
            raise SigningProblem(f"documents are signed over SHA-256, not {digest_algorithm}")
        if isinstance(self._key, rsa.RSAPrivateKey):
            return (
                bytes(self._key.key_size // 8)
                if dry_run
                else self._key.sign(data, padding.PKCS1v15(), hashes.SHA256())
            )
        return bytes(72) if dry_run else self._key.sign(data, ec.ECDSA(hashes.SHA256()))


class _TokenSigner(PKCS11Signer):
    """A session of a token signs one thing at a time."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._busy = Lock()

    async def async_sign_raw(self, data: bytes, digest_algorithm: str, dry_run: bool = False) -> bytes:
        with self._busy:  # each signature runs in an event loop of its own
            try:
                found: bytes = await super().async_sign_raw(data, digest_algorithm, dry_run)
            except PKCS11Error as error:
                _parsed.cache_clear()  # the token may have been taken out: the next one opens it anew
                raise SigningProblem(f"the token did not sign: {type(error).__name__}: {error}") from error
            return found


def _token_signer(name: str, uri: str, leaf: x509.Certificate, chain: Iterable[x509.Certificate]) -> Signer:
    said = _uri(uri)
    missing = [word for word in ("token", "object", "module-path") if not said.get(word)]
    if missing:
        raise SigningProblem(f"{name}: the pkcs11: address lacks {', '.join(missing)}")
    if not _usable(leaf.public_key()):
        raise SigningProblem(f"{name}: the key is neither P-256 nor RSA of {_SMALLEST_RSA} bits or more")
    try:
        session = open_pkcs11_session(
            said["module-path"], token_criteria=TokenCriteria(label=said["token"]), user_pin=_pin(said)
        )
        signer = _TokenSigner(
            session, signing_cert=as_asn1(leaf), key_label=said["object"], ca_chain=[as_asn1(c) for c in chain],
            other_certs_to_pull=(), use_raw_mechanism=True,
        )  # fmt: skip
        apart(lambda: asyncio.run(signer.ensure_objects_loaded()))
    except Exception as error:  # libraries of tokens fail in ways of their own
        raise SigningProblem(
            f"{name}: the token does not give the key: {type(error).__name__}: {error}: "
            "check module-path, token, object and PIN"
        ) from error
    return signer


def apart(call: Callable[[], Result]) -> Result:
    """Runs a call that starts an event loop of its own, in another thread where this one runs a loop already."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return call()
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(call).result()


def _uri(text: str) -> dict[str, str]:
    """The attributes of a PKCS#11 URI (RFC 7512): those of the path and those of the query."""
    parts = urlsplit(text)
    pairs = [*parts.path.split(";"), *parts.query.split("&")]
    return {name: unquote(value) for name, _, value in (pair.partition("=") for pair in pairs) if name}


def _pin(said: dict[str, str]) -> str | None:
    if source := said.get("pin-source"):
        return Path(source.removeprefix("file:")).read_text(encoding="utf-8").strip()
    return said.get("pin-value")
