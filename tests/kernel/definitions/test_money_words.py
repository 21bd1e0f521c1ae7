"""The words of money: what leads nowhere is told, what changes is said, and charges add up as they should."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from kiban.kernel.definitions.compile import CompiledService, compile_service
from kiban.kernel.definitions.difference import difference
from kiban.kernel.definitions.lint import advice
from kiban.kernel.definitions.loader import DefinitionErrors, read_folder, read_texts

FOLDER = Path(__file__).resolve().parents[3] / "services" / "temporary-plate"


def compiled(*changes: tuple[str, str, str]) -> CompiledService:
    """The first service with texts of its files changed: (file, old, new)."""
    texts = read_folder(FOLDER)
    for file, old, new in changes:
        assert old in texts[file], old
        texts[file] = texts[file].replace(old, new)
    return compile_service(read_texts(texts))


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        ("money.yaml", "  fee:\n", "  feee:\n", "there is no charge `fee`; did you mean feee?"),
        ("money.yaml", "payer: applicant_name", "payer: aplicant_name", "did you mean applicant_name?"),
        ("money.yaml", "    law: 規則\n", "    law: 規則\n    receipt: 'R{year}'\n", "exactly one {seq}"),
        ("money.yaml", "methods: payment_method", "methods: payment", "there is no code list `payment`"),
        ("money.yaml", "cash: [cash]", "cash: [coins]", "there is no code `coins`"),
        ("money.yaml", "matched: [cashless, ", "matched: [cashles, ", "did you mean cashless?"),
        ("money.yaml", "four_eyes: param.closing_four_eyes", "four_eyes: param.nothing", "nothing"),
        (
            "permit.yaml",
            "online_payment: {charge: fee",
            "online_payment: {charge: free",
            "there is no charge `free`",
        ),
        (
            "permit.yaml",
            "act: pay, otherwise",
            "act: payy, otherwise",
            "there is no action `payy`; did you mean pay?",
        ),
        ("permit.yaml", "act: pay, otherwise", "act: compensate, otherwise", "needs a role of kind system"),
        ("permit.yaml", "act: pay, otherwise", "act: expire, otherwise", "needs an input `amount`"),
        ("permit.yaml", "book_payment, method: online", "book_payment, method: mail", "there is no code of"),
    ],
)
def test_what_leads_nowhere_is_told(file: str, old: str, new: str, told: str) -> None:
    with pytest.raises(DefinitionErrors) as wrong:
        compiled((file, old, new))
    assert any(told in str(problem) for problem in wrong.value.problems), wrong.value


def test_changes_are_said_in_words() -> None:
    before = compiled()
    after = compiled(
        ("money.yaml", "使用料及び手数料／手数料", "使用料及び手数料／総務手数料"),
        ("money.yaml", "cash: [cash]", "cash: [cash, transfer]"),
        ("permit.yaml", ", otherwise: book_payment", ""),
    )
    said = [change.line() for change in difference(before, after)]
    assert any("請求の科目「手数料」の歳入科目が変わります" in line for line in said), said
    assert any("収納の定め" in line for line in said), said
    assert any("オンライン納付" in line for line in said), said


def test_charges_without_words_are_advised() -> None:
    bare = replace(compiled(), service=compiled().service.model_copy(update={"charges": {}}))
    assert any("the charge `fee`" in line for line in advice(bare))
    assert not any("the charge" in line for line in advice(compiled()))
