"""Signers for tests, given through the environment of the test alone, and tools that are not ours."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from kiban.documents import sample_signers

MARK_URL = "https://kiban.example.lg.jp/verify/131229/7K3M-9QTV-4DAB-CDEF/"


def give(
    monkeypatch: pytest.MonkeyPatch, own: sample_signers.Key | None = None, subject: str = "見本 区長"
) -> None:
    """Sets a signer for all bodies (P-256 unless a key is given)."""
    key, authority = sample_signers.new_authority()
    own = own or ec.generate_private_key(ec.SECP256R1())
    monkeypatch.setenv("KIBAN_SECRET_SIGNING", sample_signers.bundle(own, subject, key, authority))


def rsa_key(bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def said_by(program: str, *arguments: str, pdf: bytes, folder: Path) -> str:
    """What pdfsig or qpdf says of a file; skips where the program is not installed."""
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed: ./kiban test installs it where it may")
    path = folder / "document.pdf"
    path.write_bytes(pdf)
    done = subprocess.run([program, *arguments, str(path)], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr
