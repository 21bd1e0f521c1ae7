"""The checks that a reviewer reads: each rule that applies, and how it stands."""

from __future__ import annotations

from dataclasses import replace

from kiban.kernel.checks import checks
from kiban.kernel.facts import CaseState


def _case(library, **values):
    given = {"who": "試験 花子（架空）", "seat": "window", "hours": 2, **values}
    from datetime import date

    return CaseState(
        "1", "visit", "asked", {k: v for k, v in given.items() if v is not None}, date(2026, 11, 20)
    )


def test_each_rule_stands_with_its_words(library, facts_of, world):
    visit = library.procedures["visit"]
    found = {c.code: c for c in checks(visit, "ask", _case(library), facts_of(), world)}
    assert {code: c.standing for code, c in found.items()} == {"E-FULL": "holds", "W-LONG": "holds"}
    found = {
        c.code: c for c in checks(visit, "ask", _case(library, hours=6, seat="aisle"), facts_of(), world)
    }
    assert {code: c.standing for code, c in found.items()} == {"E-FULL": "broken", "W-LONG": "broken"}
    assert found["E-FULL"].message.ja == "通路側は満席です。"
    assert found["W-LONG"].severity == "warning"


def test_what_is_not_known_is_open(library, facts_of, world):
    visit = library.procedures["visit"]
    found = {c.code: c.standing for c in checks(visit, "ask", _case(library, hours=None), facts_of(), world)}
    assert found == {"E-FULL": "holds", "W-LONG": "open"}


def test_facts_say_as_of_when(library, facts_of, world):
    visit = library.procedures["visit"]
    strict = replace(facts_of(), parameters={"max_hours": 1, "fee": 120})
    found = {c.code: c.standing for c in checks(visit, "ask", _case(library), strict, world)}
    assert found["W-LONG"] == "broken"
