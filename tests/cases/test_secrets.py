"""A secret answer stands sealed in the events alone; its readers see it when they ask, and who asked is written down."""

from __future__ import annotations

import json
import uuid
from datetime import date
from pathlib import Path
from typing import Any

import pytest

FOLDER = Path(__file__).resolve().parents[1] / "services" / "site-survey"
BODY, SERVICE = "131229", "site-survey"
PIN, REFUGE = "ひみつのことば", "見本寺の離れ"


class Survey:
    """People of the invented survey, and a case with secret answers."""

    def __init__(self) -> None:
        from kiban.access import actors
        from kiban.access.models import User
        from kiban.definitions import editions
        from kiban.definitions.publish import publish_folder

        self.compiled = editions.get(publish_folder(FOLDER).id)
        self.party = User.objects.create_user("taro", kind="party", display_name="見本", party=uuid.uuid4())
        self.people = {"party": self.party}
        for role in ("clerk", "counsellor"):
            user = User.objects.create_user(role, kind="staff", display_name=role)
            actors.grant(user, BODY, SERVICE, role, date(2026, 4, 1))
            self.people[role] = user
        self.case = self.act("party", "send", None, pin=PIN, refuge=REFUGE, **self.site).case_id

    site: dict[str, Any] = {"name": "見本公園", "place": "35.7, 139.8", "damage": {"road": {"count": 1}}}  # noqa: RUF012

    def act(self, who: str, action: str, case: Any, **data: Any) -> Any:
        from kiban.access import actors
        from kiban.cases import door
        from kiban.ops import clock

        actor = actors.actor_for(self.people[who], BODY, self.compiled.service, on=clock.today())
        return door.act(
            BODY, SERVICE, "survey", case, action, actor, data, idempotency_key=uuid.uuid4().hex, route="t"
        )

    def pages(self, who: str) -> Any:
        from django.test import Client

        client = Client()
        client.force_login(self.people[who])
        return client

    def api(self, who: str, path: str) -> Any:
        from django.test import Client

        from kiban.access import actors

        token = actors.new_token(self.people[who])
        return Client().get(f"/api/v1{path}", headers={"Authorization": f"Bearer {token}"})


@pytest.fixture
def survey(database: Any) -> Any:
    from kiban.kernel.scenarios.model import moment
    from kiban.ops import clock

    clock.set_clock(moment("2026-10-02T10:00"))
    yield Survey()
    clock.set_clock(None)


def _everything(partition: str) -> str:
    """Every row of every table that a partition sees, as text (sealed bytes in hex)."""
    from django.apps import apps
    from django.db import connection

    from kiban.access.scope import scope

    found = []
    with scope(partition), connection.cursor() as cursor:
        for model in apps.get_models():
            cursor.execute(f'SELECT t::text FROM "{model._meta.db_table}" t')
            found += [row for (row,) in cursor.fetchall()]
    return "\n".join(found)


def _hidden(text: str) -> bool:
    forms = [
        form for word in (PIN, REFUGE) for form in (word, word.encode().hex(), json.dumps(word).strip('"'))
    ]
    return not any(form in text for form in forms)


def test_it_stands_in_no_row(survey: Any) -> None:
    for partition in (BODY, survey.party.partition):
        text = _everything(partition)
        assert "見本公園" in text or partition != BODY  # what is not secret is found
        assert _hidden(text)


def test_rules_and_later_acts_still_see_it(survey: Any) -> None:
    assert survey.act("clerk", "give_back", survey.case).status == "done"
    refused = survey.act("party", "resend", survey.case, name="公園", place="35.7, 139.8", pin="短い")
    assert [(p.field, p.code) for p in refused.refusal.problems] == [("pin", "E-PIN")]
    done = survey.act("party", "resend", survey.case, name="公園", place="35.7, 139.8", pin="", refuge="")
    assert done.status == "done"  # left empty it stays, and the rule holds for what it is
    assert _secrets(survey, "counsellor") == {"pin": PIN, "refuge": REFUGE}
    survey.act("clerk", "give_back", survey.case)
    survey.act("party", "resend", survey.case, name="公園", place="35.7, 139.8", pin="べつのことば")
    assert _secrets(survey, "counsellor") == {"pin": "べつのことば", "refuge": REFUGE}
    assert _hidden(_everything(BODY))


def _secrets(survey: Any, who: str) -> dict[str, Any]:
    found: dict[str, Any] = survey.api(who, f"/bodies/{BODY}/cases/{survey.case}/secrets").json()
    return found


def test_only_its_readers_see_it_and_who_looked_is_written_down(survey: Any) -> None:
    from kiban.access.scope import scope
    from kiban.cases.models import AccessLog

    page = f"/desk/{BODY}/cases/{survey.case}/"
    mine = f"/my/cases/{BODY}/{survey.case}/"
    for who, path in (("clerk", page), ("party", mine)):
        said = survey.pages(who).get(f"{path}?secret=pin").content.decode()
        assert "見本公園" in said
        assert _hidden(said)
        assert "合言葉" not in said  # the section is not theirs
        assert _secrets(survey, who) == {}
    counsellor = survey.pages("counsellor")
    said = counsellor.get(page).content.decode()
    assert "（伏せています）" in said
    assert "?secret=pin" in said
    assert _hidden(said)
    said = counsellor.get(f"{page}?secret=pin").content.decode()
    assert PIN in said
    assert REFUGE not in said
    with scope(BODY):
        looked = AccessLog.objects.filter(what="secret").values_list("viewer", flat=True)
        assert str(survey.people["counsellor"].id) in set(looked)


def test_it_is_in_no_list_file_or_history(survey: Any) -> None:
    desk = f"/desk/{BODY}/{SERVICE}/"
    for who in ("clerk", "counsellor"):
        pages = survey.pages(who)
        for path in (desk, f"{desk}?q={PIN}"):
            said = pages.get(path).content.decode().replace(f'value="{PIN}"', "")
            assert _hidden(said), path
        file = b"".join(pages.get(f"{desk}cases.csv").streaming_content).decode()
        assert "見本公園" in file
        assert _hidden(file)
        for path in (f"/bodies/{BODY}/cases/{survey.case}", f"/bodies/{BODY}/cases/{survey.case}/events"):
            assert _hidden(json.dumps(survey.api(who, path).json(), ensure_ascii=False)), path
    marks = survey.api("counsellor", f"/bodies/{BODY}/cases/{survey.case}").json()["marks"]
    assert marks == {"pin": "sealed", "refuge": "sealed"}


def test_a_draft_holds_it_sealed(survey: Any) -> None:
    client = survey.pages("party")
    url = client.post(f"/apply/{BODY}/{SERVICE}/survey/").headers["Location"]
    step = url.rsplit("/", 2)[0] + "/shelter/"
    client.post(step, {"on": ["refuge", "pin"], "f.refuge": REFUGE, "f.pin": PIN, "do": "save"})
    assert _hidden(_everything(survey.party.partition))
    said = client.get(step).content.decode()
    assert PIN in said  # who types it sees it while typing
    assert _hidden(client.get(url.rsplit("/", 2)[0] + "/review/").content.decode())


def test_what_was_folded_is_what_stands(survey: Any) -> None:
    from kiban.cases.rebuild import rebuild

    result = rebuild(BODY, check=True)
    assert list(getattr(result, "differences", [])) == []


def test_where_a_secret_may_not_stand() -> None:
    from kiban.kernel.definitions.compile import compile_service
    from kiban.kernel.definitions.loader import DefinitionErrors, load_texts, read_folder

    def told(old: str, new: str) -> str:
        files = read_folder(FOLDER)
        assert old in files["service.yaml"]
        files["service.yaml"] = files["service.yaml"].replace(old, new, 1)
        with pytest.raises(DefinitionErrors) as found:
            compile_service(load_texts(files))
        return str(found.value)

    assert "readers" in told("        readers: [counsellor]\n", "")
    assert "searched" in told(
        "type: text, secret: true, max_length: 100", "type: text, secret: true, search: name"
    )
    for old, new in (
        ("title: '{name}'", "title: '{pin}'"),
        ("columns: [place]", "columns: [pin]"),
        ("value: damage.house.count + damage.school.count", "value: size(pin)"),
        ("{ja: 合言葉は4文字以上にしてください。", "{ja: '{pin}は短いです。'"),
    ):
        assert "would tell it" in told(old, new), new
    assert "section of a form" in told(
        "{ja: 程度, en: Degree}, type: choice,", "{ja: 程度, en: Degree}, type: choice, secret: true,"
    )
