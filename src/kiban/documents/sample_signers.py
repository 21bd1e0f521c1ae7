"""Keys and certificates of the demo (見本): an authority that nobody trusts, and bodies below it. Never in production.

Made once by `./kiban up` in demo mode into KIBAN_HOME/secrets (0600). All names begin with 見本, so that no reader of
a file takes it for real.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from kiban.documents.signers import FOR_ALL
from kiban.ops import config
from kiban.ops.home import folder, given_secret, write_private

AUTHORITY = "sample_authority"
_BEGINS, _ENDS = datetime(2020, 1, 1, tzinfo=UTC), datetime(2049, 12, 31, tzinfo=UTC)
_NOT_REAL = "（試行用・効力なし）"

Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def install(bodies: Mapping[str, str]) -> int:
    """Make what is missing: the authority, a signer for each body (code → office) and one for all others.

    Returns how many were made. Raises RuntimeError in production.
    """
    if config.mode() == "production":
        raise RuntimeError("sample keys are for the demo only")
    wanted = {
        FOR_ALL: "見本 共通署名",
        **{f"{FOR_ALL}_{code}": f"見本 {name}" for code, name in bodies.items()},
    }
    missing = {name: subject for name, subject in wanted.items() if given_secret(name) is None}
    if not missing:
        return 0
    key, authority = _authority()
    for name, subject in missing.items():
        write_private(
            folder("secrets") / name, bundle(ec.generate_private_key(ec.SECP256R1()), subject, key, authority)
        )
    return len(missing)


def bundle(own: Key, subject: str, key: Key, authority: x509.Certificate) -> str:
    """A signer's secret: its key, its certificate by the authority, and the authority's own."""
    pem = own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return (pem + certificate(own, subject, key, authority).public_bytes(Encoding.PEM)
            + authority.public_bytes(Encoding.PEM)).decode()  # fmt: skip


def new_authority(name: str = "見本認証局") -> tuple[Key, x509.Certificate]:
    """A new root: key and certificate."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = _name(name)
    made = (
        _blank(subject, subject, key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .sign(key, hashes.SHA256())
    )
    return key, made


def certificate(own: Key, subject: str, key: Key, authority: x509.Certificate) -> x509.Certificate:
    """A certificate for signing documents."""
    return (
        _blank(_name(subject), authority.subject, own)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True, content_commitment=True), critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _authority() -> tuple[Key, x509.Certificate]:
    text = given_secret(AUTHORITY)
    if text is None:
        key, made = new_authority()
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        write_private(folder("secrets") / AUTHORITY, (pem + made.public_bytes(Encoding.PEM)).decode())
        return key, made
    kept = load_pem_private_key(text.encode(), password=None)
    assert isinstance(kept, ec.EllipticCurvePrivateKey)
    return kept, x509.load_pem_x509_certificates(text.encode())[0]


def _blank(subject: x509.Name, issuer: x509.Name, own: Key) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(own.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_BEGINS)
        .not_valid_after(_ENDS)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(own.public_key()), critical=False)
    )


def _name(subject: str) -> x509.Name:
    return x509.Name([
        x509.NameAttribute(NameOID.COUNTRY_NAME, "JP"),
        x509.NameAttribute(NameOID.ORGANIZATION_NAME, "見本 Sample"),
        x509.NameAttribute(NameOID.COMMON_NAME, (subject + _NOT_REAL)[:64]),
    ])  # fmt: skip


def _usage(
    *, digital_signature: bool = False, content_commitment: bool = False, key_cert_sign: bool = False,
    crl_sign: bool = False,
) -> x509.KeyUsage:  # fmt: skip
    return x509.KeyUsage(
        digital_signature=digital_signature, content_commitment=content_commitment, key_cert_sign=key_cert_sign,
        crl_sign=crl_sign, key_encipherment=False, data_encipherment=False, key_agreement=False, encipher_only=False,
        decipher_only=False,
    )  # fmt: skip
