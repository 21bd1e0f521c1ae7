"""Lists and search find their rows among very many cases, under row-level security (speed: bench)."""

import pytest
from lending_office import BODY

from kiban.access.scope import scope
from kiban.cases import queries

CASES = 100_000


@pytest.mark.full
def test_lists_and_search_over_a_hundred_thousand_cases(office, database):
    opened = office.submit(form={"code": "ab-1"})
    connection = database.administrator
    with connection.transaction():
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute(
            "INSERT INTO cases_case SELECT body, gen_random_uuid(), service, procedure, edition, 'N' || i, "
            "CASE WHEN i %% 20 = 0 THEN 'lent' ELSE 'returned' END, i %% 20 <> 0, document, title, 'S' || i, party, "
            "opened_at, updated_at, 1, head, 1, CASE WHEN i %% 20 = 0 THEN date '2026-10-01' + i %% 365 END "
            "FROM cases_case, generate_series(1, %s) i WHERE id = %s",
            [CASES, opened.case_id],
        )
        connection.execute(
            "INSERT INTO cases_casevalue SELECT body, service, 'code', subject, id FROM cases_case "
            "WHERE number LIKE 'N%'"
        )
        connection.execute(
            "INSERT INTO cases_casevalue SELECT c.body, c.service, 'name', "
            "chr(20000 + mod(abs(hashtext(number || g)), 300)) || chr(20000 + mod(abs(hashtext(g || number)), 300)), "
            "c.id FROM cases_case c, generate_series(1, 4) g WHERE number LIKE 'N%' ON CONFLICT DO NOTHING"
        )
        connection.execute(
            "INSERT INTO cases_event SELECT e.body, c.id, 1, e.act, 'somebody', e.place, e.department, e.at, "
            "e.edition, e.digests, e.prev, e.hash FROM cases_event e, cases_case c WHERE c.number LIKE 'N%'"
        )
    connection.execute("ANALYZE cases_case, cases_casevalue, cases_event")
    lists = {
        "open": {},
        "closed": {"final": True},
        "state": {"state": "lent"},
        "code": {"text": "S77", "final": None, "roles": office.clerk.roles},
        "number": {"text": "N77", "final": None},
        "name": {"text": "髙橋", "final": None, "roles": office.clerk.roles},
        "mine": {"actor": office.applicant.id},
    }
    with scope(BODY):
        for name, wanted in lists.items():
            queries.inbox(office.compiled, **wanted)
            rows = queries.inbox(office.compiled, **wanted).rows
            assert rows, name
