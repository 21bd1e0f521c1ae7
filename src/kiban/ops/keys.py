"""The keys of an installation in one encrypted file: what a backup can't be read without.

JSON: {"format", "salt", "nonce", "sealed"} with a key from the passphrase by scrypt (n=2^16, r=8, p=1) and
AES-256-GCM. The passwords of the database roles are not in it: a restored installation makes its own.
"""

from __future__ import annotations

import base64
import getpass
import json
import os
import sys
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from kiban.ops.config import ConfigurationError
from kiban.ops.home import folder, secret, write_private

_FORMAT = "kiban-keys-1"
_ROLES = ("kiban_super", "kiban_owner", "kiban_app", "kiban_worker")
_SHORTEST = 12


def collect() -> dict[str, str]:
    """Every secret by its name, from KIBAN_HOME/secrets or the environment, but the database's passwords."""
    names = {path.name for path in folder("secrets").iterdir() if not path.name.startswith(".")}
    return {name: secret(name) for name in sorted((names | {"data.key", "django_secret_key"}) - set(_ROLES))}


def passphrase(*, new: bool) -> str:
    """KIBAN_BACKUP_PASSPHRASE, else typed at the terminal (twice when `new`). Raises ConfigurationError."""
    found = os.environ.get("KIBAN_BACKUP_PASSPHRASE", "")
    if not found and sys.stdin.isatty():
        found = getpass.getpass("Passphrase of the keys: ")
        if new and found != getpass.getpass("Again: "):
            raise ConfigurationError("The two passphrases differ.")
    if len(found) < _SHORTEST:
        raise ConfigurationError(
            f"The keys need a passphrase of at least {_SHORTEST} characters: set KIBAN_BACKUP_PASSPHRASE, or type it "
            "at a terminal."
        )
    return found


def seal(secrets: dict[str, str], phrase: str) -> str:
    """The secrets as the text of a key file."""
    salt, nonce = os.urandom(16), os.urandom(12)
    sealed = AESGCM(_key(phrase, salt)).encrypt(nonce, json.dumps(secrets).encode(), _FORMAT.encode())
    parts = {"salt": salt, "nonce": nonce, "sealed": sealed}
    return json.dumps(
        {"format": _FORMAT, **{name: base64.b64encode(part).decode() for name, part in parts.items()}}
    )


def unseal(text: str, phrase: str) -> dict[str, str]:
    """The secrets of a key file. Raises ConfigurationError."""
    try:
        found = json.loads(text)
        if found["format"] != _FORMAT:
            raise ConfigurationError(f"The keys are of the format {found['format']!r}, not {_FORMAT}.")
        salt, nonce, sealed = (base64.b64decode(found[name]) for name in ("salt", "nonce", "sealed"))
        secrets: dict[str, str] = json.loads(
            AESGCM(_key(phrase, salt)).decrypt(nonce, sealed, _FORMAT.encode())
        )
    except InvalidTag as error:
        raise ConfigurationError(
            "The passphrase is not that of these keys, or the keys were changed."
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationError("This is no file of keys made by ./kiban backup.") from error
    if any("/" in name or name.startswith(".") or name in _ROLES for name in secrets):
        raise ConfigurationError("The keys hold names that are not ours.")
    return secrets


def install(secrets: dict[str, str]) -> None:
    """Writes the secrets to KIBAN_HOME/secrets (0600)."""
    place: Path = folder("secrets")
    for name, value in secrets.items():
        write_private(place / name, value + "\n")


def _key(phrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=2**16, r=8, p=1).derive(phrase.encode())
