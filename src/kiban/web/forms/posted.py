"""What somebody typed into a page, as raw input of the form: by field name, exactly as it came.

Only fields that stood on the page are read (each brings a marker `on`), so that what an earlier page or a hidden
field holds is kept. Files are stored at once; from then on the page carries their SHA-256.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from kiban.kernel.definitions.model import Field
from kiban.web.forms.paths import PREFIX

Raw = dict[str, Any]
FileOf = Callable[[str], Mapping[str, Any] | None]
Store = Callable[["UploadedFile[Any]", str], Mapping[str, Any] | None]
_ROW = re.compile(r"(\d{1,5})\.([a-z][a-z0-9_]*)\Z")
_SHA256 = re.compile(r"[0-9a-f]{64}\Z")


def storable(text: str) -> str:
    """Text as the database can hold it: a NUL or a broken character becomes U+FFFD, which no field accepts."""
    return re.sub(r"[\x00\ud800-\udfff]", "\ufffd", text)


class Posted:
    """One posted form. `store` keeps an uploaded file and answers its mapping; `file_of` finds one by SHA-256."""

    def __init__(
        self, post: QueryDict, files: MultiValueDict[str, Any], file_of: FileOf, store: Store
    ) -> None:
        self.post, self.files = post, files
        self.file_of, self.store = file_of, store
        self.on_page = frozenset(post.getlist("on"))

    def read(self, fields: Mapping[str, Field], before: Mapping[str, Any]) -> Raw:
        """`before` with the fields of this page replaced by what was posted, then the row buttons applied."""
        raw = dict(before)
        for name, field in fields.items():
            if name in self.on_page:
                raw[name] = self._one(field, PREFIX + name, name)
        for button in self.post.getlist("do"):
            _press(button, fields, raw)
        return raw

    def _one(self, field: Field, key: str, path: str) -> Any:
        if field.type == "group":
            return list(self._rows(field, key, path))
        if field.type == "file":
            return self._file(key, path)
        if field.type == "grid":
            return {
                row: {name: self._one(part, f"{key}.{row}.{name}", f"{path}[{row}][{name}]")
                      for name, part in field.fields.items()}
                for row in field.rows
            }  # fmt: skip
        if field.type == "geo_point":
            return self._point(key)
        if field.type == "multiple" and (field.codes or field.options):
            return [storable(value) for value in self.post.getlist(key) if value]
        return storable(self.post.get(key, ""))

    def _rows(self, field: Field, key: str, path: str) -> Iterator[Raw]:
        start = key + "."
        indexes = {int(found[1]) for name in (*self.post, *self.files)
                   if name.startswith(start) and (found := _ROW.match(name[len(start):]))}  # fmt: skip
        for place, index in enumerate(sorted(indexes)[: field.max_items + 1], start=1):
            yield {
                name: self._one(part, f"{start}{index}.{name}", f"{path}[{place}].{name}")
                for name, part in field.fields.items()
            }

    def _point(self, key: str) -> Any:
        """Latitude and longitude; how precise a device was counts as long as its numbers stand as it said them."""
        lat, lon = (storable(self.post.get(f"{key}.{name}", "")) for name in ("lat", "lon"))
        found = {"lat": lat, "lon": lon}
        if lat and f"{lat},{lon}" == self.post.get(f"{key}.measured", ""):
            found["precision"] = storable(self.post.get(f"{key}.precision", ""))[:20]
            found["datum"] = "WGS84"
        return found

    def _file(self, key: str, path: str) -> Any:
        uploaded = self.files.get(key)
        if uploaded is not None:
            stored = self.store(uploaded, path)
            if stored is not None:
                return dict(stored)
        digest = self.post.get(key, "")
        found = self.file_of(digest) if _SHA256.match(digest) else None
        return dict(found) if found is not None else ""


def _press(button: str, fields: Mapping[str, Field], raw: Raw) -> None:
    """`add:<group>`, `remove:<group>:<n>` and `unfile:<name>[:<n>:<sub>]` change rows and files; others pass."""
    verb, _, rest = button.partition(":")
    name, *more = rest.split(":")
    field = fields.get(name)
    if field is None:
        return
    if field.type == "file" and verb == "unfile":
        raw[name] = ""
    if field.type != "group":
        return
    held = raw.get(name)
    rows: list[Any] = list(held) if isinstance(held, list) else []
    raw[name] = rows
    at = int(more[0]) - 1 if more and more[0].isdecimal() and len(more[0]) < 6 else -1
    if verb == "add" and len(rows) < field.max_items:
        rows.append({})
    elif verb == "remove" and 0 <= at < len(rows):
        del rows[at]
    elif verb == "unfile" and 0 <= at < len(rows) and len(more) == 2:
        rows[at] = {**rows[at], more[1]: ""}


def is_blank(raw: Any) -> bool:
    """Nothing typed: also a list of rows in which nothing is typed."""
    if isinstance(raw, Mapping):
        return all(is_blank(value) for value in raw.values())
    if isinstance(raw, list | tuple):
        return all(is_blank(value) for value in raw)
    return raw is None or (isinstance(raw, str) and not raw.strip("\u3000 \t\r\n"))


def for_evaluation(raw: Mapping[str, Any], fields: Mapping[str, Field]) -> Raw:
    """The raw input of an action: its own fields only, what is blank left out. Row numbers stay as shown."""
    found: Raw = {}
    for name in fields:
        value = raw.get(name)
        if is_blank(value):
            if name in raw:
                found[name] = None
            continue
        if fields[name].type == "group" and isinstance(value, list):
            value = list(value)
            while value and is_blank(value[-1]):
                value.pop()
            value = [{part: v for part, v in row.items() if not is_blank(v)} for row in value]
        found[name] = value
    return found
