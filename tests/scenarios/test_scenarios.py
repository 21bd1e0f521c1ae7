"""Every scenario of every service, on the kernel alone and, the same file, through the API."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kiban.access.bodies_source import all_bodies
from kiban.access.places import Places
from kiban.kernel.scenarios.memory import MemoryDriver
from kiban.kernel.scenarios.model import Scenario, load_scenarios
from kiban.kernel.scenarios.runner import run_scenario
from kiban.ops.check import body_facts, compiled

if TYPE_CHECKING:
    from kiban.kernel.definitions.compile import CompiledService
    from kiban.ops.testing import TestDatabase

REPO = Path(__file__).resolve().parents[2]
FOLDERS = [
    folder
    for parent in (REPO / "services", REPO / "tests" / "services")
    for folder in sorted(parent.iterdir())
    if (folder / "service.yaml").is_file()
]
_edition = lru_cache(compiled)
_bodies = lru_cache(body_facts)


def _all() -> Iterator[object]:
    for folder in FOLDERS:
        for scenario in load_scenarios(folder / "scenarios.yaml"):
            name = scenario.id or scenario.name
            yield pytest.param(folder, scenario, id=f"{folder.name}-{name}")


@lru_cache
def _places() -> Places:
    return Places(all_bodies())


@pytest.mark.parametrize(("folder", "scenario"), list(_all()))
def test_kernel(folder: Path, scenario: Scenario) -> None:
    service: CompiledService = _edition(folder)
    found = run_scenario(scenario, MemoryDriver(service, _bodies().get, _places().locate))
    assert not found, "\n".join(map(str, found))


@pytest.mark.parametrize(("folder", "scenario"), list(_all()))
def test_api(folder: Path, scenario: Scenario, database: TestDatabase) -> None:
    from tests.scenarios.api_driver import ApiDriver, linear

    from kiban.definitions.publish import publish_folder
    from kiban.ops import clock

    try:
        for number, path in enumerate(linear(scenario)):
            if number:
                clock.set_clock(None)
                database.empty()
            slug = publish_folder(folder).service
            found = run_scenario(path, ApiDriver(slug))
            assert not found, "\n".join(map(str, found))
    finally:
        clock.set_clock(None)


def test_every_service_has_scenarios() -> None:
    """A folder without scenarios would pass unseen."""
    assert {folder.name for folder in FOLDERS} >= {"temporary-plate", "house-subsidy"}
    for folder in FOLDERS:
        assert len(load_scenarios(folder / "scenarios.yaml")) >= 6
