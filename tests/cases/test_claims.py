"""A case from the counter becomes its applicant's own: with its code, once, and with everything that follows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from lending_office import BODY, NOW, OTHER

from kiban.access.scope import scope
from kiban.cases import audit, claims, door, queries
from kiban.cases.models import Shared
from kiban.cases.rebuild import rebuild
from kiban.delivery import outbox


@pytest.fixture
def case(office):
    return office.submit(office.clerk).case_id


def _row(case):
    with scope(BODY):
        return queries.view(case).row


def _claim(office, case, code="its own", actor=None):
    given = {"code": claims.code(BODY, case) if code == "its own" else code}
    return office.act(actor or office.applicant, claims.CLAIM, case, given)


def test_who_has_the_copy_gets_the_case(office, case):
    row = _row(case)
    assert row.party == ""
    found = claims.find(BODY, row.number.lower(), claims.code(BODY, case).lower(), now=NOW)
    assert str(found.id) == case
    claimed = _claim(office, case)
    assert claimed.status == "done", claimed.refusal
    assert _row(case).party == office.party.partition
    with scope(office.party.partition):
        assert str(Shared.objects.get(body=office.party.partition).case_id) == case
    outbox.run(NOW, body=BODY)
    assert office.act(office.applicant, "withdraw", case).status == "done"
    with scope(BODY):
        assert [event.act for event in queries.history(queries.view(case))] == [
            "submit",
            "party.claim",
            "withdraw",
        ]
    assert audit.verify(BODY).differences == []
    assert rebuild(BODY, check=True).differences == []


def test_a_code_serves_once_for_one_case(office, case):
    other = office.submit(office.clerk, form={"name": "別 花子"}).case_id
    assert claims.code(BODY, case) != claims.code(BODY, other) != claims.code(OTHER, other)
    for wrong in (
        "",
        "x",
        "登録コード",
        "\ud800",
        7,
        None,
        claims.code(BODY, other),
        claims.code(OTHER, case),
    ):
        with pytest.raises(door.NotVisible):
            _claim(office, case, wrong)
    with pytest.raises(door.NotVisible):
        _claim(office, case, actor=office.clerk)
    assert _claim(office, case).status == "done"
    with pytest.raises(door.NotVisible):
        _claim(office, case, actor=office.actor(office.other_party))
    row = _row(case)
    assert claims.find(BODY, row.number, claims.code(BODY, case), now=NOW) is None


def test_a_code_is_over_after_90_days(office, case):
    number, code = _row(case).number, claims.code(BODY, case)
    assert claims.find(BODY, number, code, now=NOW + timedelta(days=90)) is not None
    assert claims.find(BODY, number, code, now=NOW + timedelta(days=91)) is None
    assert claims.find(BODY, number, "0" * 10, now=NOW) is None
    assert claims.find(BODY, "none", code, now=NOW) is None


def test_a_case_of_the_office_alone_has_no_code(office):
    stock = office.stock("B-1").case_id
    assert claims.find(BODY, _row(stock).number, claims.code(BODY, stock), now=NOW) is None
