"""A case that was granted to another body: a summary arrives in its list, opens, and is gone when the grant is."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from lending_office import BODY, NOW, SERVICE

from kiban.access import actors
from kiban.access.models import User
from kiban.cases.audit import verify
from kiban.cases.rebuild import rebuild
from kiban.definitions import editions
from kiban.definitions.publish import publish_folder
from kiban.delivery import box, outbox
from kiban.kernel.dates import JST
from kiban.ops import clock

POLICE = "police-13"
LENDING = Path(__file__).resolve().parents[1] / "cases" / "lending"
ACTIONS = """      show:
        label: 見せる
        from: [submitted, lent]
        roles: clerk
        fields:
          place: {label: 相手, type: body, required: 'true'}
          last: {label: 期限, type: date}
          do: {label: すること, type: choice, options: {give: 見せる, revoke: やめる, block: 遮断, unblock: 遮断の解除}, default: "'give'"}
        effects:
          - {grant: watcher, when: input.do == 'give', to: input.place, fields: [purpose, slip_no], documents: [slip], basis: 試験条例1条, until: input.last}
          - {grant: watcher, when: input.do == 'revoke', do: revoke, to: input.place}
          - {grant: watcher, when: input.do == 'block', do: block, to: input.place}
          - {grant: watcher, when: input.do == 'unblock', do: unblock, to: input.place}
      watch: {label: 見た, from: [submitted, lent], roles: watcher}
"""


class Watcher:
    """One who holds the role in the police of Tokyo, through the API and the pages."""

    def __init__(self, name: str, body: str = POLICE) -> None:
        self.user = User.objects.create_user(name, kind="staff", display_name="試験 警察官")
        actors.grant(self.user, body, SERVICE, "watcher", date(2026, 1, 1))
        self.token, self.pages = actors.new_token(self.user), Client()
        self.pages.force_login(self.user)

    def get(self, path: str) -> Any:
        return self.pages.get(f"/api/v1{path}", headers={"Authorization": f"Bearer {self.token}"})

    def lines(self) -> list[dict[str, Any]]:
        found = self.get(f"/bodies/{POLICE}/services/{SERVICE}/shared")
        assert found.status_code == 200, found.content
        items: list[dict[str, Any]] = found.json()["items"]
        return items


@pytest.fixture
def granting(office: Any, tmp_path: Path) -> Any:
    """The lending service with a role to which cases are granted."""
    folder = tmp_path / "lending"
    for path in LENDING.rglob("*"):
        if path.is_file():
            target = folder / path.relative_to(LENDING)
            target.parent.mkdir(parents=True, exist_ok=True)
            text = path.read_text(encoding="utf-8")
            if path.name == "service.yaml":
                text = text.replace("in_force: 2026-04-01", "in_force: 2026-04-02")
                text = text.replace(
                    "  clerk: {label: 職員}\n",
                    "  clerk: {label: 職員}\n  watcher: {label: 見る人, reach: granted}\n",
                )
                text = text.replace("      pay:\n", f"{ACTIONS}      pay:\n", 1)
            target.write_text(text, encoding="utf-8")
    office.edition = publish_folder(folder).id
    office.compiled = editions.get(office.edition)
    return office


def _show(office: Any, case: str, **data: object) -> None:
    done = office.act(office.clerk, "show", case, {"place": POLICE, **data})
    assert done.status == "done", done.refusal
    outbox.run(clock.now(), body=BODY)


def test_only_the_summary_and_only_there(granting: Any) -> None:
    granting.stock("B-1")
    case = granting.submit().case_id
    other = granting.submit().case_id
    assert granting.act(granting.clerk, "lend", case).status == "done"
    watcher, elsewhere = Watcher("watcher"), Watcher("elsewhere", "police-27")
    path = f"/bodies/{BODY}/cases/{case}"
    assert watcher.get(path).status_code == 404
    _show(granting, case)
    (line,) = watcher.lines()
    assert (line["body"], line["case"], line["title"], line["due_on"]) == (BODY, case, "", None)
    said = watcher.get(path).json()
    assert said["sections"] == {"person": {"purpose": "行事"}}
    assert (said["computed"], said["title"]) == ({"slip_no": "2026-0001"}, "")
    assert [document["name"] for document in said["documents"]] == ["slip"]
    empty = {
        "texts": {},
        "marks": {},
        "clocks": {},
        "charges": {},
        "notices": [],
        "actions": [],
        "due_on": None,
    }
    assert {name: said[name] for name in empty} == empty
    assert "髙橋" not in watcher.get(path).content.decode()
    document = said["documents"][0]["href"].removeprefix("/api/v1")
    assert watcher.get(document).status_code == 200
    hidden = (
        f"{path}/events", f"{path}/payments", f"{path}/secrets", f"/bodies/{BODY}/cases/{other}",
        f"/bodies/{BODY}/services/{SERVICE}/registries/items/records",
    )  # fmt: skip
    for one in hidden:
        assert watcher.get(one).status_code == 404, one
    assert watcher.get(f"/bodies/{BODY}/cases").json()["items"] == []
    assert elsewhere.get(path).status_code == 404
    assert box.cases("police-27", why=("granted",)).rows == []


def test_visible_but_not_allowed(granting: Any) -> None:
    """Whoever sees the case by a grant may not act on it; whoever does not, learns nothing."""
    case = granting.submit().case_id
    watcher = Watcher("watcher")
    headers = {"Authorization": f"Bearer {watcher.token}", "Idempotency-Key": "1"}
    path = f"/api/v1/bodies/{BODY}/cases/{case}/acts/watch"
    said: dict[str, Any] = {"data": "{}", "content_type": "application/json", "headers": headers}
    assert watcher.pages.post(path, **said).status_code == 404
    _show(granting, case)
    assert watcher.pages.post(path, **said).status_code == 403


def test_pages_show_it_and_lead_back(granting: Any) -> None:
    case = granting.submit().case_id
    _show(granting, case, last="2026-10-31")
    watcher = Watcher("watcher")
    queue = watcher.pages.get(f"/desk/{POLICE}/{SERVICE}/shared/")
    page = f"/desk/{BODY}/cases/{case}/"
    assert queue.status_code == 200 and f'href="{page}"' in queue.content.decode(), queue.content.decode()[
        :3000
    ]
    shown = watcher.pages.get(page).content.decode()
    assert "行事" in shown and "髙橋" not in shown
    assert (
        "試験条例1条" in shown and "令和8年10月31日" in shown and f"/desk/{POLICE}/{SERVICE}/shared/" in shown
    )
    clerk = Client()
    clerk.force_login(granting.clerk_user)
    office = clerk.get(page).content.decode()
    assert "警視庁" in office and "要約を見せています" in office


def test_no_other_page_of_the_case_shows_more(granting: Any) -> None:
    """Every address of the desk that names a case, with whatever else stands in it."""
    from kiban.web.urls import urlpatterns

    granting.stock("B-1")
    case = granting.submit().case_id
    assert granting.act(granting.clerk, "lend", case).status == "done"
    _show(granting, case)
    watcher = Watcher("watcher")
    plausible = {"int": 2, "uuid": case, "slug": "note", "str": "watch"}
    asked = 0
    for pattern in urlpatterns:
        names = pattern.pattern.converters
        if (
            not str(pattern.name).startswith("desk-")
            or "case" not in names
            or pattern.name == "desk-case-files"
        ):
            continue  # the last is only what addresses of files begin with
        asked += 1
        given = {
            name: plausible[type(found).__name__.removesuffix("Converter").lower()] for name, found in names.items()
        }  # fmt: skip
        given |= {"body": BODY, "case": case}
        answer = watcher.pages.get(reverse(pattern.name, kwargs=given))
        assert answer.status_code in ((200,) if pattern.name == "desk-case" else (403, 404)), pattern
        assert "髙橋" not in b"".join(answer).decode("utf-8", "replace"), pattern.name
    assert asked >= 4


def test_it_is_gone_when_it_is_revoked_blocked_or_over(granting: Any) -> None:
    case = granting.submit().case_id
    watcher = Watcher("watcher")
    path = f"/bodies/{BODY}/cases/{case}"
    for end, again in (("revoke", "give"), ("block", "unblock")):
        _show(granting, case)
        assert (len(watcher.lines()), watcher.get(path).status_code) == (1, 200)
        _show(granting, case, do=end)
        assert (len(watcher.lines()), watcher.get(path).status_code) == (0, 404)
        _show(granting, case, do=again)
        assert (len(watcher.lines()), watcher.get(path).status_code) == (1, 200)
    _show(granting, case, last="2026-10-06")
    for day, there in ((6, True), (7, False)):
        clock.set_clock(datetime(2026, 10, day, 9, tzinfo=JST))
        assert bool(watcher.lines()) == there
        assert watcher.get(path).status_code == (200 if there else 404)


def test_a_late_line_does_not_bring_it_back(granting: Any) -> None:
    from kiban.access.scope import scope
    from kiban.cases.models import Outbox

    case = granting.submit().case_id
    _show(granting, case)
    granting.act(granting.clerk, "show", case, {"place": POLICE, "do": "revoke"})
    outbox.run(NOW, body=BODY)
    with scope(BODY):
        Outbox.objects.create(body=BODY, case_id=case, seq=2, jobs=["shared"], at=NOW)
    outbox.run(NOW, body=BODY)
    assert box.cases(POLICE, why=("granted",)).rows == []


def test_a_case_is_granted_to_bodies_that_there_are(granting: Any) -> None:
    case = granting.submit().case_id
    refused = granting.act(granting.clerk, "show", case, {"place": "police-99"}).refusal
    assert refused is not None and refused.code == "invalid"
    assert [(problem.field, problem.code) for problem in refused.problems] == [("place", "not_in_list")]


def test_it_is_an_event_of_the_chain_and_folds(granting: Any) -> None:
    case = granting.submit().case_id
    _show(granting, case, last="2026-10-31")
    clerk = {"Authorization": f"Bearer {actors.new_token(granting.clerk_user)}"}
    events = Client().get(f"/api/v1/bodies/{BODY}/cases/{case}/events", headers=clerk).json()["items"]
    assert events[-1]["content"]["effects"] == [
        {
            "kind": "grant", "role": "watcher", "to": POLICE, "do": "give", "fields": ["purpose", "slip_no"],
            "documents": ["slip"], "basis": "試験条例1条", "until": "2026-10-31",
        }
    ]  # fmt: skip
    assert verify(BODY).differences == []
    assert rebuild(BODY, check=True).differences == []


def test_a_place_has_one_line_whatever_was_granted_there(granting: Any) -> None:
    """Two roles of one place: the line stands as long as one of the grants does, and tells what one of them shows."""
    from kiban.cases.granting import granted
    from kiban.cases.lines import Line
    from kiban.kernel.facts import CaseState, Grant

    procedure, day = granting.compiled.procedures["request"], NOW.date()
    line = Line(BODY, "c", SERVICE, "request", "e", "n", "lent", False, "x", day, 1, NOW, NOW)

    def until(*grants: Grant) -> Any:
        state = CaseState(
            "c", "request", "lent", {"name": "見本", "purpose": "行事"}, day,
            grants={f"{grant.role}@{grant.to}": grant for grant in grants},
        )  # fmt: skip
        ((place, found),) = granted(line, procedure, state)
        assert (place, found.due_on) == (POLICE, None)
        return found.until, found.title

    over = Grant("watcher", POLICE, ("purpose",), (), "条例", day, revoked=True)
    short = Grant("reader", POLICE, ("name", "purpose"), (), "条例", day, date(2026, 10, 31))
    long = Grant("third", POLICE, ("purpose",), (), "条例", day, date(2026, 11, 30))
    assert until(over) == (date.min, "")
    assert until(over, short) == until(short, over) == (date(2026, 10, 31), "見本（行事）")
    assert until(short, long) == (date(2026, 11, 30), "見本（行事）")
    assert until(long, Grant("reader", POLICE, ("purpose",), (), "条例", day)) == (None, "")
