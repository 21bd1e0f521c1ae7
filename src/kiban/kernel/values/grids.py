"""Grids (表): named rows × columns of typed cells."""

from collections.abc import Callable, Mapping
from typing import Any

from kiban.kernel.definitions.model import CodeList, Field
from kiban.kernel.expr import Row
from kiban.kernel.input_problems import shown
from kiban.kernel.problems import REQUIRED, UNKNOWN_FIELD, Problem
from kiban.kernel.values.base import (
    UNANSWERED,
    Codec,
    ReadContext,
    Reading,
    Refusal,
    Style,
    is_blank,
    wrong_type,
)


class GridCodec(Codec):
    """A mapping of rows, each a mapping of cells: ``{"north": {"count": 3}}``. An empty cell is absent, never zero.

    In paths a cell is named by its row and its column: ``table[north][count]``. A column that is always required
    is required in every row in which something stands. Cells with problems leave the others as they are.
    """

    def __init__(
        self,
        field: Field,
        codes: Mapping[str, CodeList],
        make: Callable[[Field, Mapping[str, CodeList]], Codec],
    ) -> None:
        super().__init__(field, codes)
        self.parts: Mapping[str, Codec] = {name: make(part, codes) for name, part in field.fields.items()}
        cells = Row({name: part.expr_type for name, part in self.parts.items()})
        self.expr_type = Row(dict.fromkeys(field.rows, cells))

    def _read(self, raw: Any, context: ReadContext, path: str) -> Reading:
        if is_blank(raw):
            return UNANSWERED
        if not isinstance(raw, Mapping):
            return self.refused(wrong_type(), raw, path)
        problems = [self._unknown(name, path, "行", "row") for name in raw if name not in self.field.rows]
        value = {}
        for row in self.field.rows:
            cells = self._row(raw.get(row), context, f"{path}[{row}]", problems)
            if cells:
                value[row] = cells
        return Reading(value or None, None, "answered", tuple(problems))

    def _row(self, raw: object, context: ReadContext, path: str, problems: list[Problem]) -> dict[str, Any]:
        if is_blank(raw):
            return {}
        if not isinstance(raw, Mapping):
            problems.append(self.problem(wrong_type(), path))
            return {}
        given: Mapping[Any, Any] = raw
        problems.extend(self._unknown(name, path, "列", "column") for name in given if name not in self.parts)
        cells = {}
        for name, part in self.parts.items():
            where = f"{path}[{name}]"
            reading = part.read(given.get(name), context, where)
            problems.extend(reading.problems)
            if reading.value is not None:
                cells[name] = reading.value
            elif not reading.problems and part.field.required == "true":
                problems.append(
                    part.problem(Refusal(REQUIRED, "を入力してください。", "please fill it in."), where)
                )
        return cells

    def _unknown(self, name: object, path: str, ja: str, en: str) -> Problem:
        # The name came from outside: it is quoted, never trusted.
        quoted = shown(str(name), 60)
        refusal = Refusal(
            UNKNOWN_FIELD, f"に「{quoted}」という{ja}はありません。", f"there is no {en} “{quoted}”."
        )
        return self.problem(refusal, f"{path}[{quoted}]")

    def to_json(self, value: Any) -> dict[str, dict[str, Any]] | None:
        return None if value is None else self._each(value, lambda part, cell: part.to_json(cell))

    def from_json(self, stored: Any) -> dict[str, dict[str, Any]] | None:
        return None if stored is None else self._each(stored, lambda part, cell: part.from_json(cell))

    def _each(self, value: Any, made: Callable[[Codec, Any], Any]) -> dict[str, dict[str, Any]]:
        return {
            row: {
                name: made(self.parts[name], cell)
                for name, cell in cells.items()
                if name in self.parts and cell is not None
            }
            for row, cells in value.items()
            if row in self.field.rows
        }

    def plain(self, value: Any) -> str:
        return self.show(value, "ja", "full")

    def show(self, value: Any, language: str, style: Style) -> str:
        rows = (
            f"{word.label.text(language)}: "
            + ", ".join(
                f"{part.field.label.text(language)} {part.display(value[name][column], language, style)}"
                for column, part in self.parts.items()
                if column in value[name]
            )
            for name, word in self.field.rows.items()
            if name in value
        )
        return ("、" if language == "ja" else "; ").join(rows)

    def schema(self) -> dict[str, Any]:
        cells = {
            "type": "object",
            "properties": {name: part.json_schema() for name, part in self.parts.items()},
            "required": [name for name, part in self.parts.items() if part.field.required == "true"],
            "additionalProperties": False,
        }
        rows = {name: {"title": word.label.ja, **cells} for name, word in self.field.rows.items()}
        return {"type": "object", "properties": rows, "additionalProperties": False}

    def search_texts(self, value: Any) -> list[str]:
        if isinstance(value, str):
            return [value]
        return [
            text
            for cells in value.values()
            for name, cell in cells.items()
            for text in self._texts(name, cell)
        ]

    def _texts(self, name: str, cell: Any) -> list[str]:
        return self.parts[name].search_texts(cell) if name in self.parts else []
