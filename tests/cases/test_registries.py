"""Registries: in natural order, found by key and value, with their history."""

from lending_office import BODY, OTHER

from kiban.access.scope import scope
from kiban.registries import queries


def test_records_in_the_order_in_which_people_count(office):
    office.stock("品川 10", "品川 9", "足立 1", "品川 1234")
    office.stock("品川 1", body=OTHER)
    with scope(BODY):
        first = queries.records(office.compiled, "items", limit=3)
        rest = queries.records(office.compiled, "items", limit=3, cursor=first.next)
        assert [r.key for r in [*first.rows, *rest.rows]] == ["品川 9", "品川 10", "品川 1234", "足立 1"]
        assert rest.next is None
        found = queries.records(office.compiled, "items", text="10")
        assert [r.key for r in found.rows] == ["品川 10"]
        assert queries.counts(office.compiled, "items", "status") == {"free": 4}


def test_history_names_the_act(office):
    added = office.stock("B-1")
    opened = office.submit(form={"code": "AB-1"})
    office.act(office.clerk, "lend", opened.case_id)
    with scope(BODY):
        newest, oldest = queries.history(office.compiled, "items", "B-1")
        assert (newest.version, str(newest.case_id), newest.seq) == (2, opened.case_id, 2)
        assert (oldest.version, str(oldest.case_id)) == (1, added.case_id)
        assert oldest.data == {"status": "free"}
        assert [r.key for r in queries.records(office.compiled, "items", text="ab-1").rows] == ["B-1"]
        assert [r.key for r in queries.records(office.compiled, "items", where={"status": "lent"}).rows] == [
            "B-1"
        ]
        assert queries.record(office.compiled, "items", "B-1").data["status"] == "lent"
        assert queries.record(office.compiled, "items", "B-2") is None
        assert next(queries.rows_of(office.compiled, "items"))["key"] == "B-1"
    office.act(office.clerk, "take_back", opened.case_id)
    with scope(BODY):
        assert queries.record(office.compiled, "items", "B-1").data == {"status": "free"}
        assert not queries.records(office.compiled, "items", text="AB-1").rows


def test_a_change_that_says_nothing_new_makes_no_version(office):
    office.stock("B-1")
    office.stock("B-1")
    with scope(BODY):
        assert len(queries.history(office.compiled, "items", "B-1")) == 1
