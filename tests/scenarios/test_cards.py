"""The acceptance card of a service and its tests: no line of the card may be without one.

The cards stand beside the repository (`../shared/domain/<slug>.md`); where they are absent there is nothing to hold
the tests against. A line `| TP-1 (scenario) |` needs a scenario with `id: TP-1`; `| TP-15 (test) |` a test function
named after it (`test_tp_15_…`).
"""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

import pytest

from kiban.kernel.scenarios.model import load_scenarios

REPO = Path(__file__).resolve().parents[2]
CARDS = REPO.parent / "shared" / "domain"
_LINE = re.compile(r"^\|\s*([A-Z]{2,}-\d+[a-z]?)\s*\((scenario|test)\)\s*\|", re.MULTILINE)
_TEST = re.compile(r"^\s*(?:async )?def (test_\w+)", re.MULTILINE)
SERVICES = sorted(folder.name for folder in (REPO / "services").iterdir() if folder.is_dir())


def lines_of(card: str) -> dict[str, str]:
    """The ids of a card's acceptance table, each with what it asks for."""
    return {match[1]: match[2] for match in _LINE.finditer(card)}


@lru_cache
def test_names() -> frozenset[str]:
    names = set[str]()
    for path in (REPO / "tests").rglob("test_*.py"):
        names.update(_TEST.findall(path.read_text(encoding="utf-8")))
    return frozenset(names)


test_names.__test__ = False  # type: ignore[attr-defined]


def uncovered(lines: dict[str, str], scenarios: set[str], names: frozenset[str]) -> list[str]:
    """The ids that have neither a scenario nor a test named after them."""
    missing = []
    for line, kind in lines.items():
        start = f"test_{line.lower().replace('-', '_')}"
        named = any(name == start or name.startswith(f"{start}_") for name in names)
        if not named and (kind == "test" or line not in scenarios):
            missing.append(line)
    return missing


@pytest.mark.parametrize("slug", SERVICES)
def test_every_line_of_the_card_is_tested(slug: str) -> None:
    card = CARDS / f"{slug}.md"
    if not card.is_file():
        pytest.skip("no card beside this repository")
    lines = lines_of(card.read_text(encoding="utf-8"))
    assert lines, f"{card} has no acceptance table that can be read"
    scenarios = {scenario.id for scenario in load_scenarios(REPO / "services" / slug / "scenarios.yaml")}
    assert uncovered(lines, scenarios, test_names()) == []


def test_a_missing_line_is_noticed() -> None:
    lines = lines_of(
        "| id | … |\n|---|---|\n| XX-1 (scenario) | a |\n| XX-2a (test) | b |\n| XX-3 (test) | c |"
    )
    assert lines == {"XX-1": "scenario", "XX-2a": "test", "XX-3": "test"}
    assert uncovered(lines, {"XX-1"}, frozenset({"test_xx_2a_with_words"})) == ["XX-3"]
    assert uncovered(lines, set(), frozenset({"test_xx_3", "test_xx_2a"})) == ["XX-1"]
    assert "XX-2a" in uncovered(lines, {"XX-2a"}, frozenset())  # a test is asked for, not a scenario
