"""Notices, delivered lists and webhooks through the API."""

from __future__ import annotations

import pytest

BODY = "131229"
HOOKS = f"/bodies/{BODY}/services/temporary-plate/webhooks"


def test_a_party_has_its_list_and_its_notices(person):
    resident = person()
    assert resident.get("/me/cases").data == {"items": [], "next": None}
    assert resident.get("/me/notices").data == {"items": [], "next": None, "unread": 0}
    assert resident.get("/me/notices?cursor=x").status_code == 400
    assert resident.post("/me/notices/x/read").status_code == 404
    assert person("clerk").get("/me/cases").status_code == 404
    assert person("clerk").get("/me/notices?body=131113").status_code == 404


def test_webhooks_are_registered_by_administrators(person):
    admin = person("body_admin", service="temporary-plate")
    said = {"label": "隣", "url": "https://example.com/hook", "types": ["kiban.case.opened"]}
    assert person("clerk", service="temporary-plate").get(HOOKS).status_code == 403
    assert person().get(HOOKS).status_code == 404
    made = admin.post(HOOKS, said)
    assert made.status_code == 201 and made.data["secret"].startswith("whsec_")
    (listed,) = admin.get(HOOKS).data["items"]
    assert listed["id"] == made.data["id"] and "secret" not in listed
    one = f"{HOOKS}/{made.data['id']}"
    assert admin.post(f"{one}/try").data["message"]
    assert [c["state"] for c in admin.get(f"{one}/calls").data["items"]] == ["waiting"]
    assert admin.post(f"{one}/rotate").data["secret"] != made.data["secret"]
    assert admin.post(f"{one}/stop").status_code == 200 and admin.post(f"{one}/resume").data["again"] == 0
    assert admin.post(f"{one}/other").status_code == 404
    assert admin.raw("DELETE", f"/api/v1{one}").status_code == 200
    assert admin.get(f"{one}/calls").status_code == 404


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"url": "https://169.254.169.254/"}, "url"),
        ({"url": "http://example.com/"}, "url"),
        ({"types": ["x"]}, "types"),
        ({"types": [[]]}, "types"),
        ({"types": "x"}, "types"),
        ({"label": ""}, "label"),
    ],
)
def test_a_webhook_that_can_not_be_is_refused(person, wrong, field):
    admin = person("body_admin", service="temporary-plate")
    said = {"label": "隣", "url": "https://example.com/hook", "types": ["kiban.case.opened"], **wrong}
    answer = admin.post(HOOKS, said)
    assert answer.status_code == 422
    assert [p["field"] for p in answer.data["problems"]] == [field]
