"""Who else may see a summary of a case: given, ended, blocked. A block outranks every grant."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from kiban.kernel.decide import decide
from kiban.kernel.definitions.loader import DefinitionErrors
from kiban.kernel.effects import UndecidedEffect
from kiban.kernel.facts import CaseState, Decision, Grant, GrantChange
from kiban.kernel.grants import EVERYWHERE, changed, holding
from kiban.kernel.sight import granted
from kiban.kernel.state import changes_between, fold, state_from_json, state_to_json
from tests.kernel.conftest import LIBRARY, World, facts

DAY = date(2026, 11, 20)
SHOW = """
      show:
        label: 見せる
        from: [asked, seated]
        roles: clerk
        fields: {place: {label: 相手, type: body}, last: {label: 期限, type: date}, why: {label: 理由, type: text}}
        effects:
          - {grant: watcher, when: "coalesce(input.why, '') == ''", to: input.place, sections: [main], fields: [cost], basis: 架空条例9条, until: input.last}
          - {grant: watcher, do: revoke, when: input.why == 'end', to: input.place}
          - {grant: watcher, do: block, when: input.why == 'block'}
"""
GRANTING = LIBRARY.replace(
    "  system: {label", "  watcher: {label: 見る人, reach: granted}\n  system: {label", 1
).replace("    clocks:\n      closing", f"{SHOW.strip(chr(10))}\n    clocks:\n      closing")


def _shown(compiled: Callable[[str], Any], world: World, **data: object) -> tuple[Any, Decision]:
    visit = compiled(GRANTING).procedures["visit"]
    case = CaseState(
        "c", "visit", "asked", {"who": "見本", "seat": "window", "hours": 2, "day": DAY}, DAY, seq=1
    )
    made = decide(visit, case, "show", data, facts("clerk", "c1"), world)
    assert isinstance(made, Decision), made
    return visit, made


def test_a_grant_names_what_is_seen_and_until_when(compiled: Callable[[str], Any], world: World) -> None:
    visit, made = _shown(compiled, world, place="mlit", last="2026-11-30")
    fields = ("who", "seat", "hours", "why", "day", "cost")
    assert made.effects == (
        GrantChange("watcher", "mlit", "give", fields, (), "架空条例9条", date(2026, 11, 30)),
    )
    here, there = [("watcher", "mlit")], [("watcher", "131229")]
    assert holding(made.case.grants, here, date(2026, 11, 30)) is not None
    assert holding(made.case.grants, here, date(2026, 12, 1)) is None
    assert holding(made.case.grants, here, date(2026, 11, 19)) is None
    assert holding(made.case.grants, [*there, ("clerk", "mlit")], DAY) is None
    seen = granted(visit, made.case.grants["watcher@mlit"])
    assert (seen.fields, seen.computed) == ({"who", "seat", "hours", "why", "day"}, {"cost"})
    assert seen.summary and not seen.inside and seen.hidden == {"place", "ticket"}
    assert seen.content({"changes": {"values": {"who": "見本"}}}) == {}


def test_it_stands_in_the_state_and_folds(compiled: Callable[[str], Any], world: World) -> None:
    visit, made = _shown(compiled, world, place="mlit", last="2026-11-30")
    before = state_to_json(visit, replace(made.case, grants={}))
    assert "grants" not in before
    after = state_to_json(visit, made.case)
    assert fold(before, changes_between(before, after)) == after
    assert state_from_json(visit, after, id="c", number="", seq=2).grants == made.case.grants


def test_to_whom_must_be_known(compiled: Callable[[str], Any], world: World) -> None:
    with pytest.raises(UndecidedEffect, match="grant watcher: to whom"):
        _shown(compiled, world)


def test_it_ends_and_a_block_outranks_what_is_given_later() -> None:
    def change(do: Any, to: str = "mlit") -> GrantChange:
        return GrantChange("watcher", to, do, ("who",), (), "条例")

    held = [("watcher", "mlit")]
    given = changed({}, change("give"), DAY)
    assert holding(changed(given, change("revoke"), DAY), held, DAY) is None
    assert holding(changed(changed(given, change("revoke"), DAY), change("give"), DAY), held, DAY) is not None
    assert holding(changed(given, change("revoke", EVERYWHERE), DAY), held, DAY) is None
    for to in ("mlit", EVERYWHERE):
        blocked = changed(given, change("block", to), DAY)
        assert holding(blocked, held, DAY) is None
        again = changed(blocked, change("give"), DAY)
        assert holding(again, held, DAY) is None, "what is blocked stays blocked"
        assert holding(changed(again, change("unblock", to), DAY), held, DAY) is not None
    first = changed({}, change("block", EVERYWHERE), DAY)
    assert holding(changed(first, change("give"), DAY), held, DAY) is None
    assert holding(changed({}, change("revoke"), DAY), held, DAY) is None


def test_a_blocked_grant_shows_nothing_although_it_was_unrevoked() -> None:
    assert not Grant("r", "mlit", (), (), "", DAY, blocked=True).holds(DAY)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("reach: granted", "reach: body", "the role `watcher` needs `reach: granted`"),
        ("to: input.place, sections", "sections", "a grant needs `to`"),
        ("sections: [main], fields: [cost], ", "", "a grant needs `sections`, `fields` or `documents`"),
        ("basis: 架空条例9条, ", "", "a grant needs `basis`"),
        ("sections: [main]", "sections: [mian]", "there is no section `mian`; did you mean main"),
        ("fields: [cost]", "fields: [costs]", "there is no field `costs`; did you mean cost"),
        ("{grant: watcher, do: block", "{grant: wotcher, do: block", "there is no role `wotcher`"),
    ],
)
def test_a_grant_in_a_definition_is_checked(
    compiled: Callable[[str], Any], old: str, new: str, said: str
) -> None:
    assert old in GRANTING
    with pytest.raises(DefinitionErrors, match=said):
        compiled(GRANTING.replace(old, new))
