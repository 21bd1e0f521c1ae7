"""パラメータ: values of their declared type, as of a day, and what a body may set (団体の裁量)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from kiban.kernel.definitions.loader import DefinitionProblem, Marks
from kiban.kernel.definitions.model import Field, FieldType, Label, Parameter, Service
from kiban.kernel.problems import Problem
from kiban.kernel.values import Codec, ReadContext, codec

_FIELD_TYPES: dict[str, FieldType] = {
    "integer": "integer", "money": "money", "decimal": "decimal", "yes_no": "yes_no", "text": "long_text",
    "date": "date", "choice": "choice", "subset": "multiple",
}  # fmt: skip


@dataclass(frozen=True)
class ParameterCodec:
    """Reads values of one parameter. `national` is the dated series of the edition, oldest first."""

    parameter: Parameter
    codec: Codec
    national: tuple[tuple[date, object], ...]

    def read(self, raw: object, on: date | None = None) -> tuple[object, tuple[Problem, ...]]:
        """An internal value from JSON or text, or the problems; None where the parameter may be empty.

        `on` is the day from which the value holds (codes have their own validity).
        """
        if raw is None or raw == "":
            problem = Problem(
                self.parameter.name, "required", Label(ja="値を入力してください。", en="Give a value.")
            )
            return None, () if self.parameter.nullable else (problem,)
        context = ReadContext(today=on or date.max, locate=lambda _text: None)
        reading = self.codec.read(raw, context, self.parameter.name)
        return reading.value, reading.problems

    def read_varied(self, raw: object, on: date | None = None) -> tuple[object, tuple[Problem, ...]]:
        """As `read`, for a value that a body sets: refused outside of its bounds."""
        vary = self.parameter.vary
        if vary is None:
            message = Label(
                ja=f"「{self.parameter.label.ja}」は団体では変えられません（{self.parameter.law}）。",
                en=f"{self.parameter.label.text('en')} cannot be set by a body ({self.parameter.law}).",
            )
            return None, (Problem(self.parameter.name, "not_allowed", message),)
        value, problems = self.read(raw, on)
        if problems:
            return value, problems
        return value, tuple(self._outside(value))

    def _outside(self, value: object) -> list[Problem]:
        vary, name = self.parameter.vary, self.parameter.name
        assert vary is not None
        if isinstance(value, int) and not isinstance(value, bool):
            low, high = (None if v is None else int(v) for v in (vary.min, vary.max))
            if (low is not None and value < low) or (high is not None and value > high):
                message = Label(
                    ja=f"「{self.parameter.label.ja}」は{low}から{high}までの値にしてください（{vary.law}）。",
                    en=f"{self.parameter.label.text('en')} must be from {low} to {high} ({vary.law}).",
                )
                return [Problem(name, "out_of_range", message)]
        chosen = value if isinstance(value, tuple | list) else (value,)
        missing = [code for code in vary.required if code not in chosen]
        unknown = [c for c in chosen if vary.codes is not None and c not in vary.codes]
        if missing or unknown:
            message = Label(
                ja=f"「{self.parameter.label.ja}」では {'、'.join(map(str, missing or unknown))} を"
                f"{'外せません' if missing else '選べません'}（{vary.law}）。",
                en=f"{', '.join(map(str, missing or unknown))}: not open to a body ({vary.law}).",
            )
            return [Problem(name, "out_of_range", message)]
        return []

    def national_value(self, on: date) -> object:
        """The national value in force on a day; before the first day, the first one."""
        value = self.national[0][1] if self.national else None
        for start, dated in self.national:
            if start <= on:
                value = dated
        return value


def parameter_codecs(
    service: Service, marks: Marks, problems: list[DefinitionProblem]
) -> dict[str, ParameterCodec]:
    """Codecs of all parameters; a national value that does not fit its type is a problem of the definition."""
    found = {}
    for name, parameter in service.parameters.items():
        field = Field(
            name=name, label=parameter.label, type=_FIELD_TYPES[parameter.type], codes=parameter.codes,
            options=parameter.options, max_items=200,
        )  # fmt: skip
        item = ParameterCodec(parameter, codec(field, service.codes), ())
        dated: list[tuple[date, object]] = []
        raws: list[tuple[date, Any, tuple[str | int, ...]]] = [
            (entry.from_, entry.value, ("values", i)) for i, entry in enumerate(parameter.values)
        ]
        if not raws:
            raws = [(service.in_force, parameter.value, ("value",))]
        for start, raw, step in raws:
            value, wrong = item.read(raw, start)
            dated.append((start, value))
            problems.extend(marks.problem(("parameters", name, *step), p.message.text("en")) for p in wrong)
        found[name] = ParameterCodec(parameter, item.codec, tuple(sorted(dated, key=lambda pair: pair[0])))
    return found


def resolve(
    codecs: Mapping[str, ParameterCodec], on: date, own: Mapping[str, list[tuple[date, object]]]
) -> dict[str, object]:
    """All parameters as of a day: the nation's values, and over them those that the body has set by then."""
    values = {name: item.national_value(on) for name, item in codecs.items()}
    for name, dated in own.items():
        for start, raw in sorted(dated, key=lambda pair: pair[0]):
            if start <= on and name in codecs:
                values[name] = codecs[name].read(raw, start)[0]
    return values
