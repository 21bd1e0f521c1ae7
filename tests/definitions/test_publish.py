"""Editions: published whole or not at all, in force from their day, never changed."""

from datetime import date
from pathlib import Path

import pytest
from django.db import ProgrammingError
from tests import set_by_body

from kiban.access import changes
from kiban.definitions import editions, parameters
from kiban.definitions.models import Edition
from kiban.definitions.publish import edition_id, publish_folder, publish_texts
from kiban.kernel.definitions.loader import DefinitionErrors, read_folder

FOLDER = Path(__file__).parents[1] / "cases" / "lending"
SLUG = "test-lending"


@pytest.fixture
def texts():
    return read_folder(FOLDER)


def _edited(texts, old, new):
    assert old in texts["service.yaml"]
    return {**texts, "service.yaml": texts["service.yaml"].replace(old, new)}


def test_publishing_again_is_the_same_edition(database, texts):
    first = publish_folder(FOLDER)
    assert publish_folder(FOLDER).id == first.id == edition_id(texts)
    assert publish_texts(dict(reversed(texts.items()))).id == first.id
    assert Edition.objects.count() == 1
    assert first.files["documents/slip.typ"]


def test_a_definition_with_problems_is_refused_whole(database, texts):
    with pytest.raises(DefinitionErrors) as refused:
        publish_texts(_edited(texts, "check: size(lookup.same) == 0", "check: size(lookup.nothing) == 0"))
    assert refused.value.problems[0].file == "service.yaml"
    assert refused.value.problems[0].line > 60
    assert Edition.objects.count() == 0


def test_an_edition_is_in_force_from_its_day(database, texts):
    old = publish_texts(texts)
    new = publish_texts(_edited(texts, "in_force: 2026-04-01", "in_force: 2027-04-01"))
    with pytest.raises(editions.UnknownService):
        editions.current_id(SLUG, date(2026, 3, 31))
    assert editions.current_id(SLUG, date(2027, 3, 31)) == old.id
    assert editions.current_id(SLUG, date(2027, 4, 1)) == new.id
    assert [c.service.slug for c in editions.catalogue(date(2026, 4, 1))] == [SLUG]
    assert editions.catalogue(date(2026, 3, 31)) == []
    with pytest.raises(editions.UnknownService):
        editions.get("0" * 64)


def test_a_correction_of_the_same_day_replaces_it(database, texts):
    publish_texts(texts)
    corrected = publish_texts(_edited(texts, "label: 貸し出す", "label: 貸し出します"))
    assert editions.current_id(SLUG, date(2026, 4, 1)) == corrected.id


def test_editions_are_compiled_once_and_never_changed(database, texts):
    edition = publish_texts(texts)
    assert editions.get(edition.id) is editions.current(SLUG, date(2026, 4, 1))
    with pytest.raises(ProgrammingError, match="permission denied"):
        Edition.objects.filter(id=edition.id).update(service="x")
    with pytest.raises(ProgrammingError, match="permission denied"):
        edition.delete()


def test_templates_are_written_out_for_the_compiler(database, texts):
    folder = editions.template_folder(publish_texts(texts).id)
    assert (folder / "documents" / "slip.typ").read_text() == texts["documents/slip.typ"]
    assert not (folder / "service.yaml").exists()


def test_parameters_of_a_body_over_those_of_the_nation(database, texts):
    compiled = editions.get(publish_texts(texts).id)
    assert parameters.resolve(compiled, "131229", date(2026, 10, 5))["fee"] == 300
    set_by_body.parameter(compiled, "131229", "fee", 500, date(2026, 10, 5))
    set_by_body.parameter(compiled, "131229", "fee", "700", date(2027, 4, 1))
    found = [
        parameters.resolve(compiled, body, on)["fee"]
        for body, on in (
            ("131229", date(2026, 10, 4)),
            ("131229", date(2026, 10, 5)),
            ("131229", date(2027, 4, 1)),
            ("131113", date(2027, 4, 1)),
        )
    ]
    assert found == [300, 500, 700, 300]
    said = [(row.after, row.by_name, row.why) for row in changes.history("131229", SLUG)]
    assert said == [(700, "試験 管理者", "試験のため"), (500, "試験 管理者", "試験のため")]
    with pytest.raises(changes.SettingRefused) as refused:
        set_by_body.parameter(compiled, "131229", "fee", 1001, date(2026, 10, 5))
    assert refused.value.problems[0].code == "out_of_range"
    with pytest.raises(LookupError):
        set_by_body.parameter(compiled, "131229", "none", 1, date(2026, 10, 5))
