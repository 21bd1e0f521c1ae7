"""Fields as pages show them: what was typed, what it was read as, what is wrong, and the parts of a group."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as attribute
from typing import Any

from django.utils.translation import gettext as _

from kiban.kernel.definitions.compile import CompiledAction
from kiban.kernel.definitions.model import Field, Label
from kiban.kernel.facts import SEALED_MARK
from kiban.kernel.forms import Evaluation
from kiban.kernel.problems import Problem
from kiban.kernel.values import Codec, ReadContext
from kiban.web.forms.paths import head, input_id, input_name
from kiban.web.forms.posted import is_blank

BodyName = Callable[[str], str]
_RADIOS = 6  # more options than this stand in a select
_SHORT = {"integer", "money", "decimal", "time", "postal_code"}
_MEDIUM = {"phone", "corporate_number"}
_INPUT_MODES = {
    "integer": "numeric", "money": "numeric", "decimal": "decimal", "postal_code": "numeric",
    "corporate_number": "numeric", "phone": "tel", "email": "email",
}  # fmt: skip


@dataclass(frozen=True)
class Option:
    value: str
    label: str
    checked: bool


@dataclass(frozen=True)
class Row:
    """One row of a group or a grid: its number from 1 and its widgets; a grid's has a label."""

    number: int
    widgets: tuple[Widget, ...]
    label: Label | None = None


@dataclass(frozen=True)
class Widget:
    """One field on a page. `kind` names the partial template that draws it."""

    kind: str
    path: str
    field: Field
    label: Label
    required: bool
    text: str = ""
    options: tuple[Option, ...] = ()
    problems: tuple[Problem, ...] = ()
    resolved: str = ""
    rows: tuple[Row, ...] = ()
    file: Mapping[str, Any] = attribute(default_factory=dict)
    columns: tuple[Label, ...] = ()
    sealed: bool = False
    point: Mapping[str, str] = attribute(default_factory=dict)

    @property
    def id(self) -> str:
        return input_id(self.path)

    @property
    def name(self) -> str:
        return input_name(self.path)

    @property
    def wrong(self) -> bool:
        return any(problem.blocks for problem in self.problems)

    @property
    def described_by(self) -> str:
        """The ids of help, reading and problems, for `aria-describedby`."""
        found = [f"{self.id}-law"] if self.field.law else []
        found += [f"{self.id}-help"] if self.field.help or self.field.example else []
        found += [f"{self.id}-sealed"] if self.sealed else []
        found += [f"{self.id}-read"] if self.resolved else []
        found += [f"{self.id}-problem-{n}" for n, _problem in enumerate(self.problems, start=1)]
        return " ".join(found)

    @property
    def input_class(self) -> str:
        kind = self.field.type
        if kind == "date":
            return "input input-date"
        return "input input-short" if kind in _SHORT else "input input-medium" if kind in _MEDIUM else "input"

    @property
    def input_mode(self) -> str:
        return _INPUT_MODES.get(self.field.type, "")

    @property
    def unit(self) -> str:
        return self.field.unit or (_("yen") if self.field.type == "money" else "")

    @property
    def full(self) -> bool:
        return len(self.rows) >= self.field.max_items

    @property
    def first_id(self) -> str:
        """Where a link to this field goes: the first input of it."""
        if self.kind in ("radios", "checks") and self.options:
            return f"{self.id}-1"
        if self.kind == "point":
            return f"{self.id}-lat"
        if self.kind in ("group", "grid"):
            return (
                self.rows[0].widgets[0].first_id if self.rows and self.rows[0].widgets else f"{self.id}-add"
            )
        return f"{self.id}-unfile" if self.kind == "file" and self.file else self.id


class Widgets:
    """Builds the widgets of one evaluated form."""

    def __init__(
        self,
        action: CompiledAction,
        raw: Mapping[str, Any],
        evaluation: Evaluation,
        context: ReadContext,
        language: str,
        body_name: BodyName,
    ) -> None:
        self.action, self.raw, self.evaluation = action, raw, evaluation
        self.context, self.language, self.body_name = context, language, body_name

    def of(self, names: Sequence[str], problems: Sequence[Problem]) -> tuple[Widget, ...]:
        """The widgets of the named fields that are shown now; `problems` are those that may be told."""
        return tuple(
            self._widget(
                self.action.fields[name].codec, name, self.raw.get(name), problems,
                required=name in self.evaluation.required,
            )
            for name in names
            if name in self.evaluation.shown
        )  # fmt: skip

    def _widget(
        self, codec: Codec, path: str, raw: Any, problems: Sequence[Problem], *, required: bool
    ) -> Widget:
        item = codec.field
        own = tuple(problem for problem in problems if problem.field == path)
        kind = kind_of(item, codec)
        rows: tuple[Row, ...] = ()
        if kind in ("group", "grid"):
            rows = (self._rows if kind == "group" else self._cells)(codec, path, raw, problems)
            shown = {widget.path for row in rows for widget in row.widgets} | {path}
            own += tuple(p for p in problems if head(p.field) == path and p.field not in shown)
        options = self._options(kind, codec, raw, required)
        return Widget(
            kind, path, item, item.label, required, text=as_text(raw), options=options, problems=own,
            resolved=self._resolved(codec, path, raw), rows=rows,
            file=raw if kind == "file" and isinstance(raw, Mapping) else {},
            columns=tuple(part.field.label for part in getattr(codec, "parts", {}).values()) if kind == "grid" else (),
            point=_point(raw) if kind == "point" else {},
            sealed=item.secret and self.evaluation.marks.get(path) == SEALED_MARK,
        )  # fmt: skip

    def _rows(self, codec: Any, path: str, raw: Any, problems: Sequence[Problem]) -> tuple[Row, ...]:
        rows = raw if isinstance(raw, list | tuple) else ()
        return tuple(
            Row(number, tuple(
                self._widget(
                    part, f"{path}[{number}].{name}", row.get(name) if isinstance(row, Mapping) else None, problems,
                    required=part.field.required == "true"
                    or f"{path}[{number}].{name}" in self.evaluation.required,
                )
                for name, part in codec.parts.items()
            ))
            for number, row in enumerate(rows, start=1)
        )  # fmt: skip

    def _cells(self, codec: Any, path: str, raw: Any, problems: Sequence[Problem]) -> tuple[Row, ...]:
        """The rows of a grid, each cell a widget of its own."""
        held = raw if isinstance(raw, Mapping) else {}
        rows = ((row, held.get(name)) for name, row in codec.field.rows.items())
        return tuple(
            Row(number, tuple(
                self._widget(
                    part, f"{path}[{row.name}][{name}]", cells.get(name) if isinstance(cells, Mapping) else None,
                    problems, required=part.field.required == "true",
                )
                for name, part in codec.parts.items()
            ), row.label)
            for number, (row, cells) in enumerate(rows, start=1)
        )  # fmt: skip

    def _options(self, kind: str, codec: Codec, raw: Any, required: bool) -> tuple[Option, ...]:
        given = as_text(raw)
        chosen = {as_text(value) for value in raw} if isinstance(raw, list | tuple) else {given}
        if codec.field.type == "yes_no":
            options = [Option("true", _("Yes"), given == "true"), Option("false", _("No"), given == "false")]
            if not required:
                options.append(Option("", _("No answer"), given not in ("true", "false")))
            return tuple(options)
        if kind not in ("radios", "select", "checks"):
            return ()
        found = [
            Option(code, item.label.text(self.language), code in chosen)
            for code, item in codec.items.items()
            if _valid(item, self.context)
        ]
        unknown = [Option(code, code, True) for code in sorted(chosen - {"", *codec.items})]
        if kind == "radios" and not required:
            found.append(Option("", _("No answer"), given == ""))
        return (*found, *unknown)

    def _resolved(self, codec: Codec, path: str, raw: Any) -> str:
        """What was understood, where that helps: a date in both calendars, the municipality of an address."""
        kind = codec.field.type
        if kind not in ("date", "address", "body", "money", "geo_point") or is_blank(raw):
            return ""
        value = codec.read(raw, self.context, path).value
        if value is None:
            return ""
        if kind == "address":
            code = value.get("lg_code")
            name = self.body_name(code) if code else ""
            return (
                _("Municipality: %s") % name
                if name
                else _("The municipality is not clear from this address.")
            )
        if kind == "body":
            return self.body_name(str(value))
        shown = codec.display(value, self.language)
        return "" if shown == as_text(raw) else shown


def kind_of(item: Field, codec: Codec) -> str:
    """The partial that draws a field of this type."""
    kind = item.type
    if kind in ("group", "grid", "file", "date"):
        return kind
    if kind == "geo_point":
        return "point"
    if kind == "yes_no":
        return "radios"
    if kind == "choice":
        return "radios" if len(codec.items) <= _RADIOS else "select"
    if kind == "multiple":
        return "checks" if codec.items else "textarea"
    return "textarea" if kind == "long_text" else "text"


def _point(raw: Any) -> Mapping[str, str]:
    """What stands in the inputs of a point: as typed, or as it is stored."""
    if isinstance(raw, str):
        lat, _comma, lon = raw.partition(",")
        return {"lat": lat.strip(), "lon": lon.strip()}
    if not isinstance(raw, Mapping):
        return {}
    return {
        name: str(raw.get(name) if raw.get(name) is not None else "") for name in ("lat", "lon", "precision")
    }


def _valid(item: Any, context: ReadContext) -> bool:
    """A code is offered in its time only."""
    starts, ends = item.valid_from, item.valid_to
    return (starts is None or starts <= context.today) and (ends is None or context.today <= ends)


def as_text(raw: Any) -> str:
    """Raw input as the text of an input: what was typed, or the usual writing of a stored value."""
    if raw is None:
        return ""
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, str):
        return raw
    if isinstance(raw, Mapping):
        return str(raw.get("text") or "")
    if isinstance(raw, list | tuple):
        return "\n".join(as_text(value) for value in raw)
    return str(raw)
