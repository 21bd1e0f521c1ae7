"""What the API shows, and to whom: what may not be seen is not there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.api.test_acting import BODY, GRANT, OPEN, contractor

__all__ = ["contractor"]
PDF = b"%PDF-1.4\n% invented for a test\n"
RECORDS = f"/bodies/{BODY}/services/house-subsidy/registries"


@pytest.fixture
def case(person: Callable[..., Any], contractor: str) -> tuple[Any, str]:
    """A resident and its case."""
    resident = person()
    made = resident.post(OPEN, {"data": {**GRANT, "contractor_no": "ｋ－００１"}})
    assert made.status_code == 201, made.data
    return resident, f"/bodies/{BODY}/cases/{made.data['id']}"


def test_the_owner_sees_its_case(case: tuple[Any, str]) -> None:
    resident, path = case
    answer = resident.get(path)
    assert answer.status_code == 200
    said = answer.data
    assert said["sections"]["works"]["contractor_no"] == "K-001"
    assert said["texts"]["contractor_no"] == "ｋ－００１"
    assert said["computed"]["amount"] == 150000
    assert [action["name"] for action in said["actions"]] == ["withdraw"]
    assert said["notices"][0]["subject"] == "申請を受け付けました"
    assert resident.get(path, **{"If-None-Match": answer.headers["ETag"]}).status_code == 304
    resident.language = "en"
    assert resident.get(path).data["state_label"] == "Submitted"


def test_others_get_the_answer_for_what_does_not_exist(
    case: tuple[Any, str], person: Callable[..., Any]
) -> None:
    _resident, path = case
    nowhere = f"/bodies/{BODY}/cases/01890000-0000-7000-8000-000000000000"
    strangers = [
        person(), person("statistician"), person("clerk", body="131105"), person("clerk", service="temporary-plate"),
    ]  # fmt: skip
    for stranger in strangers:
        for tail in ("", "/events", "/attachments/" + "5" * 64, f"/documents/{path[-36:]}"):
            hidden, absent = stranger.get(path + tail), stranger.get(nowhere + tail)
            assert hidden.status_code == absent.status_code == 404
            assert {**hidden.data, "instance": ""} == {**absent.data, "instance": ""}
        hidden, absent = stranger.post(f"{path}/acts/withdraw"), stranger.post(f"{nowhere}/acts/withdraw")
        assert (
            (hidden.status_code, hidden.data["code"])
            == (absent.status_code, absent.data["code"])
            == (404, "not_found")
        )
        assert stranger.get(f"/bodies/{BODY}/cases").data["items"] == []


def test_sections_have_readers(case: tuple[Any, str], person: Callable[..., Any]) -> None:
    resident, path = case
    clerk = person("clerk", name="受付 一郎")
    done = clerk.post(f"{path}/acts/check", {"data": {"site_visited": True, "review_note": "内部の所見"}})
    assert done.status_code == 200 and done.data["state"] == "review"
    assert clerk.get(path).data["sections"]["review"] == {"site_visited": True, "review_note": "内部の所見"}
    for tail in ("", "/events"):
        assert "内部の所見" not in resident.get(path + tail).content.decode()
        assert "受付 一郎" not in resident.get(path + tail).content.decode()
    mine = resident.get(f"{path}/events").data["items"]
    assert [(event["act"], event["actor"]) for event in mine] == [
        ("submit", {"kind": "party", "department": "", "role": ""}),
        ("check", {"kind": "staff", "department": "住宅課", "role": "住宅課の職員"}),
    ]  # fmt: skip
    inside = clerk.get(f"{path}/events").data["items"][1]
    assert inside["actor"]["name"] == "受付 一郎"
    assert inside["content"]["changes"]["values"]["review_note"] == "内部の所見"


def test_computed_values_have_readers(case: tuple[Any, str], person: Callable[..., Any]) -> None:
    """A labelled one is for everybody, one without a label for the office, one with readers for them."""
    resident, path = case
    clerk, manager = person("clerk"), person("manager")
    internal = {"over_cap": False, "audit_class": "A"}
    assert clerk.post(f"{path}/acts/check", {"data": {"site_visited": True}}).status_code == 200
    for reader, names in ((resident, set()), (clerk, {"over_cap"}), (manager, set(internal))):
        said = reader.get(path).data["computed"]
        assert said["amount"] == 150000
        assert {name: said[name] for name in internal if name in said} == {n: internal[n] for n in names}
        history = reader.get(f"{path}/events").data["items"]
        shown = [
            set((e.get("content") or {}).get("changes", {}).get("values", {})) & set(internal)
            for e in history
        ]
        assert shown == [names, set()]
    tried = "/bodies/131229/services/house-subsidy/procedures/grant/actions/submit/evaluate"
    assert not set(internal) & set(resident.post(tried, {"data": GRANT}).data["computed"])
    assert set(internal) & set(clerk.post(tried, {"data": GRANT}).data["computed"]) == {"over_cap"}


def test_a_tag_changes_with_whatever_the_answer_depends_on(
    case: tuple[Any, str], person: Callable[..., Any]
) -> None:
    """Not only with acts: here a value follows from a setting of the body."""
    from tests.scenarios import seeding

    from kiban.definitions import editions
    from kiban.ops import clock

    resident, path = case
    before = resident.get(path)
    assert before.data["computed"]["amount"] == 150000
    compiled = editions.current("house-subsidy", clock.today())
    seeding.set_parameters(compiled, BODY, {"cap": "100000"}, clock.today(), clock.now())
    after = resident.get(path, **{"If-None-Match": before.headers["ETag"]})
    assert after.status_code == 200 and after.data["computed"]["amount"] == 100000


def test_a_case_is_shown_as_of_one_moment(
    case: tuple[Any, str], person: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody acts between the reading of the case and that of its notices: neither shows the act."""
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connection

    from kiban.cases import queries

    resident, path = case
    plain = queries.notices

    def withdraw() -> None:
        try:
            assert resident.post(f"{path}/acts/check").status_code == 403
            assert clerk.post(f"{path}/acts/check").status_code == 200
            assert manager.post(f"{path}/acts/reject", {"data": {"reason": "見本"}}).status_code == 200
        finally:
            connection.close()

    def late(case_id: Any) -> Any:
        monkeypatch.setattr(queries, "notices", plain)
        with ThreadPoolExecutor(1) as pool:
            pool.submit(withdraw).result()
        return plain(case_id)

    clerk, manager = person("clerk"), person("manager")
    monkeypatch.setattr(queries, "notices", late)
    said = resident.get(path).data
    assert (said["seq"], said["state"], len(said["notices"])) == (1, "submitted", 1)
    again = resident.get(path).data
    assert (again["seq"], again["state"], len(again["notices"])) == (3, "rejected", 2)


def test_an_act_that_the_state_does_not_allow(case: tuple[Any, str], person: Callable[..., Any]) -> None:
    resident, path = case
    answer = person("manager").post(f"{path}/acts/decide")
    assert (answer.status_code, answer.data["code"]) == (409, "wrong_state")
    answer = resident.post(f"{path}/acts/check")
    assert (answer.status_code, answer.data["code"]) == (403, "not_allowed")
    answer = resident.post(f"{path}/acts/nothing")
    assert (answer.status_code, answer.data["code"]) == (404, "not_found")


def test_a_stale_page_is_told(case: tuple[Any, str], person: Callable[..., Any]) -> None:
    _resident, path = case
    clerk = person("clerk")
    answer = clerk.post(f"{path}/acts/check", {"if_seq": 7})
    assert (answer.status_code, answer.data["code"]) == (409, "stale")
    assert clerk.post(f"{path}/acts/check", {"if_seq": 1}).status_code == 200


def test_lists_are_paged_and_filtered(case: tuple[Any, str], person: Callable[..., Any]) -> None:
    resident, _path = case
    for n in range(4):
        assert resident.post(OPEN, {"data": {**GRANT, "owner_name": f"見本{n}子"}}).status_code == 201
    clerk, seen, cursor = person("clerk"), list[str](), ""
    while cursor is not None:
        page = clerk.get(
            f"/bodies/{BODY}/cases?service=house-subsidy&procedure=grant&limit=2&cursor={cursor}"
        ).data
        seen += [item["title"] for item in page["items"]]
        cursor = page["next"]
    assert len(seen) == len(set(seen)) == 5
    assert len(clerk.get(f"/bodies/{BODY}/cases?q=見本2").data["items"]) == 1
    assert len(clerk.get(f"/bodies/{BODY}/cases?state=entered").data["items"]) == 1
    assert len(resident.get(f"/bodies/{BODY}/cases").data["items"]) == 5


def test_records_are_for_the_body_alone(person: Callable[..., Any], contractor: str) -> None:
    clerk = person("clerk")
    one = clerk.get(f"{RECORDS}/contractors/records/K-001").data
    assert one["data"]["status"] == "registered"
    history = clerk.get(f"{RECORDS}/contractors/records/K-001/history").data
    assert [row["valid_from"] for row in history] == ["2026-10-02"]
    assert clerk.get(f"{RECORDS}/contractors/records?q=k-0").data["items"][0]["key"] == "K-001"
    for stranger in (
        person(),
        person("statistician"),
        person("clerk", body="131105", service="temporary-plate"),
    ):
        assert stranger.get(f"{RECORDS}/contractors/records").status_code == 404
        assert stranger.get(f"{RECORDS}/contractors/records/K-001").status_code == 404
    assert person("statistician").get(
        f"/bodies/{BODY}/services/house-subsidy/figures/awards_by_month"
    ).data["data"]["total"] == 0  # fmt: skip


def test_files_are_sent_first_and_named_then(case: tuple[Any, str], person: Callable[..., Any]) -> None:
    resident, _path = case
    kept = resident.upload("/attachments", "図面.pdf", PDF)
    assert (
        kept.status_code == 201 and kept.data["type"] == "application/pdf" and kept.data["size"] == len(PDF)
    )
    drawings = {"name": kept.data["name"], "sha256": kept.data["sha256"]}
    made = resident.post(OPEN, {"data": {**GRANT, "drawings": drawings}})
    assert made.status_code == 201, made.data
    path = f"/bodies/{BODY}/cases/{made.data['id']}/attachments/{kept.data['sha256']}"
    for reader in (resident, person("clerk")):
        found = reader.get(path)
        assert found.content == PDF and "sandbox" in found.headers["Content-Security-Policy"]
    assert person().get(path).status_code == 404


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "invalid"), (b"<script>", "invalid"), (b"%PDF-" + b"x" * 10 * 1024 * 1024, "too_long")],
)
def test_other_files_are_refused(person: Callable[..., Any], content: bytes, code: str) -> None:
    answer = person().upload("/attachments", "a.pdf", content)
    assert answer.status_code == 422 and answer.data["problems"][0]["code"] == code


def test_a_document_is_a_pdf(case: tuple[Any, str], person: Callable[..., Any]) -> None:
    resident, path = case
    person("clerk").post(f"{path}/acts/check", {"data": {"site_visited": True}})
    manager = person("manager")
    _budget(manager.user)
    done = manager.post(f"{path}/acts/decide")
    assert done.status_code == 200, done.data
    found = resident.get(done.data["documents"][0]["href"].removeprefix("/api/v1"))
    assert found.headers["Content-Type"] == "application/pdf" and found.content.startswith(b"%PDF-")
    assert resident.get(path).data["documents"][0]["label"] == "交付決定通知書"


def _budget(user: Any) -> None:
    from tests.scenarios import seeding

    from kiban.definitions import editions
    from kiban.kernel.facts import RecordChange
    from kiban.ops import clock

    edition = editions.current_id("house-subsidy", clock.today())
    compiled = editions.get(edition)
    seeding.append(
        compiled.procedures["contractor"], compiled, edition, BODY, clock.now(), state="entered",
        records=[RecordChange("budget", "2026", {"remaining": 1_000_000})],
    )  # fmt: skip


def test_who_i_am(person: Callable[..., Any]) -> None:
    said = person("clerk", "manager").get("/me").data
    assert said["roles"] == [
        {"body": BODY, "service": "house-subsidy", "roles": ["clerk", "manager"], "department": "住宅課"}
    ]
    assert person().get("/me").data["roles"] == []
