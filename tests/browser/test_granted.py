"""What another body sees of a case that was granted to it, and what the office sees of that."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.browser.conftest import BODY, WIDTHS, Visitor
from tests.browser.scene import SERVICE, Scene, filled

pytestmark = pytest.mark.browser
Visit = Callable[..., Visitor]


def _told(scene: Scene) -> None:
    """The return of the lent plates is long overdue, and the police have been told."""
    from kiban.access.actors import actor_for
    from kiban.cases import clocks, door
    from kiban.definitions import editions
    from kiban.delivery import outbox
    from kiban.kernel.scenarios.model import moment
    from kiban.ops import clock

    now = moment("2026-12-01T10:00")
    clock.set_clock(now)
    clocks.run_due(now, only=[BODY])
    actor = actor_for(
        scene.people["clerk"], BODY, editions.current(SERVICE, now.date()).service, on=now.date()
    )
    done = door.act(
        BODY, SERVICE, None, scene.ids["lent"], "report_police", actor, {"police_station": "葛飾警察署"},
        idempotency_key="told", route="test",
    )  # fmt: skip
    assert done.status == "done", done.refusal
    outbox.run(now, body=BODY)


def test_a_summary_for_the_police_and_what_the_office_sees_of_it(visit: Visit) -> None:
    from kiban.access.models import User
    from kiban.ops import demo

    scene = filled()
    _told(scene)
    police = User.objects.get(username=demo.username("A", "police-13", SERVICE, "police"))
    for width in WIDTHS.values():
        reader = visit(user=police, width=width)
        reader.go(f"/desk/police-13/{SERVICE}/shared/").look("granted-list")
        reader.page.locator("main table a").first.click()
        reader.see("この団体から提供された情報だけを表示しています")
        reader.look("granted-summary")
        office = visit(user=scene.people["clerk"], width=width)
        office.go(f"/desk/{BODY}/cases/{scene.ids['lent']}/")
        office.see("情報を提供した相手")
        office.look("granted-office")
    applicant = visit(user=scene.people["resident"], width=390)
    applicant.go(f"/my/cases/{BODY}/{scene.ids['lent']}/")
    applicant.see("この手続で決まったこと")
    applicant.look("recorded")
    assert "警視庁" not in applicant.page.content()
