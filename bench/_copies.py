"""Many cases for the benchmarks of operations, quickly: real ones, played through the door, then copied.

A copy has an id, a number and a key of its own; its contents are sealed anew and its events chained anew, so that it
verifies like any other. Bodies share the copies evenly. Prints {"cases", "events"}; run with the database roles' own
environment: `python -m bench._copies CASES BODIES`.
"""

from __future__ import annotations

import json
import os
import secrets
import sys
import uuid
from datetime import date, timedelta
from typing import Any

_TEMPLATES = 12
_TABLES = ("cases_casevalue", "cases_agenda", "cases_charge")


def main(cases: int, bodies_wanted: int) -> int:
    """Fills the database up to `cases` cases of two events each, in `bodies_wanted` bodies."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kiban.ops.settings")
    import django

    django.setup()
    import psycopg

    from kiban.access import bodies
    from kiban.access.models import Body
    from kiban.ops.postgres import Cluster

    taking = list(
        Body.objects.filter(kind__in=["city", "special_ward"]).order_by("code").values_list("code", flat=True)
    )[:bodies_wanted]
    assert bodies.exists(taking[0])
    _play(taking[0])
    with psycopg.connect(**Cluster().superuser(os.environ["KIBAN_DATABASE_NAME"]).parameters()) as connection:
        templates = [_Template(connection, taking[0], case) for case in _cases(connection)]
        made = _count(connection, "cases_case")
        while made < cases:
            count = min(5000, cases - made)
            _copy(connection, templates, [taking[(made + n) % len(taking)] for n in range(count)])
            connection.commit()
            made += count
        events = _count(connection, "cases_event")
        connection.execute("DELETE FROM cases_outbox")
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE")
    sys.stdout.write(json.dumps({"cases": made, "events": events}) + "\n")
    return 0


def _play(body: str) -> None:
    """The templates: residents apply, a clerk accepts."""
    import random

    from bench._submit_load import _application
    from kiban.access import actors
    from kiban.access import bodies as directory
    from kiban.access.models import User
    from kiban.access.scope import scope
    from kiban.cases import door, files
    from kiban.definitions import editions
    from kiban.ops import clock

    now = clock.now()
    today = now.date()
    service = editions.current("temporary-plate", today).service
    clerk = User.objects.create_user(username=uuid.uuid4().hex, display_name="例示 一郎", kind="staff")
    actors.grant(clerk, body, "temporary-plate", "clerk", date(2026, 4, 1), "市民課")
    draw = random.Random(7)
    place = directory.row(body).full_name
    for number in range(_TEMPLATES):
        user = User.objects.create_user(
            username=uuid.uuid4().hex, display_name="見本 花子", kind="party", party=uuid.uuid4()
        )
        with scope(user.partition):
            kept = files.store("見本.pdf", b"%PDF-1.4\n%" + str(number).encode(), at=now)
        data = _application(draw, today, place, kept["sha256"])
        data["period_to"] = (today + timedelta(days=2)).isoformat()
        opened = door.act(
            body, "temporary-plate", "permit", None, "submit", actors.actor_for(user, body, service, on=today), data,
            idempotency_key=uuid.uuid4().hex, route="bench",
        )  # fmt: skip
        if opened.answer is None:
            raise SystemExit(f"the application was refused: {opened}")
        done = door.act(
            body, "temporary-plate", "permit", opened.answer["case"], "accept",
            actors.actor_for(clerk, body, service, on=today), {"department": "市民課"},
            idempotency_key=uuid.uuid4().hex, route="bench",
        )  # fmt: skip
        if done.answer is None:
            raise SystemExit(f"the act was refused: {done}")


def _count(connection: Any, table: str) -> int:
    return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


def _cases(connection: Any) -> list[str]:
    rows = connection.execute(
        "SELECT id::text FROM cases_case WHERE seq = 2 ORDER BY id LIMIT %s", (_TEMPLATES,)
    )
    return [row[0] for row in rows]


class _Template:
    """A case as it stands in every table, with its contents opened."""

    def __init__(self, connection: Any, body: str, case: str) -> None:
        from django.db import connection as django_connection

        from kiban.access.scope import scope
        from kiban.cases.ledger import stored_events

        self.case = _rows(connection, "cases_case", "id", case)[0]
        self.tables = {table: _rows(connection, table, "case_id", case) for table in _TABLES}
        self.keys = _rows(connection, "cases_idempotency", "case_id", case)
        with scope(body):
            events = [event for event in stored_events() if event.case == case]
        django_connection.close()
        self.events = [(e, {c.group: json.loads(e.open(body, c)) for c in e.contents}) for e in events]


def _rows(connection: Any, table: str, column: str, case: str) -> list[dict[str, Any]]:
    from psycopg.rows import dict_row

    with connection.cursor(row_factory=dict_row) as cursor:
        return list(cursor.execute(f'SELECT * FROM {table} WHERE "{column}" = %s', (case,)))


def _copy(connection: Any, templates: list[_Template], bodies: list[str]) -> None:
    from uuid_utils.compat import uuid7

    from kiban.cases.events import NO_PREV, new_event

    tables: dict[str, list[dict[str, Any]]] = {}

    def add(table: str, row: dict[str, Any], **changes: Any) -> None:
        tables.setdefault(table, []).append({**row, **changes})

    for number, body in enumerate(bodies):
        template = templates[number % len(templates)]
        case, head = str(uuid7()), NO_PREV
        for old, groups in template.events:
            event = new_event(
                body=body, case=case, seq=old.seq, act=old.act, actor=old.actor, place=old.place,
                department=old.department, at=old.at, edition=old.edition, prev=head, groups=groups,
            )  # fmt: skip
            head = event.hash
            row = {
                name: getattr(event, name) for name in ("seq", "act", "actor", "place", "department", "at", "edition")
            }  # fmt: skip
            add(
                "cases_event",
                row,
                body=body,
                case_id=case,
                digests=dict(event.digests),
                prev=event.prev,
                hash=head,
            )
            for c in event.contents:
                add(
                    "cases_eventcontent", {}, body=body, case_id=case, seq=old.seq, group=c.group, salt=c.salt,
                    key_id=c.key_id, nonce=c.nonce, sealed=c.sealed,
                )  # fmt: skip
        add("cases_case", template.case, body=body, id=case, number=secrets.token_hex(8).upper(), head=head)
        for table, rows in template.tables.items():
            for row in rows:
                add(table, row, body=body, case_id=case)
        for row in template.keys:
            add("cases_idempotency", row, body=body, case_id=case, key=uuid.uuid4().hex)
    first = ("cases_case", "cases_event")  # others refer to them
    for table in (*first, *sorted(set(tables) - set(first))):
        _load(connection, table, tables[table])


def _load(connection: Any, table: str, rows: list[dict[str, Any]]) -> None:
    from psycopg.types.json import Jsonb

    names = list(rows[0])
    listed = ", ".join(f'"{name}"' for name in names)
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({listed}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(
                [
                    Jsonb(value) if isinstance(value, dict | list) else value
                    for value in (row[n] for n in names)
                ]
            )


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
