"""Fields whose value has parts: file, address, repeating group."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from kiban.kernel.check_digits import validate
from kiban.kernel.definitions.model import CodeList, Field, Label
from kiban.kernel.expr import INT, TEXT, List, Nullable, Row
from kiban.kernel.problems import INVALID, REQUIRED, TOO_LONG, UNKNOWN_FIELD, Problem
from kiban.kernel.text import grapheme_length, refuse
from kiban.kernel.values.base import WRONG_TYPE, Codec, ManyRefused, ReadContext, Refused, Style, is_empty

_SHA256 = re.compile(r"[0-9a-f]{64}")
_FILE_KEYS = frozenset({"name", "sha256", "size", "type", "document"})
_ADDRESS_KEYS = frozenset({"text", "lg_code", "postal_code", "machiaza_id", "level"})


def _clean(text: str, most: int) -> str:
    text = text.strip("\u3000 \t\n")
    problem = refuse(text)
    if problem is not None:
        raise Refused(INVALID, f"に使えない文字があります。{problem.ja}", problem.en)
    if "\n" in text:
        raise Refused(INVALID, "は改行せずに入力してください。", "please write on one line.")
    if (length := grapheme_length(text)) > most:
        raise Refused(
            TOO_LONG, f"は{most}文字以内で入力してください（いまは{length}文字です）。",
            f"at most {most} characters (now {length}).",
        )  # fmt: skip
    return text


class FileCodec(Codec):
    """file: `{"name", "sha256"[, "size", "type"]}` of an attachment, or `{"document": …}` of an issued one."""

    expr_type = Row({"name": TEXT, "sha256": TEXT, "size": INT, "type": TEXT})

    def parse(self, raw: object, context: ReadContext, path: str) -> Any:
        if not isinstance(raw, Mapping) or not set(raw) <= _FILE_KEYS:
            raise Refused(INVALID, "のファイルを選び直してください。", "please choose the file again.")
        if "document" in raw and isinstance(raw["document"], str):
            return {"document": _clean(raw["document"], 200)}
        name, digest = raw.get("name"), raw.get("sha256")
        if not isinstance(name, str) or not isinstance(digest, str) or not _SHA256.fullmatch(digest):
            raise Refused(INVALID, "のファイルを選び直してください。", "please choose the file again.")
        value: dict[str, Any] = {"name": _clean(name, 200), "sha256": digest}
        size, kind = raw.get("size"), raw.get("type")
        if isinstance(size, int) and not isinstance(size, bool) and 0 <= size <= 10**12:
            value["size"] = size
        if isinstance(kind, str):
            value["type"] = _clean(kind, 100)
        return value

    def display(self, value: Any, language: str = "ja", style: Style = "full") -> str:
        return str(value.get("name") or value.get("document") or "") if value else ""

    def schema(self) -> dict[str, Any]:
        return {
            "type": "object", "required": ["name", "sha256"],
            "properties": {
                "name": {"type": "string", "maxLength": 200}, "size": {"type": "integer", "minimum": 0},
                "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"}, "type": {"type": "string"},
            },
        }  # fmt: skip


class AddressCodec(Codec):
    """address: the text as written, and the code of the municipality (or ward) that it begins with."""

    expr_type = Row({"text": TEXT, "lg_code": TEXT})

    def __init__(self, field: Field, codes: Mapping[str, CodeList]) -> None:
        super().__init__(field, codes)
        self.expr_type = Row({"text": TEXT, "lg_code": Nullable(TEXT)})
        self.most = field.max_length or 200

    def parse(self, raw: object, context: ReadContext, path: str) -> Any:
        if isinstance(raw, str):
            raw = {"text": raw}
        if (
            not isinstance(raw, Mapping)
            or not set(raw) <= _ADDRESS_KEYS
            or not isinstance(raw.get("text"), str)
        ):
            raise Refused(INVALID, *WRONG_TYPE)
        text = _clean(raw["text"], self.most)
        if not text:
            return None
        code = raw.get("lg_code")
        if is_empty(code):
            code = context.locate(text)
        elif not isinstance(code, str) or validate("lg_code", code) is not None:
            raise Refused(
                INVALID, "の市区町村コードが正しくありません。", "the municipality's code is wrong."
            )
        value = {"text": text, "lg_code": code}
        for key in ("postal_code", "machiaza_id", "level"):
            if isinstance(raw.get(key), str):
                value[key] = _clean(raw[key], 20)
        return value

    def from_json(self, stored: Any) -> Any:
        return {"lg_code": None, **stored}

    def display(self, value: Any, language: str = "ja", style: Style = "full") -> str:
        return str(value.get("text") or "") if value else ""

    def schema(self) -> dict[str, Any]:
        return {
            "type": "object", "required": ["text"],
            "properties": {
                "text": {"type": "string", "maxLength": self.most},
                "lg_code": {"type": ["string", "null"], "pattern": "^[0-9]{6}$"},
            },
        }  # fmt: skip


class GroupCodec(Codec):
    """group: rows of sub-fields. Paths count from 1 (`route[2].address`); empty rows are passed over."""

    def __init__(
        self,
        field: Field,
        codes: Mapping[str, CodeList],
        make: Callable[[Field, Mapping[str, CodeList]], Codec],
    ) -> None:
        super().__init__(field, codes)
        self.parts = {name: make(item, codes) for name, item in field.fields.items()}
        row = Row({name: item.expr_type for name, item in self.parts.items()})
        self.expr_type = List(row, max_items=field.max_items)

    def parse(self, raw: object, context: ReadContext, path: str) -> Any:
        if not isinstance(raw, list | tuple):
            raise Refused(INVALID, *WRONG_TYPE)
        if len(raw) > self.field.max_items:
            raise Refused(
                TOO_LONG, f"は{self.field.max_items}件以内にしてください（いまは{len(raw)}件です）。",
                f"at most {self.field.max_items} (now {len(raw)}).",
            )  # fmt: skip
        problems: list[Problem] = []
        rows = [self._row(row, context, f"{path}[{i}]", problems) for i, row in enumerate(raw, start=1)]
        if problems:
            raise ManyRefused(tuple(problems))
        return tuple(row for row in rows if row)

    def _row(
        self, raw: object, context: ReadContext, path: str, problems: list[Problem]
    ) -> dict[str, Any] | None:
        if is_empty(raw):
            return None
        if not isinstance(raw, Mapping):
            problems.append(self.problem(INVALID, path, *WRONG_TYPE))
            return None
        found: dict[str, Any] = {}
        for name, part in self.parts.items():
            reading = part.read(raw.get(name), context, f"{path}.{name}")
            problems.extend(reading.problems)
            if reading.value is not None:
                found[name] = reading.value
        problems.extend(
            self.problem(
                UNKNOWN_FIELD,
                f"{path}.{str(name)[:60]}",
                "にこの項目はありません。",
                "there is no such field.",
            )
            for name in raw
            if name not in self.parts
        )
        if found:
            problems.extend(self._missing(found, path, {p.field for p in problems}))
        return found or None

    def _missing(self, found: Mapping[str, Any], path: str, wrong: set[str]) -> list[Problem]:
        missing = []
        for name, part in self.parts.items():
            where = f"{path}.{name}"
            if part.field.required == "true" and name not in found and where not in wrong:
                label = part.field.label
                override = part.field.problems.get(REQUIRED)
                message = Label(
                    ja=f"「{label.ja}」を入力してください。", en=f"Please fill in: {label.text('en')}."
                )
                missing.append(Problem(where, override.code if override else REQUIRED, message))
        return missing

    def to_json(self, value: Any) -> Any:
        return [{name: self.parts[name].to_json(part) for name, part in row.items()} for row in value]

    def from_json(self, stored: Any) -> Any:
        return tuple(
            {
                name: self.parts[name].from_json(part)
                for name, part in row.items()
                if name in self.parts and part is not None
            }
            for row in stored
        )

    def display(self, value: Any, language: str = "ja", style: Style = "full") -> str:
        rows = (
            " ".join(self.parts[name].display(part, language) for name, part in row.items())
            for row in value or ()
        )
        return ("、" if language == "ja" else "; ").join(rows)

    def schema(self) -> dict[str, Any]:
        properties = {name: part.json_schema() for name, part in self.parts.items()}
        required = [name for name, part in self.parts.items() if part.field.required == "true"]
        row = {
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": False,
        }
        return {"type": "array", "items": row, "maxItems": self.field.max_items}
