"""Row-level security: one transaction sees one partition, and none without a scope."""

import pytest
from django.db import ProgrammingError, connection, transaction

from kiban.access.scope import ScopeError, scope, sealed
from kiban.cases.models import Sequence

PARTY = "p-0190a5b0-0000-7000-8000-000000000001"


def _put(body: str, last: int = 1) -> None:
    with scope(body):
        Sequence.objects.create(body=body, service="s", name="n", scope="", last=last)


def test_a_scope_shows_its_partition_only(database):
    _put("131229")
    _put("131113", 7)
    _put(PARTY)
    with scope("131113"):
        assert [(row.body, row.last) for row in Sequence.objects.all()] == [("131113", 7)]
        assert Sequence.objects.filter(body="131229").count() == 0
        assert Sequence.objects.filter(body="131229").update(last=99) == 0
        assert Sequence.objects.filter(body="131229").delete()[0] == 0
    with scope(PARTY):
        assert Sequence.objects.count() == 1


def test_without_a_scope_a_query_is_an_error(database):
    _put("131229")
    with pytest.raises(ProgrammingError, match="no scope"):
        Sequence.objects.count()
    # And again after the same connection has had one.
    with pytest.raises(ProgrammingError, match="no scope"), transaction.atomic():
        Sequence.objects.create(body="131229", service="s", name="m", scope="", last=1)


def test_a_row_of_another_partition_is_refused(database):
    with pytest.raises(ProgrammingError, match="row-level security"), scope("131113"):
        Sequence.objects.create(body="131229", service="s", name="n", scope="", last=1)


def test_a_scope_that_is_not_sealed_is_refused(database):
    _put("131229")
    for forged in ("131229", "131229.", sealed("131113").replace("131113", "131229")):
        with (
            pytest.raises(ProgrammingError, match="not sealed"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute("SELECT set_config('kiban.scope', %s, true)", [forged])
            Sequence.objects.count()


def test_the_key_of_the_seal_is_out_of_reach(database):
    with pytest.raises(ProgrammingError, match="permission denied"), connection.cursor() as cursor:
        cursor.execute("SELECT inner_key FROM kiban_seal")


def test_scopes_do_not_nest_and_do_not_leak(database):
    with scope("131229"), pytest.raises(ScopeError), scope("131113"):
        pass
    with pytest.raises(ScopeError), transaction.atomic(), scope("131113"):
        pass
    with pytest.raises(ValueError, match="boom"), scope("131229"):
        raise ValueError("boom")
    with scope("131113"):
        assert Sequence.objects.count() == 0


@pytest.mark.parametrize("body", ["", "1312291", "131229 ", "p-1", "x' OR 1=1", "131229.ab", "../x"])
def test_only_partitions_can_be_entered(database, body):
    with pytest.raises(ScopeError), scope(body):
        pass
