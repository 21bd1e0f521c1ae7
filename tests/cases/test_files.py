"""Attachments: kept once, seen by the partition that holds them; 受付番号 that nobody can guess."""

import hashlib

import pytest
from lending_office import BODY, NOW, OTHER

from kiban.access.scope import scope
from kiban.cases import files, numbers

PDF = b"%PDF-1.7 test"


def test_a_file_goes_with_the_act_into_the_body(office):
    with scope(office.party.partition):
        value = files.store("../申請 書類.pdf", PDF, at=NOW)
        assert value == {
            "name": "申請 書類.pdf",
            "sha256": hashlib.sha256(PDF).hexdigest(),
            "size": len(PDF),
            "type": "application/pdf",
        }
        assert files.store("again.pdf", PDF, at=NOW)["sha256"] == value["sha256"]
    with scope(BODY):
        assert files.read(value["sha256"]) is None
    opened = office.submit(form={"paper": {"name": value["name"], "sha256": value["sha256"]}})
    assert opened.status == "done", opened.refusal
    with scope(BODY):
        row, content = files.read(value["sha256"])
        assert (row.name, row.type, content) == ("申請 書類.pdf", "application/pdf", PDF)
    with scope(OTHER):
        assert files.read(value["sha256"]) is None
        assert files.read("../../secrets/data.key") is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"MZ\x90", "type"),
        (b"<html>%PDF-", "type"),
        (b"%PDF-" + bytes(files.LIMIT), "too_large"),
    ],
)
def test_a_file_that_is_not_taken(office, content, reason):
    with scope(BODY), pytest.raises(files.FileRefused) as refused:
        files.store("x.pdf", content, at=NOW)
    assert refused.value.reason == reason


def test_numbers_are_random_and_read_as_people_type_them():
    found = {numbers.case_number() for _ in range(2000)}
    assert len(found) == 2000
    for number in list(found)[:50]:
        assert len(number) == 11
        assert not set(number) & set("ILOU")
        assert (
            numbers.as_typed(number.lower().replace("-", " ").replace("0", "o").replace("1", "l")) == number
        )
    code = numbers.verification_code()
    assert numbers.as_typed(code.replace("-", "").lower()) == code
