"""Every scenario of every service once more, typed into the pages: they know no rule that the kernel does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from kiban.kernel.scenarios.model import Scenario, load_scenarios
from kiban.kernel.scenarios.runner import run_scenario
from tests.scenarios.test_scenarios import FOLDERS

if TYPE_CHECKING:
    from kiban.ops.testing import TestDatabase


def _all() -> Iterator[object]:
    for folder in FOLDERS:
        for scenario in load_scenarios(folder / "scenarios.yaml"):
            yield pytest.param(folder, scenario, id=f"{folder.name}-{scenario.id or scenario.name}")


def _as_pages_tell(value: Any) -> Any:
    """What is expected, without suggested values of machines: pages put them into their sentences."""
    if isinstance(value, dict):
        return {key: _as_pages_tell(inner) for key, inner in value.items() if key != "suggest"}
    return [_as_pages_tell(inner) for inner in value] if isinstance(value, list | tuple) else value


@pytest.mark.parametrize(("folder", "scenario"), list(_all()))
def test_scenario(folder: Path, scenario: Scenario, database: TestDatabase, translated: None) -> None:
    from kiban.definitions.publish import publish_folder
    from kiban.ops import clock
    from tests.scenarios.api_driver import linear
    from tests.web.pages_driver import PagesDriver

    try:
        for number, path in enumerate(linear(scenario)):
            if number:
                clock.set_clock(None)
                database.empty()
            slug = publish_folder(folder).service
            told = replace(path, steps=tuple(_as_pages_tell(path.steps)), then=_as_pages_tell(path.then))
            found = run_scenario(told, PagesDriver(slug))
            assert not found, "\n".join(map(str, found))
    finally:
        clock.set_clock(None)
