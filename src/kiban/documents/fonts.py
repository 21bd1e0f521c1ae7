"""The fonts of issued documents: which, from where, and where they lie.

Fonts are never committed. They come from package registries when kiban is installed, into `KIBAN_HOME/fonts`:

- npm, always: Noto Serif JP (text) and BIZ UDPGothic (headings), both under the SIL Open Font License;
- Debian, where `apt-get` is present (root is not needed): IPAmj Mincho with the 58,862 glyphs of the MJ list
  (文字情報基盤), and Hanazono for the variation sequences and rare ideographs that the others lack.

Any other TrueType or OpenType file that an operator puts into `KIBAN_HOME/fonts` (a newer IPAmj Mincho, the
font of 行政事務標準文字) is used after these. See docs/adr/0004-documents.md.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import typst

from kiban.ops.home import REPO, home

SERIF = ("Noto Serif JP", "IPAmjMincho", "HanaMinA", "HanaMinB")
"""Families of running text and of what people entered, in the order in which a glyph is looked for."""

SANS = ("BIZ UDPGothic",)
"""Families of headings and labels; the serif families stand behind them."""

_SUFFIXES = frozenset({".ttf", ".otf", ".ttc"})


class FontsMissing(Exception):
    """A font without which no document can be made is not there. The text says how to mend it."""


@dataclass(frozen=True, slots=True)
class Source:
    """One font file: the package that holds it, the path inside, the family, and what it is needed for.

    `kind` is "npm" (path below node_modules/<package>) or "deb" (path below the root of the file system).
    """

    kind: str
    package: str
    path: str
    family: str
    covers: str

    @property
    def file(self) -> str:
        """The file's name in `KIBAN_HOME/fonts`."""
        return self.path.rsplit("/", 1)[-1]


_NOTO, _BIZ = "@expo-google-fonts/noto-serif-jp", "@expo-google-fonts/biz-udpgothic"
_HANAZONO = "usr/share/fonts/truetype/hanazono"
SOURCES = (
    Source("npm", _NOTO, "400Regular/NotoSerifJP_400Regular.ttf", SERIF[0], "running text"),
    Source("npm", _NOTO, "700Bold/NotoSerifJP_700Bold.ttf", SERIF[0], "emphasis"),
    Source("npm", _BIZ, "400Regular/BIZUDPGothic_400Regular.ttf", SANS[0], "labels"),
    Source("npm", _BIZ, "700Bold/BIZUDPGothic_700Bold.ttf", SANS[0], "headings"),
    Source(
        "deb",
        "fonts-ipamj-mincho",
        "usr/share/fonts/truetype/ipamj/ipamjm.ttf",
        SERIF[1],
        "the MJ characters of names (文字情報基盤)",
    ),
    Source(
        "deb", "fonts-hanazono", f"{_HANAZONO}/HanaMinA.ttf", SERIF[2], "variation sequences (IVS) of names"
    ),
    Source(
        "deb", "fonts-hanazono", f"{_HANAZONO}/HanaMinB.ttf", SERIF[3], "CJK ideographs of extensions C to F"
    ),
)


@dataclass(frozen=True, slots=True)
class Installed:
    """What `install` found or did: file names that are there, sources that are not, and why not."""

    folder: Path
    present: tuple[str, ...]
    absent: tuple[Source, ...]
    notes: tuple[str, ...]

    def message(self) -> str:
        """A line that says which characters can be printed, and what to do about those that cannot."""
        if not self.absent:
            return f"Document fonts: {len(self.present)} files in {self.folder}."
        lost = "; ".join(f"{source.family} ({source.covers})" for source in self.absent)
        packages = " ".join(sorted({source.package for source in self.absent}))
        return (
            f"Document fonts: {len(self.present)} files in {self.folder}. Not covered: {lost}. "
            f"A name with such a character is reported to the clerk and prints 〓. To mend it, install the "
            f"Debian packages {packages}, or put the font files into {self.folder}. " + " ".join(self.notes)
        ).strip()


def folder() -> Path:
    """Where the fonts lie: `fonts` below KIBAN_HOME."""
    return home() / "fonts"


def font_paths() -> list[Path]:
    """The folders in which a renderer looks for fonts; system fonts are never used.

    Raises FontsMissing when a font that every document needs is not there.
    """
    where = folder()
    lacking = [s.file for s in SOURCES if s.kind == "npm" and not (where / s.file).is_file()]
    if lacking:
        raise FontsMissing(
            f"No document can be made: {', '.join(lacking)} not found in {where}. "
            "Run `./kiban up` once, or `npm ci` and `python -m kiban.documents.fonts`."
        )
    return [where]


@dataclass(frozen=True, slots=True)
class Face:
    """One face of regular weight in the order of looking for a glyph; `index` is the face in a collection."""

    family: str
    path: Path
    index: int


def faces(where: Path) -> tuple[Face, ...]:
    """The regular faces of the families in `where`: SERIF, then the operator's own families, then SANS."""
    found: dict[str, tuple[int, Face]] = {}
    for info in load(where).fonts():
        if info.path is None or info.style != "normal":
            continue
        face = Face(info.family, Path(info.path), info.index)
        distance = abs(info.weight - 400)
        if info.family not in found or distance < found[info.family][0]:
            found[info.family] = (distance, face)
    own = sorted(set(found) - set(SERIF) - set(SANS))
    return tuple(found[family][1] for family in (*SERIF, *own, *SANS) if family in found)


@functools.lru_cache(maxsize=4)
def load(where: Path) -> typst.Fonts:
    """The font book of a folder, read once in a process. Restart the process after changing the folder."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[where])


def install(target: Path | None = None, *, node_modules: Path | None = None) -> Installed:
    """Put the fonts into the folder `target` (default: `folder()`). Quick and without network when all are there.

    npm's fonts are taken from `node_modules` (default: the repository's), Debian's from the system, else with
    `apt-get download`, which needs no root. Raises FontsMissing when npm's are absent; what Debian's would
    have covered is only reported, since a machine without apt must still start.
    """
    where = target or folder()
    where.mkdir(parents=True, exist_ok=True)
    where.chmod(0o755)
    modules = node_modules or REPO / "node_modules"
    notes = _from_npm(where, modules)
    if notes:
        raise FontsMissing(f"{' '.join(notes)} Run `npm ci` in {modules.parent} and try again.")
    notes = _from_debian(where)
    present = tuple(sorted(p.name for p in where.iterdir() if p.suffix.lower() in _SUFFIXES))
    absent = tuple(source for source in SOURCES if source.file not in present)
    load.cache_clear()
    from kiban.documents import glyphs  # glyphs reads fonts, which this function has only now put there

    glyphs.build(where)
    return Installed(where, present, absent, tuple(notes))


def _wanting(where: Path, kind: str) -> list[Source]:
    return [s for s in SOURCES if s.kind == kind and not (where / s.file).is_file()]


def _from_npm(where: Path, modules: Path) -> list[str]:
    notes = []
    for source in _wanting(where, "npm"):
        origin = modules / source.package / source.path
        if not origin.is_file():
            notes.append(f"The npm package {source.package} with {source.file} is not installed.")
            continue
        _place(origin, where / source.file)
    return notes


def _from_debian(where: Path) -> list[str]:
    """Take Debian's fonts from the system, else from the archive; the notes say what went wrong."""
    for source in _wanting(where, "deb"):
        system = Path("/") / source.path
        if system.is_file():
            _place(system, where / source.file)
    packages = sorted({source.package for source in _wanting(where, "deb")})
    if not packages:
        return []
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        return ["This system has no apt-get."]
    with tempfile.TemporaryDirectory(prefix="kiban-fonts-") as scratch:
        note = _download(packages, Path(scratch))
        if note:
            return [note]
        return _unpack(Path(scratch), where)


def _download(packages: Iterable[str], scratch: Path) -> str:
    """Fetch packages into `scratch`; apt checks the archive's signature. Returns what failed, or ""."""
    own = ["-o", "APT::Sandbox::User=root"] if os.geteuid() == 0 else []
    problem = _run(["apt-get", "-q", *own, "download", *packages], scratch)
    if not problem:
        return ""
    # No package lists, or old ones: read new ones into a place of our own, which needs no root.
    for name in ("lists/partial", "cache/archives/partial"):
        (scratch / name).mkdir(parents=True, exist_ok=True)
    own += ["-o", f"Dir::State::lists={scratch}/lists", "-o", f"Dir::Cache={scratch}/cache"]
    return _run(["apt-get", "-q", *own, "update"], scratch) or _run(
        ["apt-get", "-q", *own, "download", *packages], scratch
    )


def _unpack(scratch: Path, where: Path) -> list[str]:
    root = scratch / "root"
    for archive in sorted(scratch.glob("*.deb")):
        problem = _run(["dpkg-deb", "-x", str(archive), str(root)], scratch)
        if problem:
            return [problem]
    notes = []
    for source in _wanting(where, "deb"):
        origin = root / source.path
        if not origin.is_file():
            notes.append(f"The Debian package {source.package} holds no {source.path}.")
            continue
        _place(origin, where / source.file)
        licence = root / "usr/share/doc" / source.package / "copyright"
        if licence.is_file():
            _place(licence, where / f"{source.package}.copyright")
    return notes


def _run(command: list[str], scratch: Path) -> str:
    """Run quietly; returns "" or what failed, with the last line that the command said."""
    environment = {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(  # noqa: S603 -- fixed words and package names of this file only
            command,
            cwd=scratch,
            env=environment,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=300,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{command[0]} failed: {error}"
    if done.returncode == 0:
        return ""
    said = (done.stderr.strip() or done.stdout.strip()).splitlines()
    return f"{command[0]} failed: {said[-1] if said else f'exit status {done.returncode}'}"


def _place(origin: Path, target: Path) -> None:
    """Copy whole or not at all: another process may be reading the folder, another may install as well."""
    temporary = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        shutil.copyfile(origin, temporary)
        temporary.chmod(0o644)
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)


def main() -> int:
    """`python -m kiban.documents.fonts`: install into KIBAN_HOME and say what is covered."""
    try:
        report = install()
    except FontsMissing as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{report.message()}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
