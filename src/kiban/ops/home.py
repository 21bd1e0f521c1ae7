"""Where this installation keeps its data (KIBAN_HOME) and its secrets."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

REPO = Path(__file__).resolve().parents[3]
DATA_KEY = "data.key"  # the keys that the content of events is sealed with (kiban.cases.sealing)


def home() -> Path:
    """KIBAN_HOME as an absolute path; `<repo>/.kiban` unless the environment says otherwise."""
    value = os.environ.get("KIBAN_HOME", "").strip()
    return Path(value).expanduser().absolute() if value else REPO / ".kiban"


def folder(name: str, mode: int = 0o700) -> Path:
    """A folder below KIBAN_HOME, made if it is not there."""
    root = home()
    if not root.is_dir():
        root.mkdir(parents=True, exist_ok=True)
        root.chmod(0o711)  # the database may run as another user, who must be able to pass through
    path = root / name
    if not path.is_dir():
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(mode)
    return path


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)


def secret(name: str) -> str:
    """The secret of this name; random and kept in KIBAN_HOME/secrets (0600) from its first use on.

    The environment variable `KIBAN_SECRET_<NAME>` outranks the file.
    """
    given = given_secret(name)
    if given is not None:
        return given
    path = folder("secrets") / name
    _create_once(path, secrets.token_urlsafe(36))
    return path.read_text(encoding="utf-8").strip()


def given_secret(name: str) -> str | None:
    """A secret that somebody has to give: from the environment or the file, as `secret`; None where it is not there."""
    given = os.environ.get(f"KIBAN_SECRET_{name.upper()}", "")
    if given:
        return given
    try:
        return (folder("secrets") / name).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None


def given_secrets(prefix: str) -> list[str]:
    """The names of secrets that begin so, from files and environment."""
    mark = f"KIBAN_SECRET_{prefix.upper()}"
    found = {n.removeprefix("KIBAN_SECRET_").lower() for n in os.environ if n.startswith(mark)}
    found.update(path.name for path in folder("secrets").iterdir() if path.name.startswith(prefix))
    return sorted(found)


def _create_once(path: Path, value: str) -> None:
    """Two processes may ask for a new secret at the same moment: the first one wins."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    write_private(temporary, value + "\n")
    try:
        os.link(temporary, path)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
