"""Every document that the services' own scenarios issue, from the kernel's act to the finished file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kiban.access.bodies_source import all_bodies
from kiban.access.places import Places
from kiban.documents import verify
from kiban.documents.data import document_data
from kiban.documents.render import Renderer
from kiban.kernel.facts import Decision, DocumentIssue
from kiban.kernel.scenarios.memory import MemoryDriver
from kiban.kernel.scenarios.model import load_scenarios
from kiban.kernel.scenarios.runner import Driver, run_scenario
from kiban.ops.check import body_facts, compiled

from .conftest import AT, SERVICES
from .pdf import texts

FOLDERS = [
    folder.parent
    for root in (SERVICES, Path(__file__).resolve().parents[1] / "services")
    for folder in sorted(root.glob("*/documents"))
]
Issued = tuple[str, dict[str, Any]]


class _Recorder(MemoryDriver):
    """Keeps the data of each document at the moment of the act that issues it."""

    issued: list[Issued]

    def _apply(self, case: Any, decision: Decision) -> list[dict[str, str]]:
        notices = super()._apply(case, decision)
        for effect in decision.effects:
            if isinstance(effect, DocumentIssue):
                facts = self._facts(case.body, None, case.state)
                data = document_data(
                    case.procedure,
                    effect.name,
                    case.state,
                    facts,
                    action=decision.action,
                    given=decision.input,
                    number=f"試第{len(self.issued) + 1}号",
                    code="TEST",
                )
                self.issued.append((effect.name, data))
        return notices

    def fork(self) -> Driver:
        other = super().fork()
        other.__class__ = _Recorder
        other.issued = self.issued  # type: ignore[attr-defined]
        return other


def _issued(folder: Path) -> list[Issued]:
    issued: list[Issued] = []
    service, places, bodies = compiled(folder), Places(all_bodies()), body_facts()
    for scenario in load_scenarios(folder / "scenarios.yaml"):
        driver = _Recorder(service, bodies.get, places.locate)
        driver.issued = issued
        run_scenario(scenario, driver)
    return issued


@pytest.mark.parametrize("folder", FOLDERS, ids=[folder.name for folder in FOLDERS])
def test_every_document_of_the_scenarios_is_made(folder: Path, font_dir: Path) -> None:
    renderer = Renderer(folder / "documents", font_dir=font_dir)
    issued = _issued(folder)
    assert issued, "no scenario issues a document"
    for name, data in issued:
        assert renderer.unprintable(data) == []
        pdf = renderer.render(name, data, at=AT)
        assert verify.check(pdf) == [], name
        said = "".join(texts(pdf))
        assert "".join(data["body"]["name"].split()) in said, name
        assert "null" not in said
        assert "None" not in said


def test_the_first_scenario_s_permit_says_what_the_case_says(font_dir: Path) -> None:
    folder = SERVICES / "temporary-plate"
    made = dict(reversed(_issued(folder)))
    renderer = Renderer(folder / "documents", font_dir=font_dir)
    permit = "".join(texts(renderer.render("permit", made["permit"], at=AT)))
    for words in (
        "許可番号R08-0001",
        "足立7001",
        "葛飾太郎",
        "東京都葛飾区立石五丁目13番1号",
        "トヨタ",
        "NZE121-0000001",
        "東京都葛飾区立石→東京都足立区南花畑",
        "令和8年10月5日",
        "令和8年10月9日",
        "許可年月日令和8年10月2日",
        "葛飾区長",
        "令和8年10月14日",
    ):
        assert words in permit, words
    receipt = "".join(texts(renderer.render("plate_receipt", made["plate_receipt"], at=AT)))
    for words in ("番号標2枚", "運転免許証", "葛飾太郎", "令和8年10月14日"):
        assert words in receipt, words
