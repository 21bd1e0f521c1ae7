"""Definitions are refused whole, with file:line for every problem; scalars keep their text."""

from __future__ import annotations

import pytest
from tests.kernel.conftest import LIBRARY

from kiban.kernel.definitions.compile import compile_service
from kiban.kernel.definitions.loader import DefinitionErrors, load_texts, read_texts
from kiban.kernel.scenarios.model import ScenarioError, load_scenarios


def _problems(text: str) -> list[str]:
    with pytest.raises(DefinitionErrors) as caught:
        compile_service(read_texts({"service.yaml": text}))
    return [str(problem) for problem in caught.value.problems]


def test_scalars_keep_their_text():
    service = load_texts(
        {"service.yaml": LIBRARY.replace("window: 窓側", "011002: 先頭ゼロ, on: 語, 1e3: 指数")}
    )
    assert list(service.codes["seat"].items) == ["011002", "on", "1e3", "aisle"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("law: 架空条例1条", "lawr: 架空条例1条", "lawr: this word is not known here"),
        ("type: integer, value: 4", "type: integer, value: four", "whole number"),
        (
            "codes: seat, required",
            "codes: seet, required",
            "there is no code list `seet`; did you mean seat?",
        ),
        (
            "from: asked\n        to: seated",
            "from: asket\n        to: seated",
            "there is no state `asket`; did you mean asked?",
        ),
        ("roles: [clerk, chief]", "roles: [clark, chief]", "there is no role `clark`; did you mean clerk?"),
        ("hours * param.fee", "hour * param.fee", "hours"),
        ("when: hours > param.max_hours", "when: hours > 'x'", "hours"),
        ("check: cost < 1000", "check: cost", "bool"),
        ("{notify: taken}", "{notify: takn}", "there is no notice `takn`"),
        ("{notify: taken}", "{notify: taken, charge: fee}", "effects"),
        (
            "key: place, set: {state: \"'taken'\"}",
            "key: place, set: {stat: \"'taken'\"}",
            "there is no field `stat`",
        ),
        ("in_force: 2026-04-01", "in_force: 2026-02-30", "in_force"),
        ("    key: 番号\n", "    scope: nation\n    key: 番号\n", "a registry is kept by each body"),
        ("slug: reading-room", "slug: Reading Room", "slug"),
    ],
)
def test_each_mistake_is_told_with_its_place(old, new, said):
    assert old in LIBRARY
    text = LIBRARY.replace(old, new, 1)
    line = next(n for n, row in enumerate(text.splitlines(), start=1) if new.splitlines()[0] in row)
    found = _problems(text)
    assert any(said in problem for problem in found), found
    assert any(
        problem.startswith(f"service.yaml:{n}:") for problem in found for n in range(line, line + 3)
    ), found


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("procedure: lone, answer: a", "there is no procedure `lone`"),
        ("roles: [clark], answer: a", "there is no role `clark`; did you mean clerk?"),
        ("answer: '{param.feee}'", "there is no parameter `feee`; did you mean fee?"),
        ("answer: '{today}'", "`today`: an answer shows `param.…` only"),
    ],
)
def test_a_question_that_leads_nowhere_is_told(question, said):
    text = f"{LIBRARY}\nquestions:\n  cost: {{question: q, {question}}}\n"
    assert any(said in problem for problem in _problems(text)), _problems(text)


def test_all_problems_come_at_once():
    text = LIBRARY.replace("law: 架空条例1条", "lawr: 1").replace("ministry: mext", "ministy: mext")
    assert len(_problems(text)) == 4


def test_circles_doubles_and_aliases_are_refused():
    circle = LIBRARY.replace("value: hours * param.fee", "value: size(place)").replace(
        "place: {label: 席, type: text}", "place: {label: 席, type: text, value: text(cost)}"
    )
    assert any("circle" in problem for problem in _problems(circle))
    assert any("twice" in problem for problem in _problems(LIBRARY + "\nslug: again\n"))
    assert any("aliases" in problem for problem in _problems("a: &x 1\nb: *x\n"))
    assert any("not valid YAML" in p or "expected" in p for p in _problems("a: [1\n"))
    assert _problems("") == ["service.yaml:1:1: : the folder has no service.yaml"]


def test_hostile_expression_is_refused_not_run():
    hostile = "0 == 0"
    for depth in range(9):
        hostile = f"[0,1,2,3,4,5,6,7,8,9].all(x{depth}, {hostile})"
    found = _problems(LIBRARY.replace("check: cost < 1000", f"check: {hostile!r}"))
    assert any("rules.2.check" in problem for problem in found), found


def test_scenarios_with_unknown_words_are_refused(tmp_path):
    path = tmp_path / "scenarios.yaml"
    path.write_text("- {name: x, steps: [{as: clerk, dooo: seat}]}\n")
    with pytest.raises(ScenarioError, match="dooo"):
        load_scenarios(path)
    path.write_text("- {name: x, stepz: []}\n")
    with pytest.raises(ScenarioError, match=r"scenarios.yaml:1.*stepz"):
        load_scenarios(path)
