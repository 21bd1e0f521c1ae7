"""A body's settings: inside bounds with the article, from a day, with who and why; for administrators only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.web.applying import apply
from tests.web.conftest import BODY, Pages

Person = Callable[..., Pages]
Words = Callable[[str], str]
SETTINGS = f"/desk/{BODY}/temporary-plate/settings/"
FEE = f"{SETTINGS}parameters/fee/"


@pytest.fixture
def admin(person: Person) -> Pages:
    return person("body_admin", name="見本 管理")


def _fee(on: date, body: str = BODY) -> object:
    from kiban.definitions import editions, parameters

    compiled = editions.current("temporary-plate", on)
    return parameters.resolve(compiled, body, on)["fee"]


def test_only_the_administrator_sets(person: Person, admin: Pages, anybody: Pages, words: Words) -> None:
    clerk, elsewhere = person("clerk"), person("body_admin", body="131211")
    pages = ["", "parameters/fee/", "participation/", "closed-days/", "office/", "people/", "history/"]
    for name in pages:
        admin.get(SETTINGS + name)
        assert "権限がありません" in words(clerk.get(SETTINGS + name, 403))
        elsewhere.get(SETTINGS + name, 404)
        person().get(SETTINGS + name, 404)
        anybody.get(SETTINGS + name)
        assert SETTINGS not in anybody.url
    assert "団体の設定" not in words(clerk.get(f"/desk/{BODY}/temporary-plate/"))
    clerk.post(FEE, {"do": "save", "value": "0", "from": "2026-10-05", "why": "x"}, 403)
    assert _fee(date(2026, 10, 5)) == 750


def test_a_parameter_inside_its_bounds(admin: Pages, words: Words) -> None:
    page = words(admin.get(SETTINGS))
    assert "手数料" in page
    assert "750円" in page
    assert "国の値のとおり" in page
    said = {"do": "save", "value": "900", "from": "令和9年4月1日", "why": "手数料条例の改正"}
    assert "値を設定しました" in words(admin.post(FEE, said))
    assert [_fee(date(2027, 3, 31)), _fee(date(2027, 4, 1)), _fee(date(2027, 4, 1), "131211")] == [
        750,
        900,
        750,
    ]
    page = words(admin.get(FEE))
    assert "手数料条例の改正" in page
    assert "見本 管理" in page
    page = words(admin.post(FEE, {**said, "value": "2000"}, 422))
    assert "「手数料」は0から1500までの値にしてください（手数料条例）" in page
    assert "過ぎた日" in words(admin.post(FEE, {**said, "from": "2026-10-01"}, 422))
    assert "入力してください" in words(admin.post(FEE, {**said, "why": ""}, 422))
    assert "条例" in words(admin.get(f"{SETTINGS}history/"))
    admin.get(f"{SETTINGS}parameters/max_days/", 404)  # the nation's alone
    admin.get(f"{SETTINGS}parameters/none/", 404)


def test_a_coming_value_is_taken_back(admin: Pages, words: Words) -> None:
    admin.post(FEE, {"do": "save", "value": "900", "from": "2027-04-01", "why": "改正"})
    assert "これから適用される値を取り消しました" in words(admin.post(FEE, {"undo": "2027-04-01"}))
    assert _fee(date(2027, 4, 1)) == 750
    assert "取消し" in words(admin.get(FEE))
    admin.post(FEE, {"do": "save", "value": "800", "from": "2026-10-02", "why": "改正"})
    assert _fee(date(2026, 10, 2)) == 800
    assert "すでに適用されている" in words(admin.post(FEE, {"undo": "2026-10-02"}, 422))
    admin.post(FEE, {"undo": "x"}, 422)


def test_the_effect_on_an_example(person: Person, admin: Pages, words: Words) -> None:
    assert "案件が、まだありません" in words(admin.post(FEE, {"do": "try", "value": "900"}))
    apply(person())
    page = words(admin.post(FEE, {"do": "try", "value": "900"}))
    assert "手数料 750円 900円" in page
    assert _fee(date(2026, 10, 2)) == 750  # nothing was set
    url = f"{SETTINGS}parameters/allowed_purposes/"
    page = words(admin.post(url, {"do": "try", "value": ["inspect", "register"]}, 422))
    assert "外せません（道路運送車両法35条1項）" in page
    url = f"{SETTINGS}parameters/plate_order/"
    assert "変わるところはありません" in words(admin.post(url, {"do": "try", "value": "oldest_returned"}))


def test_participation(admin: Pages, words: Words) -> None:
    from kiban.access import participation
    from kiban.definitions import editions

    url = f"{SETTINGS}participation/"
    assert "参加する" in words(admin.get(url))
    admin.post(url, {"level": "none", "from": "2027-04-01", "why": "廃止"})
    service = editions.current("temporary-plate", date(2026, 10, 2)).service
    assert participation.level(service, BODY, date(2027, 3, 31)) == "full"
    assert participation.level(service, BODY, date(2027, 4, 1)) == "none"
    page = words(admin.post(url, {"level": "some", "from": "2027-04-01", "why": "x"}, 422))
    assert "参加の度合いを選んでください" in page


def test_closed_days(admin: Pages, words: Words) -> None:
    from kiban.access import participation

    url = f"{SETTINGS}closed-days/"
    assert "スポーツの日" in words(admin.get(url))
    said = {
        "do": "add",
        "first": "2026-12-25",
        "last": "2026-12-28",
        "reason": "年末の整理",
        "kind": "closed",
    }
    assert "4日を登録しました" in words(admin.post(url, said))
    assert not participation.calendar(BODY).is_open(date(2026, 12, 25))
    assert participation.calendar("131211").is_open(date(2026, 12, 25))
    admin.post(url, {"remove": "2026-12-25"})
    assert participation.calendar(BODY).is_open(date(2026, 12, 25))
    assert "最初の日より前" in words(admin.post(url, {**said, "last": "2026-12-24"}, 422))
    admin.post(url, {**said, "last": "2099-12-24"}, 422)
    assert "2027" in words(admin.get(f"{url}?year=2027"))
    admin.get(f"{url}?year=99999")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp932"])
def test_closed_days_from_a_file(admin: Pages, words: Words, encoding: str) -> None:
    from kiban.access import participation

    url = f"{SETTINGS}closed-days/"

    def send(text: str, status: int) -> str:
        file = SimpleUploadedFile("days.csv", text.encode(encoding))
        return words(admin.post(url, {"do": "import", "file": file}, status))

    page = send("日付,理由\n2027-01-04,創立記念日\n令和9年13月1日,誤り\n2020-01-01,過去\n", 422)
    assert "3行目" in page
    assert "4行目" in page
    assert participation.calendar(BODY).is_open(date(2027, 1, 4))  # all or none
    assert "2日を登録しました" in send("日付,理由\n2027-01-04,創立記念日\n2027/01/05,同\n", 200)
    assert not participation.calendar(BODY).is_open(date(2027, 1, 5))
    assert "日付の行がありません" in send("", 422)


def test_the_counter_is_shown_to_residents(admin: Pages, anybody: Pages, words: Words) -> None:
    said = {
        "name": "区民課窓口",
        "phone": "03-0000-1111",
        "email": "a@example.jp",
        "hours": "8時30分〜17時",
        "departments": "区民課\n道路課\n",
    }
    admin.post(f"{SETTINGS}office/", said)
    page = words(anybody.get(f"/procedures/temporary-plate/permit/body/{BODY}/"))
    assert "区民課窓口" in page
    assert "8時30分〜17時" in page
    assert "メールアドレスを確かめて" in words(
        admin.post(f"{SETTINGS}office/", {**said, "email": "a b"}, 422)
    )


def test_people_and_roles(admin: Pages, words: Words) -> None:
    from kiban.access.models import RoleGrant, SettingChange, User
    from kiban.access.scope import scope

    url = f"{SETTINGS}people/"
    said: dict[str, Any] = {
        "username": "sato", "display_name": "佐藤 見本", "role": "clerk", "department": "区民課", "from": "2026-10-02",
        "why": "異動",
    }  # fmt: skip
    assert "役割を付けました" in words(admin.post(url, said))
    assert "佐藤 見本" in words(admin.get(url))
    deputy = {**said, "username": "ito", "display_name": "伊藤 見本", "deputy_for": "sato", "why": "休暇"}
    assert "代理の最後の日" in words(admin.post(url, deputy, 422))
    admin.post(url, {**deputy, "to": "2026-10-09"})
    assert "佐藤 見本の代理" in words(admin.get(url))
    assert "代理される人は" in words(
        admin.post(url, {**deputy, "to": "2026-10-09", "deputy_for": "nobody"}, 422)
    )
    for other in ("applicant", "mlit", "system", "none"):  # no staff of the body, or given by the ministry
        admin.post(url, {**said, "role": other}, 422)
    admin.post(url, {**said, "username": "new", "display_name": ""}, 422)
    grant = RoleGrant.objects.get(user__username="sato")
    admin.post(url, {"end": str(grant.id), "last_day": "2026-10-02", "end_why": "退職"})
    assert RoleGrant.objects.get(id=grant.id).to_date == date(2026, 10, 2)
    admin.post(url, {"end": "nothing", "last_day": "2026-10-02", "end_why": "x"})
    with scope(BODY):
        kinds = list(SettingChange.objects.order_by("at", "id").values_list("kind", "by_name", "why"))
    assert kinds == [
        ("grant", "見本 管理", "異動"), ("grant", "見本 管理", "休暇"), ("grant_ended", "見本 管理", "退職"),
    ]  # fmt: skip
    own = RoleGrant.objects.get(user=User.objects.get(display_name="見本 管理"))
    page = words(admin.post(url, {"end": str(own.id), "last_day": "2026-10-02", "end_why": "x"}, 422))
    assert "一人もいなくなります" in page


def test_what_was_set_stays_written(admin: Pages) -> None:
    from django.db import ProgrammingError

    from kiban.access.models import SettingChange
    from kiban.access.scope import scope

    admin.post(FEE, {"do": "save", "value": "900", "from": "2027-04-01", "why": "改正"})
    with pytest.raises(ProgrammingError, match="permission denied"), scope(BODY):
        SettingChange.objects.filter(body=BODY).delete()


def test_the_calendar_of_coming_changes(admin: Pages, anybody: Pages, words: Words) -> None:
    from tests.web.test_edition_changes import _publish_seven_days

    assert "運行の期間の上限" not in words(anybody.get("/changes/"))
    assert "「対象となる工事費の下限」が 80,000円 になります" in words(
        anybody.get("/changes/")
    )  # dated in its edition
    _publish_seven_days()
    admin.post(FEE, {"do": "save", "value": "900", "from": "2027-04-01", "why": "改正"})
    nation, own = words(anybody.get("/changes/")), words(anybody.get(f"/bodies/{BODY}/changes/"))
    for page in (nation, own):
        assert "令和8年10月5日" in page
        assert "「運行の期間の上限」: 5日 → 7日" in page
    assert "「手数料」が 900円 になります" in own
    assert "手数料" not in nation
    anybody.get("/bodies/000000/changes/", 404)


def test_the_effect_of_the_service(person: Person, words: Words) -> None:
    from kiban.kernel.scenarios.model import moment
    from kiban.ops import clock
    from tests.web.test_desk import act

    resident = person()
    apply(resident)
    case = (
        resident.url.removesuffix("received/")
        .replace("/my/cases/", "/desk/")
        .replace(f"{BODY}/", f"{BODY}/cases/")
    )
    clock.set_clock(moment("2026-10-04T10:00"))
    act(person("clerk"), case, "accept")
    act(person("approver"), case, "approve")
    page = words(person("clerk").get(f"/desk/{BODY}/temporary-plate/effect/"))
    assert "2026-10 臨時運行許可の申請 1 1 0 100% 2.0 2.0" in page
    clerk = person("clerk", language="en")
    text = clerk.get(f"/desk/{BODY}/temporary-plate/effect.csv")
    assert text.startswith("\ufeffmonth,procedure,opened")
    assert ",1,1,0,1,0,0,100,2.0,2.0" in text
    person("mlit").get(f"/desk/{BODY}/temporary-plate/effect/", 404)
