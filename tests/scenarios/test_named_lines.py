"""Lines of the cards that are tests of their own: figures, and the way to an office that can help."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from kiban.kernel.scenarios.model import Actor, load_scenarios
from kiban.kernel.scenarios.runner import run_scenario

if TYPE_CHECKING:
    from kiban.ops.testing import TestDatabase

FOLDER = Path(__file__).resolve().parents[2] / "services" / "temporary-plate"


@pytest.fixture
def after_tp_10(database: TestDatabase) -> Iterator[Any]:
    """The world after scenario TP-10 has run through the API."""
    from tests.scenarios.api_driver import ApiDriver

    from kiban.definitions.publish import publish_folder
    from kiban.ops import clock

    driver = ApiDriver(publish_folder(FOLDER).service)
    scenario = next(item for item in load_scenarios(FOLDER / "scenarios.yaml") if item.id == "TP-10")
    assert run_scenario(scenario, driver) == []
    yield driver
    clock.set_clock(None)


def test_tp_15_the_figures_count_the_permits(after_tp_10: Any) -> None:
    clerk = Actor.parse("clerk/A@131229")

    def figure(name: str) -> Any:
        return after_tp_10.read(clerk, {"read": name}).data

    assert figure("permits_by_month") == {"total": 1, "months": {"2026-10": 1}}
    assert figure("permits_by_purpose")["by"] == {"2026-10": {"inspect": 1}}
    assert figure("not_returned") == {"total": 0}


def test_tp_15_figures_are_for_those_who_may_count(after_tp_10: Any) -> None:
    refused = after_tp_10.read(Actor.parse("applicant"), {"read": "permits_by_month"})
    assert refused.refused == "not_found"
    elsewhere = after_tp_10.read(Actor.parse("clerk/Z@131105"), {"read": "permits_by_month"})
    assert elsewhere.data == {"total": 0, "months": {}}


def test_tp_14_a_town_without_the_service_names_its_neighbours(database: TestDatabase) -> None:
    from tests import set_by_body

    from kiban.api.acting import neighbours
    from kiban.definitions import editions
    from kiban.definitions.publish import publish_folder
    from kiban.ops import clock

    publish_folder(FOLDER)
    near = neighbours("015644", "temporary-plate")
    assert [body["name"] for body in near[:2]] == ["網走市", "北見市"]  # towns nearby are no authorities
    set_by_body.participation(
        editions.current("temporary-plate", clock.today()), "012114", "none", date(2026, 4, 1)
    )
    assert neighbours("015644", "temporary-plate")[0]["name"] == "北見市"
    assert clock.today() >= date(2026, 4, 1)
