"""Values with parts: addresses and files."""

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from kiban.kernel.check_digits import validate
from kiban.kernel.definitions.model import CodeList, Field
from kiban.kernel.expr import INT, TEXT, Nullable, Row, Text
from kiban.kernel.problems import INVALID
from kiban.kernel.text import to_halfwidth_code
from kiban.kernel.values.base import Codec, ReadContext, Refusal, is_blank, wrong_type
from kiban.kernel.values.texts import POINTS, SINGLE_LINE, one_line

_NAME: Final = 255
_TYPE: Final = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,63}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}", re.IGNORECASE)
_SHA256: Final = re.compile(r"[0-9a-fA-F]{64}")
_LARGEST_FILE: Final = 10**12


class AddressCodec(Codec):
    """An address: the text as written, and the 6-digit code of its municipality (or ward) where it is known.

    Internal: a mapping with `text` and `lg_code` (None when unknown), and what else is known of the place. A code that
    is given counts, whatever the text begins with (docs/values.md says why).
    """

    # What an address service may add: its form, so that nothing else is stored under these names.
    _MORE: Final = {
        "postal_code": re.compile(r"[0-9]{7}"),
        "machiaza_id": re.compile(r"[0-9]{7}"),
        "level": re.compile(r"[A-Za-z0-9_]{1,20}"),
    }

    def __init__(self, field: Field, codes: Mapping[str, CodeList]) -> None:
        super().__init__(field, codes)
        self.most = field.max_length or SINGLE_LINE
        self.expr_type = Row({"text": Text(self.most * POINTS), "lg_code": Nullable(Text(6))})

    def take(self, raw: Any, context: ReadContext) -> dict[str, Any] | None:
        given: Mapping[Any, Any] = {"text": raw} if isinstance(raw, str) else raw
        if not isinstance(given, Mapping):
            raise wrong_type()
        written = given.get("text")
        if is_blank(written):
            return _without_text(given)
        if not isinstance(written, str):
            raise wrong_type()
        text = one_line(written, self.most)
        if not text:
            return None
        value: dict[str, Any] = {"text": text, "lg_code": None}
        for key, part in given.items():
            if key != "text" and part is not None and part != "":
                value[key] = self._part(key, part, text)
        if value["lg_code"] is None:
            value["lg_code"] = context.locate(text)
        return value

    def _part(self, key: object, part: object, text: str) -> str:
        if key == "lg_code" and isinstance(part, str):
            if len(part) == 6 and _is_lg_code(part):
                return part
            code = to_halfwidth_code(part)
            problem = validate("lg_code", code)
            if problem is None:
                return code
            meant = {"text": text, "lg_code": problem.candidates[0]} if problem.candidates else None
            raise Refusal(INVALID, f"の市区町村を確かめてください。{problem.ja}", problem.en, meant)
        form = self._MORE.get(str(key))
        if form is None or not isinstance(part, str) or not form.fullmatch(part):
            raise wrong_type()
        return part

    def to_json(self, value: Any) -> dict[str, Any] | None:
        return None if value is None else {key: part for key, part in value.items() if part is not None}

    def from_json(self, stored: Any) -> dict[str, Any] | None:
        return None if stored is None else {"text": "", "lg_code": None, **stored}

    def plain(self, value: Any) -> str:
        return str(value.get("text") or "")

    def schema(self) -> dict[str, Any]:
        more = {key: {"type": "string", "pattern": f"^{form.pattern}$"} for key, form in self._MORE.items()}
        return {
            "type": "object",
            "properties": {
                "text": {"type": "string", "maxLength": self.most * POINTS},
                "lg_code": {"type": "string", "pattern": "^[0-9]{6}$"},
                **more,
            },
            "required": ["text"],
            "additionalProperties": False,
        }

    def search_texts(self, value: Any) -> list[str]:
        return [value] if isinstance(value, str) else [self.plain(value)]


@lru_cache(maxsize=4096)
def _is_lg_code(code: str) -> bool:
    """Whether the check digit is right; the few thousand codes in use are asked for all the time."""
    return validate("lg_code", code) is None


def _without_text(given: Mapping[Any, Any]) -> dict[str, Any] | None:
    if is_blank(given):
        return None
    raise Refusal(
        INVALID,
        "は都道府県から番地まで文字で入力してください。",
        "please write the address, beginning with the prefecture.",
    )


class FileCodec(Codec):
    """A file: its name, its SHA-256 and, where known, its size in bytes and media type; or an issued document,
    by its reference. The content is kept elsewhere, under the digest."""

    expr_type = Row({"name": TEXT, "sha256": TEXT, "size": INT, "type": TEXT, "document": TEXT})
    _KEYS: Final = frozenset({"name", "sha256", "size", "type", "document"})

    def take(self, raw: Any, context: ReadContext) -> dict[str, Any] | None:
        if not isinstance(raw, Mapping):
            if isinstance(raw, str) and raw.isspace():
                return None
            raise _choose_again()
        given = {key: part for key, part in raw.items() if part is not None and part != ""}
        if not given:
            return None
        if not given.keys() <= self._KEYS:
            raise _choose_again()
        if given.keys() == {"document"} and isinstance(given["document"], str):
            return {"document": one_line(given["document"], _NAME)}
        return self._uploaded(given)

    def _uploaded(self, given: Mapping[str, Any]) -> dict[str, Any]:
        name, digest, size, kind = (given.get(key) for key in ("name", "sha256", "size", "type"))
        sound = (
            isinstance(name, str)
            and isinstance(digest, str)
            and _SHA256.fullmatch(digest)
            and (size is None or (isinstance(size, int) and not isinstance(size, bool)))
            and (kind is None or (isinstance(kind, str) and _TYPE.fullmatch(kind)))
            and "document" not in given
        )
        if not sound or not 0 <= (size or 0) <= _LARGEST_FILE:
            raise _choose_again()
        assert isinstance(name, str)
        assert isinstance(digest, str)
        # Only the last part of a path is the name; browsers of old sent the whole path.
        name = re.split(r"[/\\]", one_line(name, _NAME))[-1].strip()
        if name in ("", ".", ".."):
            raise _choose_again()
        value: dict[str, Any] = {"name": name, "sha256": digest.lower()}
        if size is not None:
            value["size"] = size
        if kind is not None:
            value["type"] = kind.lower()
        return value

    def to_json(self, value: Any) -> dict[str, Any] | None:
        return None if value is None else dict(value)

    def from_json(self, stored: Any) -> dict[str, Any] | None:
        return None if stored is None else dict(stored)

    def plain(self, value: Any) -> str:
        return str(value.get("name") or value.get("document") or "")

    def schema(self) -> dict[str, Any]:
        uploaded = {
            "type": "object",
            "properties": {
                "name": {"type": "string", "maxLength": _NAME * POINTS},
                "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
                "size": {"type": "integer", "minimum": 0, "maximum": _LARGEST_FILE},
                "type": {"type": "string"},
            },
            "required": ["name", "sha256"],
            "additionalProperties": False,
        }
        issued = {
            "type": "object",
            "properties": {"document": {"type": "string"}},
            "required": ["document"],
            "additionalProperties": False,
        }
        return {"anyOf": [uploaded, issued]}

    def search_texts(self, value: Any) -> list[str]:
        return [value] if isinstance(value, str) else [self.plain(value)]


def _choose_again() -> Refusal:
    return Refusal(INVALID, "のファイルを選び直してください。", "please choose the file again.")
