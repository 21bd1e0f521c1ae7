"""A body's own fields through the API: in its form's schema, in its cases, set by its administrators."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.api.conftest import BODY

Person = Callable[..., Any]
SERVICE = f"/bodies/{BODY}/services/temporary-plate"
FIELDS = f"{SERVICE}/settings/fields"
SCHEMA = f"{SERVICE}/procedures/permit/actions/submit/schema"
NAME = f"local.{BODY}.q1"
SAID = {
    "label": "駐車場の番号", "label_en": "Parking lot", "type": "choice", "choices": "一番 | First\n二番 | Second",
    "required": "true", "from": "2026-10-02", "why": "要綱3条",
}  # fmt: skip


def _admin(person: Person) -> Any:
    return person("body_admin", service="temporary-plate")


def test_the_form_of_the_body_has_its_fields(person: Person) -> None:
    admin = _admin(person)
    added = admin.post(f"{FIELDS}/permit_application/route", SAID, key=None)
    assert (added.status_code, added.data["name"]) == (200, NAME)
    for who in (person(), person("clerk", service="temporary-plate")):
        schema = who.get(SCHEMA).data
        assert schema["x-body"] == BODY
        assert NAME in schema["required"]
        assert schema["properties"][NAME]["title"] == "駐車場の番号"
        assert schema["properties"][NAME]["x-section"] == "route"
    national = admin.get(
        "/services/temporary-plate/editions/current/procedures/permit/actions/submit/schema"
    ).data
    assert NAME not in national["properties"]
    other = person("clerk", service="temporary-plate", body="131211")
    assert other.get(SCHEMA).status_code == 404
    assert NAME not in other.get(SCHEMA.replace(BODY, "131211")).data["properties"]


def test_it_is_judged_with_the_form(person: Person) -> None:
    _admin(person).post(f"{FIELDS}/permit_application/route", SAID, key=None)
    resident = person()
    path = f"{SERVICE}/procedures/permit/actions/submit/evaluate"

    def told(data: dict[str, Any]) -> list[str]:
        found = resident.post(path, {"data": data}, key=None).data
        return [problem["code"] for problem in found["problems"] if problem["field"] == NAME]

    assert told({}) == ["required"]
    assert told({NAME: "三番"}) == ["not_in_list"]
    assert told({"local": {BODY: {"q1": "二番"}}}) == []
    assert told({NAME: "1"}) == []


def test_setting_changing_and_retiring(person: Person) -> None:
    admin = _admin(person)
    places = {(item["form"], item["section"]): item for item in admin.get(FIELDS).data}
    assert places["permit_application", "route"]["most"] == 5
    assert (
        admin.post(f"{FIELDS}/permit_application/route", {**SAID, "type": "file"}, key=None).status_code
        == 422
    )
    assert admin.post(f"{FIELDS}/permit_application/period", SAID, key=None).status_code == 422
    assert admin.post(f"{FIELDS}/permit_application/route", {**SAID, "x": 1}, key=None).status_code == 422
    admin.post(f"{FIELDS}/permit_application/route", SAID, key=None)
    one = f"{FIELDS}/permit_application/route/q1"
    later = {**SAID, "label": "変えた質問", "choices": "二番\n三番", "from": "2027-04-01"}
    changed = admin.post(one, later, key=None).data
    assert changed["now"]["label"]["ja"] == "駐車場の番号"
    (coming,) = changed["coming"]
    assert {code: item.get("valid_to") for code, item in coming["options"].items()} == {
        "2": None, "3": None, "1": "2027-03-31",
    }  # fmt: skip
    assert admin.raw("DELETE", f"/api/v1{one}/2027-04-01").status_code == 200
    assert admin.raw("DELETE", f"/api/v1{one}/2026-10-02").status_code == 422  # it is asked already
    assert admin.raw("DELETE", f"/api/v1{one}/2027-04-01").status_code == 404
    said = {"from": "2027-01-01", "why": "終了"}
    assert admin.post(f"{one}/retire", said, key=None).status_code == 200
    assert admin.post(f"{FIELDS}/permit_application/route/q7/retire", said, key=None).status_code == 404
    (place,) = [item for item in admin.get(FIELDS).data if item["section"] == "route"]
    assert place["fields"][0]["coming"][0]["retired"] is True
    kinds = [line["kind"] for line in admin.get(f"{SERVICE}/settings/history").data]
    assert kinds == ["local_field_retired", "local_field_undone", "local_field", "local_field"]


def test_who_may_set_them(person: Person) -> None:
    assert person("clerk", service="temporary-plate").get(FIELDS).status_code == 403
    assert person().get(FIELDS).status_code == 404
    other = person("body_admin", service="temporary-plate", body="131211")
    assert other.post(f"{FIELDS}/permit_application/route", SAID, key=None).status_code == 404
