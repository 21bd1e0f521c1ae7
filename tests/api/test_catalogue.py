"""Services, forms and bodies as anybody may ask for them."""

from __future__ import annotations

from typing import Any

import pytest

from kiban.kernel.dates import JST

pytestmark = pytest.mark.usefixtures("published")


def test_services_speak_the_language_of_the_caller(anybody: Any) -> None:
    found = {item["slug"]: item for item in anybody.get("/services").data}
    assert found["house-subsidy"]["label"] == "住宅改修補助金"
    assert found["temporary-plate"]["href"] == "/api/v1/services/temporary-plate"
    anybody.language = "en"
    english = {item["slug"]: item for item in anybody.get("/services").data}
    assert english["house-subsidy"]["label"] == "Subsidy for home renovation"


def test_a_service_names_its_procedures_and_actions(anybody: Any) -> None:
    found = anybody.get("/services/house-subsidy").data
    procedures = {item["name"]: item for item in found["procedures"]}
    assert set(procedures) == {"grant", "contractor"}
    actions = {item["name"]: item for item in procedures["grant"]["actions"]}
    assert actions["submit"]["opens"] and actions["submit"]["roles"] == ["applicant", "clerk"]
    assert actions["decide"]["from"] == ["review"]
    assert found["editions"][0]["id"] == found["edition"]
    assert anybody.get(actions["submit"]["schema"].removeprefix("/api/v1")).status_code == 200


def test_the_form_of_an_action_is_a_json_schema(anybody: Any) -> None:
    answer = anybody.get("/services/house-subsidy/editions/current/procedures/grant/actions/submit/schema")
    assert answer.headers["Content-Type"] == "application/schema+json"
    schema = answer.data
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["required"] == [
        "owner_name", "owner_kana", "account_holder_same", "house_address", "ownership", "floor_area",
        "contractor_no", "items", "starts_on",
    ]  # fmt: skip
    assert schema["additionalProperties"] is False
    assert schema["properties"]["account_holder"]["x-required-when"] == "!account_holder_same"
    assert schema["properties"]["items"]["type"] == "array"
    assert schema["x-law"] == "要綱5条"
    again = anybody.get(
        f"/services/house-subsidy/editions/{schema['x-edition']}/procedures/grant/actions/submit/schema",
        **{"If-None-Match": answer.headers["ETag"]},
    )
    assert again.status_code == 304


def test_the_openapi_document_holds_every_form(anybody: Any) -> None:
    answer = anybody.get("/openapi.json")
    document = answer.data
    assert document["openapi"].startswith("3.1")
    names = set(document["components"]["schemas"])
    edition = anybody.get("/services/house-subsidy").data["edition"]
    assert f"house-subsidy.{edition[:12]}.grant.submit" in names
    assert f"house-subsidy.{edition[:12]}.contractor.propose" in names
    assert not any(name.endswith(".lapse") for name in names)  # what only the system does is nobody's form
    assert sum(name.startswith("temporary-plate.") for name in names) > 10
    assert anybody.get("/openapi.json", **{"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_an_edition_changes_the_document(anybody: Any) -> None:
    from datetime import datetime

    from tests.api.conftest import FIXTURE

    from kiban.definitions.publish import publish_texts
    from kiban.kernel.definitions.loader import read_folder
    from kiban.ops import clock

    before = anybody.get("/openapi.json").headers["ETag"]
    files = read_folder(FIXTURE)
    files["service.yaml"] = files["service.yaml"].replace("in_force: 2026-04-01", "in_force: 2026-11-01")
    publish_texts(files)
    assert anybody.get("/openapi.json").headers["ETag"] == before  # not in force yet
    clock.set_clock(datetime(2026, 11, 1, tzinfo=JST))
    assert anybody.get("/openapi.json").headers["ETag"] != before


def test_bodies_are_found_by_any_part(anybody: Any) -> None:
    assert anybody.get("/bodies?q=かつしか").data[0]["code"] == "131229"
    one = anybody.get("/bodies/131229").data
    assert one["name"] == "葛飾区" and one["participation"]["house-subsidy"] == "full"
    assert anybody.get("/bodies/015644").data["participation"]["temporary-plate"] == "none"


@pytest.mark.parametrize(
    "path",
    [
        "/nothing", "/services/none", "/services/house-subsidy/editions/x/procedures/grant/actions/submit/schema",
        "/services/temporary-plate/editions/current/procedures/grant/actions/submit/schema", "/bodies/000000",
        "/services/house-subsidy/editions/current/procedures/grant/actions/none/schema", "/bodies/%F0%9F%98%80",
    ],
)  # fmt: skip
def test_what_is_not_there_is_a_problem_document(anybody: Any, path: str) -> None:
    answer = anybody.get(path)
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.data["code"] == "not_found" and answer.data["title"] == "見つかりません"


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "limit=99999999999999999999999", "q=" + "x" * 201])
def test_wrong_parameters_are_problems(anybody: Any, query: str) -> None:
    answer = anybody.get(f"/bodies?{query}")
    assert answer.status_code == 422
    assert answer.data["problems"][0]["field"] in ("limit", "q")


def test_a_wrong_method_is_refused(anybody: Any) -> None:
    answer = anybody.raw("DELETE", "/api/v1/services")
    assert answer.status_code == 405
    assert answer.data["code"] == "method_not_allowed" and answer.headers["Allow"] == "GET"
