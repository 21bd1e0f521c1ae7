"""Fields that a body adds: inside the slot, in one evaluation with the rest, unknown to the edition itself."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from kiban.kernel.calendar import Calendar
from kiban.kernel.definitions.compile import compile_service
from kiban.kernel.definitions.compiled import CompiledService
from kiban.kernel.definitions.loader import DefinitionErrors, load_texts, read_folder
from kiban.kernel.definitions.local import LocalField, extended, flat, head, outside
from kiban.kernel.definitions.parameters import resolve
from kiban.kernel.definitions.words import Field
from kiban.kernel.facts import ActorFacts, BodyFacts, Facts
from kiban.kernel.forms import evaluate
from kiban.kernel.scenarios.model import moment
from kiban.kernel.state import state_from_json, state_to_json

FOLDER = Path(__file__).resolve().parents[3] / "services" / "temporary-plate"
NAME = "local.131229.q1"


def _field(name: str = "q1", kind: str = "text", **more: object) -> LocalField:
    said = {"name": name, "label": {"ja": "駐車場の番号", "en": "Parking lot"}, "type": kind, **more}
    return LocalField("permit_application", "route", Field.model_validate(said))


@pytest.fixture(scope="module")
def edition() -> CompiledService:
    return compile_service(load_texts(read_folder(FOLDER)))


class _Nothing:
    def lookup(self, request: object) -> list[object]:
        return []

    def locate(self, text: str) -> None:
        return None


def _evaluate(compiled: CompiledService, data: dict[str, object]):  # type: ignore[no-untyped-def]
    facts = Facts(
        moment("2026-10-02T10:00"), BodyFacts("131229", "葛飾区"),
        ActorFacts("a", "party", frozenset({"applicant"}), "a"),
        resolve(compiled.parameters, date(2026, 10, 2), {}), Calendar(),
    )  # fmt: skip
    return evaluate(compiled.procedures["permit"], "submit", data, facts, _Nothing())  # type: ignore[arg-type]


def _of(problems: object, name: str = NAME) -> list[str]:
    return [p.code for p in problems if p.field == name]  # type: ignore[attr-defined]


def test_the_field_is_asked_like_the_others(edition: CompiledService) -> None:
    wider = extended(edition, "131229", [_field(required="true", max_length=5)])
    found = _evaluate(wider, {})
    assert NAME in found.shown
    assert _of(found.problems) == ["required"]
    assert _of(_evaluate(wider, {NAME: "長すぎる番号です"}).problems) == ["too_long"]
    nested = _evaluate(wider, {"local": {"131229": {"q1": "A-1"}}})
    assert nested.values[NAME] == "A-1"
    assert _of(nested.problems) == []
    section = wider.service.forms["permit_application"].sections["route"]
    assert list(section.fields)[-1] == NAME
    assert wider.procedures["permit"].codecs.fields[NAME].field.personal


def test_the_edition_itself_does_not_know_it(edition: CompiledService) -> None:
    extended(edition, "131229", [_field()])
    assert _of(_evaluate(edition, {NAME: "A-1"}).problems) == ["unknown_field"]
    wider = extended(edition, "131229", [_field()]).procedures["permit"]
    document = {"state": "submitted", "opened_on": "2026-10-02", "values": {NAME: "A-1", "chassis_no": "X"}}
    assert state_to_json(wider, state_from_json(wider, document, id="1", number=""))["values"][NAME] == "A-1"
    plain = state_from_json(edition.procedures["permit"], document, id="1", number="")
    assert set(plain.values) == {"chassis_no"}


def test_another_body_has_its_own(edition: CompiledService) -> None:
    wider = extended(edition, "131211", [_field()])
    assert _of(_evaluate(wider, {NAME: "A-1"}).problems) == ["unknown_field"]


def test_only_actions_that_take_the_whole_section_ask_it(edition: CompiledService) -> None:
    wider = extended(edition, "131229", [_field()]).procedures["permit"]
    asking = {name for name, action in wider.actions.items() if NAME in action.fields}
    assert asking >= {"submit", "resubmit"}
    assert "loan" not in asking
    assert NAME in wider.codecs.inputs["submit"]


def test_a_field_outside_of_the_slot_is_refused(edition: CompiledService) -> None:
    service = edition.service
    assert outside(service, _field(), 0) == ()
    assert [p.code for p in outside(service, _field(), 5)] == ["out_of_range"]
    papers = LocalField("permit_application", "papers", _field(kind="money").field)
    refused = outside(service, papers, 0)
    assert [(p.field, p.code) for p in refused] == [("type", "not_in_list")]
    assert "施行細則" in refused[0].message.ja
    closed = LocalField("permit_application", "period", _field().field)
    assert [p.code for p in outside(service, closed, 0)] == ["not_allowed"]
    one = _field(kind="choice", options={"1": {"label": "一つ"}})
    assert [(p.field, p.code) for p in outside(service, one, 0)] == [("choices", "out_of_range")]
    assert extended(edition, "131229", [closed]) is edition


def test_paths_of_such_fields() -> None:
    assert head("local.131229.q1") == "local.131229.q1"
    assert head("local.131229.q1[2].x") == "local.131229.q1"
    assert (head("items[2].cost"), head("place.text"), head("name")) == ("items", "place", "name")
    assert flat({"a": 1}) == {"a": 1}
    assert flat({"a": 1, "local": {"131229": {"q1": "x"}}}) == {"a": 1, NAME: "x"}
    assert flat({"local": 3}) == {"local": 3}
    assert flat({"local": {"131229": 3}}) == {"local.131229": 3}


def test_local_is_a_reserved_name() -> None:
    files = read_folder(FOLDER)
    files["forms.yaml"] = files["forms.yaml"].replace("receiver_same:", "local:", 1)
    with pytest.raises(DefinitionErrors, match="reserved"):
        compile_service(load_texts(files))
