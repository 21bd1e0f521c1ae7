"""Many cases for the benchmarks of operations, quickly: real ones, played through the door, then copied.

A copy has an id, a number, a name, a chassis number and a permit number of its own; its contents are sealed anew, its
events chained anew and its search values made anew, so that it verifies like any other. Most cases are closed, after
four acts; a share of them (3 in 100) stands at the desk. Each permit is a record of the register.

    python -m bench._copies CASES BODIES [OPEN]     BODIES: how many, or their codes separated by commas

fills these bodies evenly up to so many cases, in as many processes as there are cores, and prints
{"cases", "events"}. Run in the database role owner's place with the environment of a stand.
"""

from __future__ import annotations

import json
import os
import random
import secrets
import sys
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

SERVICE = "temporary-plate"
_EACH = 3  # templates of each fate
_FATES = {  # what is done after the application, and whether the case is closed by it
    "submitted": (), "review": ("accept",), "approved": ("accept", "approve"),
    "withdrawn": ("accept", "approve", "withdraw"),
}  # fmt: skip
_TABLES = ("cases_casevalue", "cases_agenda", "cases_charge", "cases_notice", "money_entry")
_REGISTER = ("registries_record", "registries_recordversion", "registries_recordvalue")
_ORDER = (
    "cases_case",
    "cases_event",
    "cases_eventcontent",
    *_TABLES,
    *_REGISTER,
)  # others refer to the first ones
_BATCH = 2000
Rows = list[dict[str, Any]]


@dataclass
class Template:
    """A case as it stands in every table, with its contents opened, and the texts that differ in each copy."""

    fate: str
    case: dict[str, Any]
    events: list[tuple[Any, dict[str, bytes]]]
    tables: dict[str, Rows]
    texts: dict[str, str]


def main(cases: int, where: str, open_share: float = 0.03) -> int:
    """See the module."""
    import psycopg

    from bench._stand import DATABASE
    from kiban.ops import pool
    from kiban.ops.postgres import Cluster

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kiban.ops.settings")
    pool.begin()
    codes = _codes(where)
    database = Cluster().superuser(os.environ.get("KIBAN_DATABASE_NAME", DATABASE))
    with psycopg.connect(**database.parameters(), autocommit=True) as connection:
        made = _count(connection, "cases_case", codes)
        if made < cases:
            templates = _templates(connection, codes[0])
            made = _count(connection, "cases_case", codes)
            jobs = [
                (templates, codes, at, min(_BATCH, cases - at), open_share, database)
                for at in range(made, cases, _BATCH)
            ]
            for _done in pool.each(_copy, jobs):
                pass
        connection.execute("DELETE FROM cases_outbox")
        connection.execute("VACUUM ANALYZE")
        held = {"cases": _count(connection, "cases_case"), "events": _count(connection, "cases_event")}
    sys.stdout.write(json.dumps(held) + "\n")
    return 0


def _codes(where: str) -> list[str]:
    from kiban.access.models import Body

    if not where.isdecimal() or len(where) == 6:
        return where.split(",")
    kinds = ["city", "special_ward"]
    return list(
        Body.objects.filter(kind__in=kinds).order_by("code").values_list("code", flat=True)[: int(where)]
    )


def _count(connection: Any, table: str, codes: list[str] | None = None) -> int:
    wanted = "" if codes is None else " WHERE body = ANY(%s)"
    return int(
        connection.execute(
            f"SELECT count(*) FROM {table}{wanted}", None if codes is None else (codes,)
        ).fetchone()[0]
    )


# Playing


def _templates(connection: Any, body: str) -> list[Template]:
    """A few cases of each fate."""
    play = _Play(body)
    played = [(fate, *play.case(fate)) for fate in _FATES for _ in range(_EACH)]
    return [_template(connection, body, fate, case, texts) for fate, case, texts in played]


class _Play:
    """Residents apply; a clerk and an approver act."""

    def __init__(self, body: str) -> None:
        from kiban.access import actors, bodies
        from kiban.access.models import User
        from kiban.definitions import body_settings, editions
        from kiban.ops import clock

        self.body, self.now = body, clock.now()
        self.today = self.now.date()
        compiled = editions.current(SERVICE, self.today)
        self.service = compiled.service
        self.draw = random.Random()
        self.place = bodies.row(body).full_name
        self.staff = {}
        for role in ("clerk", "approver"):
            user = User.objects.create_user(username=uuid.uuid4().hex, display_name="例示 一郎", kind="staff")
            actors.grant(user, body, SERVICE, role, self.today - timedelta(days=90), "市民課")
            self.staff[role] = actors.actor_for(user, body, self.service, on=self.today)
        body_settings.set_participation(compiled, body, "full", self.today, user, "測定のため")

    def case(self, fate: str) -> tuple[str, dict[str, str]]:
        """A case with this fate: its id, and the texts in it that are its own."""
        from bench._submit_load import application
        from kiban.access import actors
        from kiban.access.models import User
        from kiban.access.scope import scope
        from kiban.cases import files

        user = User.objects.create_user(
            username=uuid.uuid4().hex, display_name="見本 花子", kind="party", party=uuid.uuid4()
        )
        with scope(user.partition):
            kept = files.store("見本.pdf", b"%PDF-1.4\n%" + uuid.uuid4().bytes, at=self.now)
        data = application(self.draw, self.today, self.place, kept["sha256"])
        data["period_to"] = data["period_from"]
        resident = actors.actor_for(user, self.body, self.service, on=self.today)
        case = self._act(None, "submit", resident, data)
        for action in _FATES[fate]:
            role = "approver" if action == "approve" else "clerk"
            self._act(case, action, self.staff[role], {"department": "市民課"} if action == "accept" else {})
        return case, {"name": data["applicant_name"], "chassis": data["chassis_no"]}

    def _act(self, case: str | None, action: str, actor: Any, data: dict[str, Any]) -> str:
        from kiban.cases import door

        done = door.act(
            self.body, SERVICE, "permit", case, action, actor, data, idempotency_key=uuid.uuid4().hex, route="bench",
        )  # fmt: skip
        if done.status != "done":
            raise SystemExit(f"{action} was refused: {done}")
        return str(done.answer["case"])


def _template(connection: Any, body: str, fate: str, case: str, texts: dict[str, str]) -> Template:
    from kiban.access.scope import scope
    from kiban.cases.ledger import Span, stored_events

    row = _rows(connection, body, "cases_case", "id", case)[0]
    tables = {table: _rows(connection, body, table, "case_id", case) for table in _TABLES}
    tables["registries_recordversion"] = _rows(connection, body, "registries_recordversion", "case_id", case)
    keys = {version["key"] for version in tables["registries_recordversion"]}
    for table in ("registries_record", "registries_recordvalue"):
        tables[table] = [found for key in keys for found in _rows(connection, body, table, "key", key)]
    if keys:
        (texts["permit"],) = keys
    with scope(body):
        events = [
            (event, {content.group: event.open(content) for content in event.contents})
            for event in stored_events(Span(body, case, case))
        ]
    return Template(fate, row, events, tables, texts)


def _rows(connection: Any, body: str, table: str, column: str, value: str) -> Rows:
    from psycopg.rows import dict_row

    with connection.cursor(row_factory=dict_row) as cursor:
        return list(
            cursor.execute(f'SELECT * FROM {table} WHERE body = %s AND "{column}" = %s', (body, value))
        )


# Copying


def _copy(job: tuple[list[Template], list[str], int, int, float, Any]) -> None:
    """Copies `count` cases, the first of which is the `start`th, into the bodies in turns."""
    import psycopg

    templates, codes, start, count, open_share, database = job
    draw = random.Random(start)
    by_fate = {fate: [t for t in templates if t.fate == fate] for fate in _FATES}
    tables: dict[str, Rows] = {}
    for number in range(start, start + count):
        fate = (
            "withdrawn" if draw.random() >= open_share else draw.choice(["submitted", "review", "approved"])
        )
        _Copy(draw.choice(by_fate[fate]), codes[number % len(codes)], number, draw).into(tables)
    with psycopg.connect(**database.parameters()) as connection:
        connection.execute("SET session_replication_role = replica")  # foreign keys hold by construction
        for table in _ORDER:
            if table in tables:
                _load(connection, table, tables[table])


class _Copy:
    """One copy of a template."""

    def __init__(self, template: Template, body: str, number: int, draw: random.Random) -> None:
        from uuid_utils.compat import uuid7

        from bench._submit_load import chassis, name

        self.template, self.body, self.case = template, body, str(uuid7())
        new = {"name": name(draw), "chassis": chassis(draw), "permit": f"R08-{number:09}"}
        self.texts = {template.texts[kind]: text for kind, text in new.items() if kind in template.texts}

    def into(self, tables: dict[str, Rows]) -> None:
        """Adds the rows of the copy."""
        from kiban.kernel.sorting import natural_key

        head = self._events(tables)
        self._add(
            tables, "cases_case", self.template.case, id=self.case, number=secrets.token_hex(8).upper(), head=head,
        )  # fmt: skip
        for table, rows in self.template.tables.items():
            if table == "cases_casevalue":
                continue
            for row in rows:
                own: dict[str, Any] = {"case_id": self.case} if "case_id" in row else {}
                if "sort_key" in row:
                    own["sort_key"] = natural_key(self._said(row["key"]))
                if table == "cases_notice":
                    own["id"] = uuid.uuid4()
                self._add(tables, table, row, **own)
        self._search_values(tables)

    def _events(self, tables: dict[str, Rows]) -> bytes:
        from kiban.cases.events import NO_PREV, new_event

        head = NO_PREV
        for old, groups in self.template.events:
            said = {group: json.loads(self._said(content.decode())) for group, content in groups.items()}
            event = new_event(
                body=self.body, case=self.case, seq=old.seq, act=old.act, actor=old.actor, place=old.place,
                department=old.department, at=old.at, edition=old.edition, prev=head, groups=said,
            )  # fmt: skip
            head = event.hash
            columns = (
                "body",
                "seq",
                "act",
                "actor",
                "place",
                "department",
                "at",
                "edition",
                "digests",
                "prev",
                "hash",
            )
            row = {column: getattr(event, column) for column in columns}
            tables.setdefault("cases_event", []).append({**row, "case_id": self.case})
            tables.setdefault("cases_eventcontent", []).extend(
                {
                    "body": self.body, "case_id": self.case, "seq": old.seq, "group": c.group, "salt": c.salt,
                    "key_id": c.key_id, "nonce": c.nonce, "sealed": c.sealed,
                }
                for c in event.contents
            )  # fmt: skip
        return head

    def _search_values(self, tables: dict[str, Rows]) -> None:
        from kiban.definitions import editions

        found = self.template.tables["cases_casevalue"]
        codecs = editions.get(self.template.case["edition"]).procedures["permit"].codecs
        for field in dict.fromkeys(row["field"] for row in found):
            rows = [row for row in found if row["field"] == field]
            keys = {row["value"] for row in rows}
            codec = codecs.get(field)
            new = next(
                (n for o, n in self.texts.items() if codec and keys == set(codec.search_keys(o))), None
            )
            values = keys if new is None or codec is None else codec.search_keys(new)
            for value in values:
                self._add(tables, "cases_casevalue", rows[0], case_id=self.case, value=value)

    def _said(self, text: str) -> str:
        for old, new in self.texts.items():
            text = text.replace(old, new)
        return text

    def _add(self, tables: dict[str, Rows], table: str, row: dict[str, Any], **own: Any) -> None:
        made = {column: self._own(value) for column, value in row.items()}
        tables.setdefault(table, []).append({**made, "body": self.body, **own})

    def _own(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._said(value)
        if isinstance(value, dict | list):
            return self._said(json.dumps(value, ensure_ascii=False))
        return value


def _load(connection: Any, table: str, rows: Rows) -> None:
    names = list(rows[0])
    listed = ", ".join(f'"{name}"' for name in names)
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({listed}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row([json.dumps(v) if isinstance(v, dict) else v for v in (row[n] for n in names)])


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2], *map(float, sys.argv[3:])))
