"""The scenario runner tells every difference, and only differences."""

from __future__ import annotations

from pathlib import Path

import pytest

from kiban.kernel.facts import BodyFacts
from kiban.kernel.scenarios.compare import differences
from kiban.kernel.scenarios.memory import MemoryDriver
from kiban.kernel.scenarios.model import Actor, ScenarioError, load_scenarios, moment, spelled_out
from kiban.kernel.scenarios.runner import run_scenario

BODIES = {"131229": BodyFacts("131229", "葛飾区", "special_ward")}

GOOD = """
- name: 席の案内
  law: 架空条例1条
  given:
    today: 2026-11-20
    body: "131229"
    records: [{registry: seats, key: W1, data: {state: free, kind: window}}]
  steps:
    - {as: reader, do: ask, data: {who: 試験 花子, seat: window, hours: 2}, then: {state: asked, problems: []}}
    - {as: clerk/C@131229, do: seat_now}
    - wait: 2026-11-21
      then: {state: done}
  then:
    state: done
    data: {cost: 240, place: W1, ticket: 2026-001}
    charges: {fee: 240}
    clocks: {closing: 2026-11-20}
    events: [ask, seat_now, leave]
    records: [{registry: seats, key: W1, data: {state: free}}, {registry: seats, key: X, absent: true}]
    sees: {clerk/A@131229: {cases: 1, records: 1}, reader/other: {cases: 0}}
    absent: [個人番号]
"""


def _run(library, tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "scenarios.yaml"
    path.write_text(text)
    found = []
    for scenario in load_scenarios(path):
        driver = MemoryDriver(library, BODIES.get, lambda _text: None)
        found += [f"{d.where}: {d.expected} / {d.found}" for d in run_scenario(scenario, driver)]
    return found


def test_a_scenario_that_holds(library, tmp_path):
    assert _run(library, tmp_path, GOOD) == []


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("state: asked,", "state: seated,", "step 1 ask state"),
        ("problems: []", "problems: [{field: who, code: required}]", "step 1 ask problems"),
        ("{cost: 240,", "{cost: 241,", "then data.cost"),
        ("charges: {fee: 240}", "charges: {fee: 0}", "then charges.fee"),
        ("closing: 2026-11-20", "closing: 2026-11-21", "then clocks.closing"),
        ("[ask, seat_now, leave]", "[ask, leave, seat_now]", "then events"),
        ("data: {state: free}}", "data: {state: taken}}", "then records.seats W1.state"),
        ("key: X, absent: true", "key: W1, absent: true", "then records.seats W1"),
        ("cases: 1, records", "cases: 2, records", "then sees.cases clerk/A@131229"),
        ("absent: [個人番号]", "absent: [花子]", "then absent"),
        ("hours: 2}", "hours: 99}", "step 1 ask"),
        ("as: clerk/C@131229", "as: clerk/C@999999", "step 2 seat_now"),
        ("do: seat_now", "do: leave", "step 2 leave"),
        ("wait: 2026-11-21", "wait: 2026-11-20", "then state"),
        ("wait: 2026-11-21", "read: nothing", "line 2"),
    ],
)
def test_each_difference_is_told(library, tmp_path, old, new, where):
    assert GOOD.count(old) >= 1
    found = _run(library, tmp_path, GOOD.replace(old, new, 1))
    assert any(line.startswith(where) for line in found), found


def test_refusal_that_is_expected_is_no_difference(library, tmp_path):
    text = GOOD.replace("do: seat_now}", "do: leave, then: {refused: wrong_state, state: asked}}")
    assert not [line for line in _run(library, tmp_path, text) if line.startswith("step 2")]


def test_branches_start_from_the_same_world(library, tmp_path):
    text = GOOD[: GOOD.index("    - wait")] + (
        "    - branch:\n"
        "      - {steps: [{as: clerk, do: leave}], then: {state: done}}\n"
        "      - {steps: [{as: clerk, do: leave}], then: {state: done, records: [{registry: seats, key: W1}]}}\n"
    )
    assert _run(library, tmp_path, text) == []
    wrong = text.replace("then: {state: done}}", "then: {state: seated}}")
    assert [line.split(":")[0] for line in _run(library, tmp_path, wrong)] == ["step 3 branch 1"]


def test_repeat_runs_a_step_for_each_value(library, tmp_path):
    text = GOOD.replace(
        "then: {state: asked, problems: []}}",
        "repeat: {hours: [0, 25]}, then: {problems: [{field: hours, code: out_of_range}]}}",
    )
    assert not [line for line in _run(library, tmp_path, text) if line.startswith("step 1")]


def test_comparison():
    assert not list(differences(["b", "a"], ["a", "b"], "documents"))
    assert list(differences(["b", "a"], ["a", "b"], "data.x"))
    assert list(differences(["a"], ["a", "a"], "documents"))
    assert not list(differences("1.50", 1.5, "x"))
    assert not list(differences("yes", True, "x"))
    assert list(differences("1", True, "x"))
    assert list(differences(None, 0, "x"))


def test_words_of_scenarios():
    assert Actor.parse("clerk/A@131113/welfare") == Actor("clerk", "A", "131113/welfare")
    assert Actor.parse("applicant") == Actor("applicant", "", "")
    assert moment("2026-10-14T17:00").isoformat() == "2026-10-14T17:00:00+09:00"
    with pytest.raises(ScenarioError):
        moment("10月14日")
    with pytest.raises(ScenarioError):
        Actor.parse("A B")
    assert spelled_out([{"name": "a", "sha256": "x"}])[0]["sha256"] != "x"
