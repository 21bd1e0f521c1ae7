"""Make a document: a Typst template and data in, a PDF/A-2a and PDF/UA-1 file out.

Pure: the same template, fonts, data and time give the same bytes. Data is data: it enters as JSON through
`sys.inputs`, is never part of a source, and a template places it as text. Nothing is fetched: packages are
those below `kiban/documents/typst`, fonts those of `kiban.documents.fonts`.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import typst

from kiban.documents import fonts, glyphs
from kiban.documents.mark import Mark

PACKAGES = Path(__file__).resolve().parent / "typst"
STANDARDS: list[Any] = ["a-2a", "ua-1"]
"""ISO 19005-2 level A and ISO 14289-1, both at once."""

_TOKYO = timezone(timedelta(hours=9))
_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}\Z")
_IMPORT = re.compile(r"@([a-z0-9-]+)/([a-z0-9-]+):(\d+\.\d+\.\d+)")
_LONG_WORD = re.compile(r"[!-~]{24}")


class TemplateError(Exception):
    """A template is absent or wrong: names the file and what the compiler said."""


@dataclass(frozen=True, slots=True)
class Unprintable:
    """Where in the data (`text.applicant_name`) a character stands that no font prints, and which."""

    path: str
    missing: glyphs.Missing


class GlyphsMissing(Exception):
    """Some of the data can't be printed as it stands; `found` says where and what. Nothing was made."""

    def __init__(self, found: list[Unprintable]) -> None:
        self.found = found
        super().__init__(", ".join(f"{u.path}: {u.missing.text!r} ({u.missing.reason})" for u in found))


class Renderer:
    """The templates of one folder, each with one compiler that is kept for the life of the process.

    Safe to share between threads; a compiler serves one call at a time.
    """

    def __init__(self, template_dir: Path, *, font_dir: Path | None = None) -> None:
        """`template_dir` holds `<name>.typ`. Raises fonts.FontsMissing without the needed fonts."""
        self.template_dir = Path(template_dir).resolve()
        self._font_dir = font_dir or fonts.font_paths()[0]
        self._cmap = glyphs.cmap(self._font_dir)
        serif = [cover.family for cover in self._cmap.covers if cover.family not in fonts.SANS]
        self._families = json.dumps({"serif": serif, "sans": [*fonts.SANS, *serif]})
        self._compilers: dict[str, tuple[threading.Lock, typst.Compiler]] = {}
        self._lock = threading.Lock()

    def names(self) -> list[str]:
        """The templates of the folder."""
        return sorted(p.stem for p in self.template_dir.glob("*.typ") if _NAME.match(p.stem))

    def unprintable(self, data: Mapping[str, Any]) -> list[Unprintable]:
        """All strings of `data` with a character or variant that no font prints, with their paths."""
        return [
            Unprintable(path, missing)
            for path, text in _strings(data)
            for missing in self._cmap.missing(text)
        ]

    def render(
        self,
        name: str,
        data: Mapping[str, Any],
        *,
        at: datetime,
        missing: Literal["refuse", "replace"] = "refuse",
        mark: Mark | None = None,
    ) -> bytes:
        """The PDF of template `name` with `data` (JSON values, dates and Decimals), created at `at`.

        `at` is an aware instant, the time of the event that issues the document; it is written in Asia/Tokyo.
        A character or variant that no font prints raises GlyphsMissing; with missing="replace" it prints 〓
        (never a shape that was not asked for), and the caller tells the clerk what `unprintable` says.
        `mark` says where the document can be verified. Raises TemplateError for an unknown name or a template that
        does not compile.
        """
        if at.tzinfo is None:
            raise ValueError("the time of issue must be aware (Asia/Tokyo)")
        lost = self.unprintable(data)
        if lost and missing == "refuse":
            raise GlyphsMissing(lost)
        if lost:
            data = _mapped(data, self._cmap.fallback)
        inputs = {
            "data": json.dumps(data, ensure_ascii=False, sort_keys=True, default=_plain),
            "fonts": self._families,
            "long-words": "yes" if any(_LONG_WORD.search(text) for _, text in _strings(data)) else "no",
            "variants": json.dumps(self._variants(data), ensure_ascii=False),
            **({"mark": mark.as_json()} if mark is not None else {}),
        }
        lock, compiler = self._compiler(name)
        try:
            with lock:
                pdf = compiler.compile(
                    format="pdf",
                    sys_inputs=inputs,
                    pdf_standards=STANDARDS,
                    timestamp=at.astimezone(_TOKYO).replace(microsecond=0),
                )
        except typst.TypstError as error:
            raise TemplateError(f"{self.template_dir / name}.typ: {error.diagnostic or error}") from error
        if not isinstance(pdf, bytes):
            raise TemplateError(f"{self.template_dir / name}.typ: the compiler returned no PDF")
        return pdf

    def _variants(self, data: Mapping[str, Any]) -> list[dict[str, str]]:
        """What needs a family named: sequences that the leading families would print as their base, and
        private characters, which only an operator's own font may print.
        """
        leading = {fonts.SERIF[0], fonts.SANS[0]}
        wanted = {
            cluster
            for _, text in _strings(data)
            if not text.isascii()
            for _, cluster in glyphs.clusters(text)
            if len(cluster) == 2 or glyphs.is_private(cluster)
        }
        rules = []
        for cluster in sorted(wanted):
            if len(cluster) == 2 and all(
                cover.has_variant(ord(cluster[0]), ord(cluster[1])) for cover in self._cmap.of(leading)
            ):
                continue
            family = self._cmap.family_for(cluster)
            if family is not None:
                rules.append({"text": cluster, "family": family})
        return rules

    def _compiler(self, name: str) -> tuple[threading.Lock, typst.Compiler]:
        kept = self._compilers.get(name)
        if kept is not None:
            return kept
        with self._lock:
            if name not in self._compilers:
                self._compilers[name] = (threading.Lock(), self._compile(name))
            return self._compilers[name]

    def _compile(self, name: str) -> typst.Compiler:
        path = self.template_dir / f"{name}.typ"
        if not _NAME.match(name) or not path.is_file():
            raise TemplateError(f"no template {name!r} in {self.template_dir}; there are {self.names()}")
        self._check_imports()
        return typst.Compiler(
            path,
            root=self.template_dir,
            font_paths=fonts.load(self._font_dir),
            package_path=PACKAGES,
            package_cache_path=PACKAGES,
        )

    def _check_imports(self) -> None:
        """Refuse packages that are not vendored: the compiler would fetch them."""
        for source in sorted(self.template_dir.rglob("*.typ")):
            for space, package, version in _IMPORT.findall(source.read_text(encoding="utf-8")):
                if not (PACKAGES / space / package / version / "typst.toml").is_file():
                    raise TemplateError(
                        f"{source}: the package @{space}/{package}:{version} is not part of kiban; "
                        "use @kiban/official:1.0.0 or a file beside the template"
                    )


def _strings(value: Any, path: str = "") -> list[tuple[str, str]]:
    """Every string of nested JSON data with its path (`values.route_via[0].text`)."""
    if isinstance(value, str):
        return [(path, value)]
    found: list[tuple[str, str]] = []
    if isinstance(value, Mapping):
        for key, item in value.items():
            found += _strings(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            found += _strings(item, f"{path}[{index}]")
    return found


def _mapped(value: Any, change: Any) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {key: _mapped(item, change) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_mapped(item, change) for item in value]
    return value


def _plain(value: Any) -> str:
    if isinstance(value, (date, datetime)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} cannot be printed: give JSON values, dates or Decimals")
