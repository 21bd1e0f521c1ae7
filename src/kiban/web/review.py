"""The whole form before it is sent: what was typed, by step, with links to change it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from kiban.kernel.definitions.model import Label
from kiban.kernel.facts import SEALED_MARK
from kiban.kernel.forms import Evaluation
from kiban.web.display import COVERED, Line, line
from kiban.web.filling import Filling
from kiban.web.forms.paths import head, input_id
from kiban.web.forms.posted import is_blank
from kiban.web.forms.widgets import as_text


@dataclass(frozen=True)
class Answer:
    """One field: its line where it could be read, else what was typed."""

    label: Label
    line: Line | None
    typed: str
    wrong: bool
    required: bool
    id: str


@dataclass(frozen=True)
class ReviewPart:
    label: Label
    url: str
    answers: tuple[Answer, ...]


def review_parts(
    filling: Filling, evaluation: Evaluation, url: Callable[[str], str]
) -> tuple[ReviewPart, ...]:
    """Every step with the answers of its fields that are shown."""
    wrong = {head(problem.field) for problem in evaluation.problems if problem.severity == "error"}
    return tuple(
        ReviewPart(
            step.label, url(step.key),
            tuple(_answer(filling, evaluation, name, wrong) for name in step.fields if name in evaluation.shown),
        )
        for step in filling.steps
    )  # fmt: skip


def _answer(filling: Filling, evaluation: Evaluation, name: str, wrong: set[str]) -> Answer:
    item = filling.compiled_action.fields[name]
    value = evaluation.values.get(name)
    found = None
    if item.field.secret:
        there = value is not None or evaluation.marks.get(name) == SEALED_MARK
        covered = Line(name, item.field.label, COVERED.text(filling.language)) if there else None
        return Answer(
            item.field.label, covered, "", name in wrong, name in evaluation.required, input_id(name)
        )
    if value is not None:
        found = line(item.codec, name, value, evaluation.texts, filling.language)
    raw = filling.raw.get(name)
    typed = "" if is_blank(raw) else as_text(raw)
    return Answer(item.field.label, found, typed, name in wrong, name in evaluation.required, input_id(name))
