"""City A adds a question of its own, which never leaves A: every way out is walked.

The service is the lending one with roles that reach from above, so that everybody who could be told is told.
"""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.append(str(ROOT / "tests" / "cases"))

from lending_office import BODY, NOW, SERVICE, Office  # noqa: E402

OTHER, PREFECTURE, MINISTRY = "131211", "130001", "digital"
LABEL, LABEL_EN, ANSWER, CHOICE = (
    "庭にある目印の石灯籠",
    "stone lantern",
    "亀の形の大石",
    "灯籠は苔むしている",
)
SECRETS = (LABEL, LABEL_EN, ANSWER, CHOICE)
NAME = f"local.{BODY}.q1"


@pytest.fixture
def office(database: Any, tmp_path: Path) -> Any:
    """The lending office with a ministry and a prefecture above, and a slot in its form."""
    from kiban.access import actors
    from kiban.access.models import User
    from kiban.definitions import editions
    from kiban.definitions.publish import publish_folder
    from kiban.ops import clock

    clock.set_clock(NOW)
    found = Office()
    folder = tmp_path / "lending"
    for path in (ROOT / "tests" / "cases" / "lending").rglob("*"):
        if path.is_file():
            target = folder / path.relative_to(ROOT / "tests" / "cases" / "lending")
            target.parent.mkdir(parents=True, exist_ok=True)
            text = path.read_text(encoding="utf-8")
            if path.name == "service.yaml":
                roles = (
                    "  official: {label: 国の職員, reach: nation}\n  prefecture: {label: 都道府県の職員, reach: below}\n"
                    "  admin: {label: 管理者, administers: true}\n"
                )
                text = text.replace("in_force: 2026-04-01", "in_force: 2026-04-02")
                text = text.replace("  clerk: {label: 職員}\n", "  clerk: {label: 職員}\n" + roles)
                assert "        readers: [applicant, clerk]\n" in text
                text = text.replace(
                    "        readers: [applicant, clerk]\n", "        vary: {max_fields: 3}\n"
                )
            target.write_text(text, encoding="utf-8")
    found.edition = publish_folder(folder).id
    found.compiled = editions.get(found.edition)

    def person(name: str, body: str, role: str) -> User:
        user = User.objects.create_user(name, kind="staff", display_name="試験 職員")
        actors.grant(user, body, SERVICE, role, date(2026, 1, 1))
        return user

    found.people = {
        "admin": person("admin", BODY, "admin"), "inside": person("inside", BODY, "clerk"),
        "official": person("official", MINISTRY, "official"),
        "prefecture": person("prefecture", PREFECTURE, "prefecture"), "other": person("other", OTHER, "clerk"),
        "other_admin": person("other-admin", OTHER, "admin"),
    }  # fmt: skip
    yield found
    clock.set_clock(None)


def _ask(office: Any) -> None:
    from kiban.definitions import local_settings

    form = next(iter(office.compiled.service.forms.values()))
    section = next(s for s in form.sections.values() if s.vary is not None)
    said = {
        "label": LABEL, "label_en": LABEL_EN, "help": CHOICE, "type": "text", "required": "false",
        "from": NOW.date().isoformat(), "why": "要綱",
    }  # fmt: skip
    local_settings.save(office.compiled, BODY, form.name, section.name, None, said, office.people["admin"])


@pytest.fixture
def case(office: Any) -> str:
    """A case in which the question was answered, and all that follows it has been done."""
    from kiban.access.scope import scope
    from kiban.delivery import outbox, webhooks

    _ask(office)
    with scope(BODY):
        webhooks.create(SERVICE, "試験", "https://receiver.example/hook", list(webhooks.TYPES), "test")
    office.stock("B-1")
    opened = office.submit(form={"local": {BODY: {"q1": ANSWER}}})
    assert office.act(office.clerk, "lend", opened.case_id).status == "done"
    outbox.run(NOW, body=BODY)
    return str(opened.case_id)


def _api(user: Any) -> Any:
    from django.test import Client

    from kiban.access import actors

    client, token = Client(), actors.new_token(user)

    def get(path: str) -> Any:
        return client.get(f"/api/v1{path}", headers={"Authorization": f"Bearer {token}"})

    return get


def _pages(user: Any) -> Any:
    from django.test import Client

    client = Client()
    if user is not None:
        client.force_login(user)

    def get(path: str) -> Any:
        return client.get(path, follow=True)

    return get


def _body(answer: Any) -> str:
    content = b"".join(answer.streaming_content) if answer.streaming else answer.content
    return str(content.decode("utf-8", "replace"))


def _told(text: str) -> list[str]:
    return [word for word in (*SECRETS, NAME) if word in text]


def _api_paths(case: str) -> list[str]:
    base = f"/bodies/{BODY}"
    of = f"{base}/services/{SERVICE}"
    return [
        "/services", f"/services/{SERVICE}", "/openapi.json", "/changes", f"/changes?body={BODY}", base,
        f"{base}/cases", f"{base}/cases?q={ANSWER}", f"{base}/cases/{case}", f"{base}/cases/{case}/events",
        f"{of}/settings", f"{of}/settings/fields", f"{of}/settings/history", f"{of}/effect",
        f"{of}/procedures/request/actions/submit/schema", f"{of}/figures", f"{of}/registries/items/records",
        f"/services/{SERVICE}/editions/current/procedures/request/actions/submit/schema", "/inbox", "/shared",
    ]  # fmt: skip


def _page_paths(case: str) -> list[str]:
    desk = f"/desk/{BODY}/{SERVICE}/"
    return [
        "/", "/procedures/", "/changes/", f"/bodies/{BODY}/", f"/bodies/{BODY}/changes/",
        f"/procedures/{SERVICE}/request/", f"/procedures/{SERVICE}/request/body/{BODY}/", "/desk/", desk, f"{desk}shared/", f"{desk}figures/", f"{desk}effect/", f"{desk}notices/", f"{desk}cases.csv",
        f"{desk}settings/fields/", f"{desk}settings/history/", f"/desk/{BODY}/cases/{case}/",
        f"/desk/{MINISTRY}/{SERVICE}/shared/", f"/desk/{PREFECTURE}/{SERVICE}/shared/", f"/desk/{OTHER}/{SERVICE}/",
        f"/desk/{OTHER}/{SERVICE}/settings/fields/",
    ]  # fmt: skip


@pytest.mark.parametrize("who", ["official", "prefecture", "other", "other_admin"])
def test_nobody_outside_reads_it(office: Any, case: str, who: str) -> None:
    user = office.people[who]
    api, pages = _api(user), _pages(user)
    answers = {path: api(path) for path in _api_paths(case)} | {
        path: pages(path) for path in _page_paths(case)
    }
    told = {path: found for path, answer in answers.items() if (found := _told(_body(answer)))}
    assert told == {}
    seen = answers[f"/bodies/{BODY}/cases/{case}"].status_code
    assert seen == (200 if who in ("official", "prefecture") else 404)  # who may open the case did open it


def test_the_public_reads_nothing(office: Any, case: str) -> None:
    pages = _pages(None)
    assert {path: found for path in _page_paths(case) if (found := _told(_body(pages(path))))} == {}


def test_nothing_of_it_stands_in_another_partition(office: Any, case: str) -> None:
    """Every tenant table, as the rows stand: lines, notices, messages, registries, documents of all partitions."""
    from django.apps import apps
    from django.db import connection

    from kiban.access.scope import scope
    from kiban.access.tenancy import Tenant

    tables = [model._meta.db_table for model in apps.get_models() if issubclass(model, Tenant)]
    looked = 0
    for partition in (MINISTRY, PREFECTURE, OTHER, office.party.partition):
        with scope(partition), connection.cursor() as cursor:
            for table in tables:
                cursor.execute(f'SELECT t::text FROM "{table}" t')
                for (row,) in cursor.fetchall():
                    looked += 1
                    assert _told(row) == [], (partition, table)
    assert looked > 0
    shareable = ("cases_casevalue", "cases_notice", "cases_outbox", "delivery_message", "registries_record",
                 "registries_recordvalue", "registries_recordversion", "documents_document", "cases_shared")  # fmt: skip
    with scope(BODY), connection.cursor() as cursor:
        for table in shareable:
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            rows = cursor.fetchall()
            assert rows or table in ("cases_outbox", "cases_shared"), table  # there was something to look at
            assert [found for (row,) in rows if (found := _told(row))] == [], table


def test_the_office_itself_reads_it(office: Any, case: str) -> None:
    """What the tests above look for can be found: the same paths tell it to the body's own people."""
    user = office.people["inside"]
    api, pages = _api(user), _pages(user)
    whole = orjson.loads(api(f"/bodies/{BODY}/cases/{case}").content)
    assert ANSWER in [v for values in whole["sections"].values() for k, v in values.items() if k == NAME]
    assert ANSWER in _body(api(f"/bodies/{BODY}/cases/{case}/events"))
    assert LABEL in _body(api(f"/bodies/{BODY}/services/{SERVICE}/procedures/request/actions/submit/schema"))
    page = _body(pages(f"/desk/{BODY}/cases/{case}/"))
    assert LABEL in page
    assert ANSWER in page
    file = _body(pages(f"/desk/{BODY}/{SERVICE}/cases.csv"))
    assert LABEL in file.splitlines()[0]
    assert ANSWER in file
    assert LABEL in _body(_pages(office.people["admin"])(f"/desk/{BODY}/{SERVICE}/settings/fields/"))


def test_what_the_office_asked_once_stays_in_its_file(office: Any, case: str) -> None:
    from kiban.definitions import local_settings

    form = next(iter(office.compiled.service.forms))
    local_settings.retire(SERVICE, BODY, form, "q1", NOW.date().isoformat(), office.people["admin"], "終了")
    assert ANSWER in _body(_pages(office.people["inside"])(f"/desk/{BODY}/{SERVICE}/cases.csv"))
