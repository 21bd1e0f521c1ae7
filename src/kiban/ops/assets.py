"""Files made at start: compiled translations, fonts, hashed static files. Quick when nothing changed."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import polib
from django.conf import settings
from django.core.management import call_command

from kiban.ops.home import folder, home

# What the npm packages bring beside the files that pages use.
_NOT_SERVED = [
    *("*.ts", "*.esm*", "*.md", "htmax*", "skills", "editors", "scripts", "scss"),
    *("unicode.json", "metadata.json", "package.json"),
]


def compile_translations() -> None:
    """Compile every .po that is newer than its .mo; GNU gettext is not needed."""
    for root in map(Path, settings.LOCALE_PATHS):
        for source in root.glob("*/LC_MESSAGES/*.po"):
            target = source.with_suffix(".mo")
            if not target.exists() or target.stat().st_mtime < source.stat().st_mtime:
                temporary = target.with_suffix(".mo.new")
                polib.pofile(str(source), encoding="utf-8").save_as_mofile(str(temporary))
                temporary.replace(target)


def install_fonts() -> None:
    """The fonts that documents are printed with, into KIBAN_HOME/fonts."""
    from kiban.documents import fonts

    fonts.install(home() / "fonts")


def collect_static() -> None:
    """Collect, hash and compress the static files, unless they are as they were the last time."""
    stamp = folder("run", 0o711) / "static.sha256"
    wanted = _static_fingerprint()
    manifest = Path(settings.STATIC_ROOT) / "staticfiles.json"
    if manifest.is_file() and stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return
    shutil.rmtree(settings.STATIC_ROOT, ignore_errors=True)
    call_command("collectstatic", interactive=False, verbosity=0, ignore_patterns=_NOT_SERVED)
    stamp.write_text(wanted, encoding="utf-8")


def _static_fingerprint() -> str:
    digest = hashlib.sha256(repr(_NOT_SERVED).encode())
    for entry in settings.STATICFILES_DIRS:
        root = Path(entry[1] if isinstance(entry, tuple) else entry)
        for path in sorted(root.rglob("*")):
            if path.is_file():
                found = path.stat()
                digest.update(f"{path} {found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.hexdigest()
