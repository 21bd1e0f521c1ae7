"""Repeating groups: rows of fields."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from kiban.kernel.definitions.model import CodeList, Field
from kiban.kernel.expr import List, Row
from kiban.kernel.input_problems import shown
from kiban.kernel.problems import REQUIRED, TOO_LONG, UNKNOWN_FIELD, Problem
from kiban.kernel.values.base import (
    UNANSWERED,
    Codec,
    ReadContext,
    Reading,
    Refusal,
    RowsReading,
    Style,
    is_blank,
    wrong_type,
)


class GroupCodec(Codec):
    """A tuple of mappings; a part that isn't answered is absent from its row.

    Empty rows are dropped; in paths, rows count from 1 as they were given: ``route[2].place``. Rows with
    problems keep their good parts, so that nothing else seems to be missing.
    """

    def __init__(
        self,
        field: Field,
        codes: Mapping[str, CodeList],
        make: Callable[[Field, Mapping[str, CodeList]], Codec],
    ) -> None:
        super().__init__(field, codes)
        self.parts: Mapping[str, Codec] = {name: make(part, codes) for name, part in field.fields.items()}
        row = Row({name: part.expr_type for name, part in self.parts.items()})
        self.expr_type = List(row, max_items=field.max_items)

    def _read(self, raw: Any, context: ReadContext, path: str) -> Reading:
        if not isinstance(raw, list | tuple):
            return UNANSWERED if is_blank(raw) else self.refused(wrong_type(), raw, path)
        given = [(place, row) for place, row in enumerate(raw, start=1) if not is_blank(row)]
        most = self.field.max_items
        if not given:
            return UNANSWERED
        if len(given) > most:
            return self.refused(_too_many(most, len(given)), raw, path)
        problems: list[Problem] = []
        texts: dict[str, str] = {}
        rows = tuple(
            self._row(row, context, f"{path}[{place}]", f"{path}[{number}]", problems, texts)
            for number, (place, row) in enumerate(given, start=1)
        )
        places = tuple(place for place, _row in given)
        return RowsReading(rows, None, "answered", tuple(problems), places, texts)

    def _row(
        self,
        raw: object,
        context: ReadContext,
        path: str,
        kept: str,
        problems: list[Problem],
        texts: dict[str, str],
    ) -> dict[str, Any]:
        """A row; `path` names it as it was given, `kept` as it is kept."""
        if not isinstance(raw, Mapping):
            problems.append(self.problem(wrong_type(), path))
            return {}
        row: dict[str, Any] = {}
        for name, part in self.parts.items():
            where = f"{path}.{name}"
            reading = part.read(raw.get(name), context, where)
            problems.extend(reading.problems)
            if reading.text or isinstance(reading, RowsReading):
                texts.update(_texts(reading, where, f"{kept}.{name}"))
            if reading.value is not None:
                row[name] = reading.value
            elif not reading.problems and reading.mark in ("answered", "unanswered"):
                problems.extend(_missing(part, where))
        problems.extend(self._unknown(name, path) for name in raw if name not in self.parts)
        return row

    def _unknown(self, name: object, path: str) -> Problem:
        # The name came from outside: it is quoted, never trusted.
        quoted = shown(str(name), 60)
        refusal = Refusal(
            UNKNOWN_FIELD, f"に「{quoted}」という項目はありません。", f"there is no field “{quoted}”."
        )
        return self.problem(refusal, f"{path}.{quoted}")

    def to_json(self, value: Any) -> list[dict[str, Any]] | None:
        if value is None:
            return None
        parts = self.parts
        return [
            {
                name: parts[name].to_json(part)
                for name, part in row.items()
                if name in parts and part is not None
            }
            for row in value
        ]

    def from_json(self, stored: Any) -> tuple[dict[str, Any], ...] | None:
        if stored is None:
            return None
        parts = self.parts
        return tuple(
            {
                name: parts[name].from_json(part)
                for name, part in row.items()
                if name in parts and part is not None
            }
            for row in stored
        )

    def plain(self, value: Any) -> str:
        return self.show(value, "ja", "full")

    def show(self, value: Any, language: str, style: Style) -> str:
        rows = (
            " ".join(
                part.display(row[name], language, style) for name, part in self.parts.items() if name in row
            )
            for row in value
        )
        return ("、" if language == "ja" else "; ").join(rows)

    def schema(self) -> dict[str, Any]:
        row = {
            "type": "object",
            "properties": {name: _schema(part) for name, part in self.parts.items()},
            "required": [name for name, part in self.parts.items() if part.field.required == "true"],
            "additionalProperties": False,
        }
        return {"type": "array", "items": row, "maxItems": self.field.max_items}

    def search_texts(self, value: Any) -> list[str]:
        if isinstance(value, str):
            return [value]
        return [text for row in value for name, part in row.items() for text in self._part_texts(name, part)]

    def _part_texts(self, name: str, part: Any) -> list[str]:
        return self.parts[name].search_texts(part) if name in self.parts else []


def _texts(reading: Reading, given: str, kept: str) -> Iterator[tuple[str, str]]:
    """What was typed in a part, under the path of its row as kept; of a group in a group, in its parts."""
    if reading.text:
        yield kept, reading.text
    if isinstance(reading, RowsReading):
        for path, text in reading.texts.items():
            yield kept + path.removeprefix(given), text


def _schema(part: Codec) -> dict[str, Any]:
    required = part.field.required
    more = {} if required in ("true", "false") else {"x-required-when": required}
    return {**part.json_schema(), **more}


def _missing(part: Codec, path: str) -> Iterator[Problem]:
    """A row that is given has all of its parts that are always required."""
    if part.field.required == "true":
        yield part.problem(Refusal(REQUIRED, "を入力してください。", "please fill it in."), path)


def _too_many(most: int, count: int) -> Refusal:
    return Refusal(
        TOO_LONG,
        f"は{most:,}件以内で入力してください（いまは{count:,}件です）。",
        f"please give at most {most:,} (now {count:,}).",
    )
