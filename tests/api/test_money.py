"""Money through the API: the ledger for staff and machines, payments of a case, paying online."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.api.conftest import BODY

Person = Callable[..., Any]
PLACE = f"/bodies/{BODY}/services/temporary-plate"
LEDGER = f"{PLACE}/collections"

DATA = {
    "applicant_kind": "individual", "applicant_name": "見本 花子", "applicant_phone": "03-0000-0000",
    "applicant_address": {"text": "東京都葛飾区立石五丁目13番1号"}, "receiver_same": True, "vehicle_name": "トヨタ",
    "vehicle_class": "ordinary", "vehicle_shape": "box", "chassis_no": "NZE121-0000001", "purpose_code": "inspect",
    "route_from": {"text": "東京都葛飾区立石"}, "route_to": {"text": "東京都足立区南花畑"}, "period_from": "2026-10-05",
    "period_to": "2026-10-06", "insurance_exempt": False, "insurer": "見本損害保険", "insurance_no": "A-1",
    "insurance_from": "2026-10-01", "insurance_to": "2026-11-01", "vehicle_doc_kind": "inspection_certificate",
    "vehicle_doc_is_copy": False,
}  # fmt: skip


@pytest.fixture
def due(person: Person) -> tuple[Any, str]:
    """A resident whose fee is due, and the address of the case."""
    resident, papers = person(), []
    for kind in ("insurance", "vehicle_doc"):
        sent = resident.upload("/attachments", f"{kind}.pdf", b"%PDF-1.7\n" + kind.encode())
        papers.append({"kind": kind, "file": sent.data})
    opened = resident.post(f"{PLACE}/procedures/permit/cases", {"data": {**DATA, "attachments": papers}})
    assert opened.status_code == 201, opened.data
    case = f"/bodies/{BODY}/cases/{opened.data['id']}"
    assert person("clerk", service="temporary-plate").post(f"{case}/acts/accept").status_code == 200
    assert person("approver", service="temporary-plate").post(f"{case}/acts/approve").status_code == 200
    return resident, case


def pay(person: Person, case: str, **data: Any) -> Any:
    clerk = person("clerk", service="temporary-plate")
    return clerk.post(f"{case}/acts/pay", {"data": {"amount": 750, "method": "cash", **data}})


def test_the_ledger_for_staff_and_machines(person: Person, due: tuple[Any, str]) -> None:
    resident, case = due
    clerk = person("clerk", service="temporary-plate")
    assert clerk.get(LEDGER).data == {"items": [], "totals": [], "next": None}
    assert pay(person, case, method="cashless", reference="t-1").status_code == 200
    found = clerk.get(LEDGER).data
    (item,) = found["items"]
    assert (item["do"], item["amount"], item["receipt"], item["reference"]) == (
        "settle",
        750,
        "R08-00001",
        "T-1",
    )
    assert item["payer"] == "見本 花子"
    assert item["account"] == "使用料及び手数料／手数料"
    assert clerk.get(item["href"].removeprefix("/api/v1")).status_code == 200
    assert found["totals"] == [
        {"charge": "fee", "method": "cashless", "count": 1, "taken": 750, "back": 0, "net": 750}
    ]
    page = clerk.get(f"{LEDGER}?all=true&limit=1").data
    assert [i["do"] for i in page["items"]] == ["raise"]
    page = clerk.get(f"{LEDGER}?all=true&limit=1&cursor={page['next']}").data
    assert [(i["do"], i["running"]) for i in page["items"]] == [("settle", 750)]
    assert clerk.get(f"{LEDGER}?cursor=zzz").status_code == 400
    assert clerk.get(f"{LEDGER}?from=never").status_code == 422
    assert clerk.get(f"{LEDGER}?from=2026-09-01&to=2026-09-30").data["items"] == []
    assert resident.get(LEDGER).status_code == 404
    assert person("mlit", service="temporary-plate").get(LEDGER).status_code == 404
    assert person("clerk", service="temporary-plate", body="131211").get(LEDGER).status_code == 404


def test_a_case_says_what_was_paid_and_can_be_paid_online(
    person: Person, due: tuple[Any, str], settings
) -> None:
    from kiban.money import sandbox

    settings.KIBAN_PAYMENT_ADAPTER = "kiban.money.sandbox.Sandbox"
    resident, case = due
    fee = resident.get(case).data["charges"]["fee"]
    assert (fee["label"], fee["balance"], fee["excess"]) == ("手数料", 750, 0)
    found = resident.get(f"{case}/payments").data
    assert (found["payable"], found["online"]) == ({"fee": 750}, [])
    begun = resident.post(f"{case}/payments", {"charge": "fee"})
    assert begun.status_code == 201
    reference = begun.data["reference"]
    assert begun.data["url"].endswith(f"/demo/payments/{reference}/")
    assert resident.post(f"{case}/payments", {"charge": "fee"}).data["reference"] == reference
    headers, content = sandbox.says("e1", reference, "paid", 750)
    from django.test import Client as Plain

    assert (
        Plain()
        .post("/payments/notify/", content, content_type="application/json", headers=headers)
        .status_code
        == 204
    )
    found = resident.get(f"{case}/payments").data
    assert [(i["do"], i["reference"]) for i in found["items"]] == [("raise", ""), ("settle", reference)]
    assert (found["payable"], found["online"][0]["state"], found["online"][0]["url"]) == ({}, "paid", "")
    again = resident.post(f"{case}/payments", {"charge": "fee"})
    assert (again.status_code, again.data["code"]) == (409, "not_offered")
    assert resident.post(f"{case}/payments", {}).status_code == 422
    assert resident.post(f"{case}/payments", {"charge": ["x"]}).status_code in (400, 422)
    assert person().get(f"{case}/payments").status_code == 404
    assert (
        person("clerk", service="temporary-plate").post(f"{case}/payments", {"charge": "fee"}).status_code
        == 404
    )


def test_it_is_described(anybody: Any) -> None:
    paths = anybody.get("/openapi.json").data["paths"]
    assert any(path.endswith("/collections") for path in paths)
    assert any(path.endswith("/cases/{case}/payments") for path in paths)
