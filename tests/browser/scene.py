"""What the pages are looked at with: the people and cases of the demonstration, and what else a page needs to show."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.browser.conftest import BODY

if TYPE_CHECKING:
    from kiban.access.models import User

SERVICE = "temporary-plate"


@dataclass
class Scene:
    """People by a word, and the ids that stand in addresses."""

    people: dict[str, User] = field(default_factory=dict)
    ids: dict[str, Any] = field(default_factory=dict)

    @property
    def plain(self) -> dict[str, Any]:
        """The ids as they stand in addresses."""
        return {name: getattr(value, "id", value) for name, value in self.ids.items()}

    def client(self, who: str) -> Any:
        """A browser without scripts, signed in."""
        from django.test import Client

        client = Client(headers={"Accept-Language": "ja"})
        client.force_login(self.people[who])
        return client


def people() -> Scene:
    """The people alone: every list is empty."""
    from kiban.access import actors
    from kiban.access.models import User
    from kiban.ops import clock, demo

    for person in demo.people():
        demo._make(person, clock.today())
    name = demo.username
    operator = User.objects.create_user(username="operator", display_name="例示 運用", kind="staff")
    actors.grant(operator, "", "", actors.OPERATOR, clock.today())
    return Scene(
        {
            "resident": User.objects.get(username=name("A")),
            "clerk": User.objects.get(username=name("A", BODY, SERVICE, "clerk")),
            "approver": User.objects.get(username=name("B", BODY, SERVICE, "approver")),
            "admin": User.objects.get(username=name("A", BODY, SERVICE, "body_admin")),
            "official": User.objects.get(username=name("A", "mlit", SERVICE, "mlit")),
            "operator": operator,
        }
    )


def _office(scene: Scene) -> None:
    """What the office keeps for itself: notes, who handles a case, an absence, an act on many cases."""
    from kiban.access.scope import scope
    from kiban.cases.models import Case

    clerk, admin = scene.client("clerk"), scene.client("admin")
    with scope(BODY):
        new, lent = (
            Case.objects.filter(body=BODY, procedure="permit", state=state).first()
            for state in ("submitted", "loaned")
        )
    for case in (new, lent):
        assert case is not None
        office = f"/desk/{BODY}/cases/{case.id}/office/"
        clerk.post(
            f"{office}note/", {"text": "電話で内容を確かめた。\n午後にもう一度かける。", "pinned": "true"}
        )
        clerk.post(f"{office}note/", {"text": "書き間違えたメモ"})
        clerk.post(f"{office}strike/", {"note": case.seq + 2})
        clerk.post(f"{office}assign/", {})
    desk = f"/desk/{BODY}/{SERVICE}/"
    away = {
        "person": str(scene.people["approver"].id), "deputy": str(scene.people["clerk"].id), "why": "研修",
        "from": "2026-10-02", "to": "2026-10-09",
    }  # fmt: skip
    admin.post(f"{desk}absence/", away)
    clerk.post(f"{desk}many/", {"cases": [str(lent.id)], "act": "permit.withdraw", "do": "run"})


def filled() -> Scene:
    """The cases of the demonstration, delivered; a draft, a webhook, settings, an upload."""
    from kiban.access.scope import scope
    from kiban.bulk.models import Run
    from kiban.cases.models import Attachment, Case, Draft, Event
    from kiban.delivery import outbox
    from kiban.delivery.models import Subscription
    from kiban.documents.models import Document
    from kiban.ops import clock, demo_steps

    scene = people()
    demo_steps.play_all(clock.today())
    outbox.run(clock.now(), limit=200, body=BODY)
    resident, admin = scene.client("resident"), scene.client("admin")
    resident.post(f"/apply/{BODY}/{SERVICE}/permit/")
    settings = f"/desk/{BODY}/{SERVICE}/settings/"
    admin.post(
        f"{settings}office/", {"name": "市民課", "phone": "03-0000-0000", "departments": "市民課\n総務課"}
    )
    admin.post(f"{settings}closed-days/", {"do": "add", "first": "2026-10-20", "reason": "市民祭"})
    for name in ("privacy", "contact"):
        admin.post(
            f"{settings}texts/{name}/",
            {"ja": "見本の説明です。\n市民課が答えます。", "en": "Sample text.", "why": ""},
        )
    hook = {"label": "見本システム", "url": "https://example.jp/hook", "types": ["kiban.case.changed"]}
    admin.post(f"{settings}webhooks/", hook)
    _office(scene)
    partition = scene.people["resident"].partition
    with scope(partition):
        draft = Draft.objects.get(body=partition)
    with scope(BODY):
        cases = {case.state: case for case in Case.objects.filter(body=BODY, procedure="permit")}
        lent, approved = cases["loaned"], cases["approved"]
        scene.ids = {
            "body": BODY, "service": SERVICE, "draft": draft.id, "lent": lent.id, "new": cases["submitted"].id,
            "review": cases["review"].id, "approved": approved.id,
            "document": Document.objects.filter(body=BODY, case_id=lent.id).first(),
            "code": Document.objects.filter(body=BODY, case_id=lent.id, name="permit").values_list("code")[0][0],
            "file": Attachment.objects.filter(body=BODY).first(),
            "paid": Event.objects.get(body=BODY, case_id=lent.id, act="pay").seq,
            "run": Run.objects.filter(body=BODY).first(), "hook": Subscription.objects.filter(body=BODY).first(),
        }  # fmt: skip
    _money(scene)
    return scene


def _money(scene: Scene) -> None:
    """A payment that was begun, two statements of a provider: one beside the book, one whose columns are not named."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    from kiban.access.scope import scope
    from kiban.money.models import Order, Statement

    money, clerk = f"/desk/{BODY}/{SERVICE}/money/", scene.client("clerk")
    scene.client("resident").post(f"/my/cases/{BODY}/{scene.ids['approved']}/pay/fee/")
    files = {"入金明細": "reference,amount,date\nT-1,750,2026-10-02\n", "決済": "番号,決済額,日\nT-2,750,x\n"}
    for name, text in files.items():
        clerk.post(f"{money}statements/", {"file": SimpleUploadedFile(f"{name}.csv", text.encode())})
    with scope(BODY):
        scene.ids["order"] = Order.objects.get(body=BODY).reference
        for row in Statement.objects.filter(body=BODY):
            scene.ids["statement" if row.columns else "raw"] = row.id
