"""The office that lends equipment (see lending_office)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from lending_office import Office


@pytest.fixture
def office(database) -> Office:
    from lending_office import NOW, Office

    from kiban.ops import clock

    clock.set_clock(NOW)
    return Office()
