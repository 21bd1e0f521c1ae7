"""One of a list, several of a list (or several texts), yes or no."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from kiban.kernel.definitions.model import CodeItem, CodeList, Field
from kiban.kernel.expr import BOOL, Code, List, Text
from kiban.kernel.input_problems import shown
from kiban.kernel.problems import INVALID, NOT_IN_LIST, SEVERAL, TOO_LONG
from kiban.kernel.text import to_halfwidth_code, to_katakana
from kiban.kernel.values.base import Codec, ReadContext, Refusal, Style, is_blank, items_of, wrong_type
from kiban.kernel.values.texts import POINTS, SINGLE_LINE, not_longer, one_line

_SEPARATORS: Final = re.compile(r"[、,，\r\n]+")
_LINES: Final = re.compile(r"[\r\n]+")


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip().casefold()


class _Items:
    """The codes of a field; a cell or an import may name one by its label."""

    def __init__(self, field: Field, codes: Mapping[str, CodeList]) -> None:
        self.items = items_of(field, codes)
        self.type = Code(field.codes or field.name, frozenset(self.items) or None)
        self._dated = any(item.valid_from or item.valid_to for item in self.items.values())
        self._named = self._by_name()

    def _by_name(self) -> Mapping[str, str]:
        """Folded code or label → code; a label that two codes share names neither."""
        named: dict[str, str | None] = {}
        for code, item in self.items.items():
            for label in {_folded(item.label.ja), _folded(item.label.en)} - {""}:
                named[label] = None if label in named else code
        named.update({_folded(code): code for code in self.items})
        return {name: code for name, code in named.items() if code is not None}

    def find(self, text: str) -> str | None:
        """The code that a text gives, in force or not."""
        return text if text in self.items else self._named.get(_folded(text))

    def in_force(self, code: str, context: ReadContext) -> str:
        """The code itself; Refusal when it isn't in force today."""
        if self._dated and not _valid(self.items[code], context):
            raise Refusal(
                NOT_IN_LIST,
                f"で「{self.items[code].label.ja}」は今は選べません。ほかの選択肢から選んでください。",
                f"“{self.items[code].label.text('en')}” can't be chosen now. Please choose another.",
            )
        return code

    def take(self, text: str, context: ReadContext) -> str:
        """The code in force that a text gives; raises Refusal."""
        code = self.find(text)
        if code is None:
            raise Refusal(
                NOT_IN_LIST,
                f"は選択肢から選んでください。「{shown(text.strip(), 20)}」は選択肢にありません。",
                f"please choose from the list; “{shown(text.strip(), 20)}” is not in it.",
            )
        return self.in_force(code, context)

    def label(self, code: Any, language: str) -> str:
        """The label of a code; the code itself where a list has lost it."""
        item = self.items.get(code)
        return str(code) if item is None else item.label.text(language)

    def schema(self) -> dict[str, Any]:
        found: dict[str, Any] = {"type": "string"}
        if self.items:
            found["enum"] = list(self.items)
            found["x-labels"] = {code: item.label.ja for code, item in self.items.items()}
        return found


def _valid(item: CodeItem, context: ReadContext) -> bool:
    starts, ends = item.valid_from, item.valid_to
    return (starts is None or starts <= context.today) and (ends is None or context.today <= ends)


class ChoiceCodec(Codec):
    """One code of a list."""

    def __init__(self, field: Field, codes: Mapping[str, CodeList]) -> None:
        super().__init__(field, codes)
        self._items = _Items(field, codes)
        self.expr_type = self._items.type

    def take(self, raw: Any, context: ReadContext) -> str | None:
        if isinstance(raw, list | tuple):
            given = [item for item in raw if not is_blank(item)]
            if len(given) > 1:
                raise _several()
            if not given:
                return None
            raw = given[0]
        if not isinstance(raw, str):
            raise wrong_type()
        if raw in self._items.items:
            return self._items.in_force(raw, context)
        if raw.isspace():
            return None
        if self._items.find(raw) is None and sum(map(bool, map(str.strip, _SEPARATORS.split(raw)))) > 1:
            raise _several()
        return self._items.take(raw, context)

    def show(self, value: Any, language: str, style: Style) -> str:
        return self._items.label(value, language)

    def schema(self) -> dict[str, Any]:
        return self._items.schema()


def _several() -> Refusal:
    return Refusal(SEVERAL, "は1つだけ選んでください。", "please choose one only.")


class MultipleCodec(Codec):
    """Several codes of a list or, for a field without a list, several texts (one in each line). In the order
    given; none twice."""

    def __init__(self, field: Field, codes: Mapping[str, CodeList]) -> None:
        super().__init__(field, codes)
        listed = field.codes is not None or field.options is not None
        self._items = _Items(field, codes) if listed else None
        self._longest = field.max_length or SINGLE_LINE
        item = self._items.type if self._items else Text(self._longest * POINTS)
        self.expr_type = List(item, max_items=field.max_items)

    def take(self, raw: Any, context: ReadContext) -> tuple[str, ...] | None:
        if isinstance(raw, str):
            raw = _LINES.split(raw) if self._items is None else list(self._typed(raw, self._items))
        if not isinstance(raw, list | tuple):
            raise wrong_type()
        given = [item for item in raw if not is_blank(item)]
        most = self.field.max_items
        if len(given) > most:
            raise Refusal(
                TOO_LONG,
                f"は{most:,}件以内で入力してください（いまは{len(given):,}件です）。",
                f"please give at most {most:,} (now {len(given):,}).",
            )
        values = [self._one(item, context) for item in given]
        self._refuse_doubles(values)
        return tuple(values) or None

    def _typed(self, raw: str, items: _Items) -> Iterator[str]:
        for line in _LINES.split(raw):
            yield from [line] if items.find(line) is not None else _SEPARATORS.split(line)

    def _one(self, item: object, context: ReadContext) -> str:
        if not isinstance(item, str):
            raise wrong_type()
        if self._items is not None:
            return self._items.take(item, context)
        text = one_line(item, self._longest)
        if self.field.normalise == "none":
            return text
        normal = to_halfwidth_code(text) if self.field.normalise == "code" else to_katakana(text)
        return not_longer(normal, self._longest)

    def _refuse_doubles(self, values: Sequence[str]) -> None:
        seen: set[str] = set()
        for place, value in enumerate(values, start=1):
            if value in seen:
                name = self._items.label(value, "ja") if self._items else shown(value, 30)
                raise Refusal(
                    INVALID,
                    f"に「{name}」が2回あります（{place}件目）。1回だけ入力してください。",
                    f"“{name}” stands there twice (number {place}). Please give it once.",
                )
            seen.add(value)

    def to_json(self, value: Any) -> list[str] | None:
        return None if value is None else list(value)

    def from_json(self, stored: Any) -> tuple[str, ...] | None:
        return None if stored is None else tuple(stored)

    def plain(self, value: Any) -> str:
        return "\n".join(map(str, value))

    def show(self, value: Any, language: str, style: Style) -> str:
        items = self._items
        labels = (items.label(item, language) if items else str(item) for item in value)
        return ("、" if language == "ja" else ", ").join(labels)

    def schema(self) -> dict[str, Any]:
        item = (
            self._items.schema() if self._items else {"type": "string", "maxLength": self._longest * POINTS}
        )
        return {"type": "array", "items": item, "maxItems": self.field.max_items, "uniqueItems": True}

    def search_texts(self, value: Any) -> list[str]:
        return [value] if isinstance(value, str) else list(map(str, value))


class YesNoCodec(Codec):
    """Yes or no. Not answered is neither."""

    expr_type = BOOL
    _WORDS: Final[Mapping[str, bool]] = {
        **dict.fromkeys(("true", "yes", "1", "on", "はい", "有", "○", "〇"), True),
        **dict.fromkeys(("false", "no", "0", "off", "いいえ", "無", "×"), False),
    }

    def take(self, raw: Any, context: ReadContext) -> bool | None:
        if isinstance(raw, bool):
            return raw
        if isinstance(raw, str):
            found = self._WORDS.get(raw)
            if found is not None:
                return found
            if raw.isspace():
                return None
            found = self._WORDS.get(_folded(raw[:20]))
            if found is not None:
                return found
        elif isinstance(raw, int) and raw in (0, 1):
            return raw == 1
        raise Refusal(INVALID, "は「はい」か「いいえ」で答えてください。", "please answer with yes or no.")

    def plain(self, value: Any) -> str:
        return "true" if value else "false"

    def show(self, value: Any, language: str, style: Style) -> str:
        if language == "ja":
            return "はい" if value else "いいえ"
        return "Yes" if value else "No"

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}
