"""Those above and the staff concerned: lines arrive in their own partition, never go back, and open the case itself."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from lending_office import BODY, NOW, SERVICE

from kiban.access import actors, bodies
from kiban.access.models import User
from kiban.cases.lines import viewers
from kiban.definitions import editions
from kiban.definitions.publish import publish_folder
from kiban.delivery import box, outbox

PREFECTURE, MINISTRY = "130001", "digital"
LENDING = Path(__file__).resolve().parents[1] / "cases" / "lending"


@pytest.fixture
def reaching(office, tmp_path):
    """The lending service with a ministry, a prefecture, and a notice to the staff."""
    folder = tmp_path / "lending"
    folder.mkdir()
    for path in LENDING.rglob("*"):
        if path.is_file():
            target = folder / path.relative_to(LENDING)
            target.parent.mkdir(parents=True, exist_ok=True)
            text = path.read_text(encoding="utf-8")
            if path.name == "service.yaml":
                roles = "  official: {label: 国の職員, reach: nation}\n  prefecture: {label: 都道府県の職員, reach: below}\n"
                text = text.replace("in_force: 2026-04-01", "in_force: 2026-04-02")
                text = text.replace("  clerk: {label: 職員}\n", "  clerk: {label: 職員}\n" + roles)
                text = text.replace(
                    "to: applicant, subject: '受け付けました'", "to: clerk, subject: '届きました'"
                )
            target.write_text(text, encoding="utf-8")
    office.edition = publish_folder(folder).id
    office.compiled = editions.get(office.edition)
    return office


def _staff(name, body, role):
    user = User.objects.create_user(name, kind="staff", display_name="試験 職員")
    actors.grant(user, body, SERVICE, role, date(2026, 1, 1))
    return user


def test_who_is_told(reaching):
    assert list(viewers(reaching.compiled.service, BODY, "p-x")) == [
        ("p-x", "own"),
        (PREFECTURE, "below"),
        (MINISTRY, "nation"),
    ]
    assert bodies.row(BODY).prefecture == PREFECTURE


def test_lines_arrive_and_follow_the_case(reaching):
    opened = reaching.submit()
    outbox.run(NOW, body=BODY)
    for place, why in ((PREFECTURE, "below"), (MINISTRY, "nation")):
        (line,) = box.cases(place, why=(why,), service=SERVICE).rows
        assert (line.target, str(line.case_id), line.state) == (BODY, opened.case_id, "submitted")
        assert box.targets(place, SERVICE) == [BODY]
    reaching.stock("B-1")
    assert reaching.act(reaching.clerk, "lend", opened.case_id).status == "done"
    outbox.run(NOW, body=BODY)
    (line,) = (row for row in box.cases(MINISTRY, why=("nation",)).rows if str(row.case_id) == opened.case_id)
    assert (line.state, line.seq) == ("lent", 2)
    (own,) = box.cases(reaching.party.partition).rows
    assert own.state == "lent"


def test_a_role_from_above_opens_the_case_and_a_foreign_one_does_not(reaching):
    service = reaching.compiled.service
    official = _staff("official", MINISTRY, "official")
    prefecture = _staff("prefecture", PREFECTURE, "prefecture")
    elsewhere = _staff("elsewhere", "270008", "prefecture")
    local = _staff("local", PREFECTURE, "clerk")  # a clerk of the prefecture is no clerk of its cities
    seen = {
        user.username: actors.sees_body(service, actors.actor_for(user, BODY, service, on=NOW.date()))
        for user in (official, prefecture, elsewhere, local)
    }
    assert seen == {"official": True, "prefecture": True, "elsewhere": False, "local": False}
    assert actors.actor_for(official, BODY, service, on=NOW.date()).place == MINISTRY
    assert not actors.actor_for(official, BODY, service, on=date(2025, 12, 31)).roles


def test_staff_who_hold_the_role_have_the_notice_each_their_own(reaching):
    second = _staff("second", BODY, "clerk")
    reaching.submit()
    outbox.run(NOW, body=BODY)
    mine, other = box.box_of(reaching.clerk_user, BODY), box.box_of(second, BODY)
    assert (box.unread(mine), box.unread(other)) == (1, 1)
    box.mark_read(mine)
    assert (box.unread(mine), box.unread(other)) == (0, 1)
    assert box.notices(box.box_of(reaching.party)).rows == []
