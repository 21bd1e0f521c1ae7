"""Cases with money on them: an application that was granted and is to be paid for."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.web.applying import begin, fill_all
from tests.web.conftest import BODY, Pages
from tests.web.test_desk import act

Person = Callable[..., Pages]
DESK = f"/desk/{BODY}/temporary-plate/"
MONEY = f"{DESK}money/"


class Granted:
    """A case for which the fee is due, its applicant, and the address of its page on the desk and on my page."""

    def __init__(self, person: Person, chassis: str = "NZE121-0000001") -> None:
        self.resident = person()
        fill_all(self.resident, begin(self.resident), vehicle={"chassis_no": chassis})
        self.resident.post(self.resident.url, {"do": "send"})
        found = re.search(r"/([0-9a-f-]{36})/received/", self.resident.url)
        assert found is not None
        self.id = found[1]
        self.desk = f"/desk/{BODY}/cases/{self.id}/"
        self.mine = f"/my/cases/{BODY}/{self.id}/"
        act(person("clerk"), self.desk, "accept")
        act(person("approver"), self.desk, "approve")


@pytest.fixture
def granted(person: Person) -> Granted:
    return Granted(person)
