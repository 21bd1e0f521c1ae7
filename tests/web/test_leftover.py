"""A draft whose procedure, edition or case is gone: its page says so, shows what was typed, and deletes it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from kiban.access.scope import scope
from kiban.cases.models import Draft
from tests.web.applying import begin
from tests.web.conftest import BODY, Pages

Person = Callable[..., Pages]
Words = Callable[[str], str]


def _begun(resident: Pages, **changed: Any) -> str:
    """A draft with a name typed, then changed under its person's feet; its address."""
    page = begin(resident)
    resident.fill(page, applicant_name="𠮷田　髙志", applicant_kind="corporation", status=422)
    assert resident.user is not None
    with scope(resident.user.partition):
        draft = Draft.objects.get(body=resident.user.partition)
        Draft.objects.filter(body=draft.body, id=draft.id).update(**changed)
    return resident.url


@pytest.mark.parametrize(
    "changed",
    [
        {"procedure": "gone"},
        {"action": "gone"},
        {"service": "gone"},
        {"edition": "0" * 64},
        {"edition": "0" * 64, "procedure": "gone"},
        {"case_id": "00000000-0000-0000-0000-000000000000"},
    ],
    ids=lambda changed: "-".join(changed),
)
def test_what_was_typed_is_shown_and_can_be_deleted(
    person: Person, changed: dict[str, Any], words: Words
) -> None:
    resident = person()
    url = _begun(resident, **changed)
    page = resident.get(url)
    if changed == {
        "edition": "0" * 64
    }:  # only the older edition is unknown: the draft goes on under the one in force
        assert 'value="𠮷田　髙志"' in page
        return
    said = words(page)
    assert "この下書きは続けられません" in said
    assert "𠮷田　髙志" in said
    assert ("氏名又は名称" in said) == ("action" not in changed and "procedure" not in changed)
    mine = resident.get("/my/")
    assert url in mine
    delete = re.search(r'action="(/drafts/[^"]+/delete/)"', page)
    assert delete
    assert "下書きを削除しました" in words(resident.post(delete[1], {}))
    resident.get(url, 404)


def test_nothing_is_sent_from_it(person: Person, words: Words) -> None:
    resident = person()
    url = _begun(resident, procedure="gone")
    page = resident.post(url, {"do": "next", "on": ["applicant_name"], "f.applicant_name": "x"})
    assert "この下書きは続けられません" in words(page)
    assert "𠮷田　髙志" in words(page)


def test_others_do_not_see_it(person: Person) -> None:
    url = _begun(person(), procedure="gone")
    person().get(url, 404)
    person("clerk").get(url, 404)


def test_a_step_that_is_gone_leads_to_the_first(person: Person) -> None:
    resident = person()
    url = _begun(resident)
    resident.get(url.replace("/applicant/", "/no-such-step/"))
    assert resident.url == url


def test_a_clerk_deletes_a_draft_of_a_procedure_that_is_gone(person: Person, words: Words) -> None:
    clerk = person("clerk")
    clerk.post(f"/desk/{BODY}/temporary-plate/new/permit/", {})
    url = clerk.url
    with scope(BODY):
        Draft.objects.filter(body=BODY).update(procedure="gone")
    page = clerk.get(url)
    assert "この下書きは続けられません" in words(page)
    assert "入力された内容はありません" in words(page) or "入力していた内容" in words(page)
    delete = re.search(r'action="(/drafts/[^"]+/delete/)"', page)
    assert delete
    clerk.post(delete[1], {})
    assert clerk.url.startswith("/desk/")
    clerk.get(url, 404)


def test_a_file_of_a_colleague_is_not_attached_by_its_digest(person: Person, words: Words) -> None:
    from kiban.cases import files
    from kiban.ops import clock
    from tests.web.applying import PDF

    one, other = person("clerk"), person("clerk")
    assert one.user is not None
    with scope(BODY, viewer=str(one.user.id)):
        kept = files.store("他の案件.pdf", PDF, at=clock.now())
    for clerk, taken in ((other, False), (one, True)):
        clerk.post(f"/desk/{BODY}/temporary-plate/new/permit/", {})
        url = clerk.url.rsplit("/", 2)[0] + "/papers/"
        clerk.post(url, {"do": "add:attachments", "on": ["attachments"]})
        data = {
            "do": "save",
            "on": "attachments",
            "f.attachments.1.kind": "other",
            "f.attachments.1.file": kept["sha256"],
        }
        assert ("他の案件.pdf" in words(clerk.post(url, data))) == taken
