"""What the database says after the crashes, held against what the clients were told.

    python -m tests.crash.verify DIARY.jsonl …

Prints one JSON object: {"figures": {…}, "wrong": [sentences]}. Looks past row-level security as a superuser.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from psycopg import Connection, connect
from psycopg.rows import TupleRow

from kiban.ops.postgres import Cluster

_ALLOWED_ERRORS = {
    # A connection that was lost, refused, or ended by the database's own recovery.
    "OperationalError", "InterfaceError", "AdminShutdown", "CannotConnectNow", "CrashShutdown", "ConnectionTimeout",
    "ConnectionFailure", "ConnectionDoesNotExist",
}  # fmt: skip
_STAFF_ACTS = ("approve", "loan", "return", "pay", "accept", "withdraw")


class Checks:
    """Every check yields sentences about what is wrong."""

    def __init__(self, connection: Connection[TupleRow], diaries: list[Path]) -> None:
        self.connection = connection
        self.entries = [json.loads(line) for path in diaries for line in path.read_text("utf-8").splitlines()]
        self.done = [entry for entry in self.entries if entry["kind"] == "done"]
        self.figures: dict[str, Any] = {}

    def rows(self, sql: str) -> list[TupleRow]:
        return self.connection.execute(sql.encode()).fetchall()

    def all(self) -> Iterator[str]:
        for check in (
            self.answers,
            self.events,
            self.races,
            self.numbers,
            self.lending,
            self.clocks,
            self.charges,
            self.outbox,
        ):
            for wrong in check():
                yield f"{check.__name__}: {wrong}"

    def answers(self) -> Iterator[str]:
        """Each acknowledged act is there once, under its key, with the answer that the client holds."""
        stored: dict[str, list[TupleRow]] = defaultdict(list)
        for row in self.rows(
            "SELECT key, body, case_id::text, answer FROM cases_idempotency WHERE actor <> 'system'"
        ):
            stored[row[0]].append(row)
        for entry in self.done:
            found = stored.get(entry["key"], [])
            if len(found) != 1:
                yield f"key {entry['key']} was acknowledged and stands {len(found)} times"
                continue
            _, body, case, answer = found[0]
            told = (entry["body"], entry["case"], entry["seq"], entry["number"], entry["state"])
            if told != (body, case, answer["seq"], answer["number"], answer["state"]):
                yield f"key {entry['key']}: the client was told {told}"
        asked = {entry["key"] for entry in self.entries if entry["kind"] == "done"}
        surplus = [key for key in stored if key not in asked and not key.startswith("seed-")]
        if surplus:
            yield f"stands without an answer: {surplus[:10]}"
        yield from (f"{e['key']}: {e['kind']}" for e in self.entries if e["kind"] in ("wrong", "given up"))
        self.figures["acts acknowledged"] = len({entry["key"] for entry in self.done})
        self.figures["answers after a retry"] = sum(entry["sent"] > 1 for entry in self.done)
        self.figures["first answers given again"] = sum(entry["replayed"] for entry in self.done)
        again = Counter(str(e["status"]) for e in self.entries if e["kind"] == "again")
        if again["500"]:
            yield f"{again['500']} answers were 500"
        self.figures["asked to come again"] = again
        self.figures["refusals"] = Counter(e["code"] for e in self.entries if e["kind"] == "refused")

    def events(self) -> Iterator[str]:
        """One event for each acknowledged act and none besides; a case's events have no gaps."""
        told = {(entry["case"], entry["seq"]): entry["what"].split()[0] for entry in self.done}
        seeded = {
            (case, seq)
            for case, seq in self.rows(
                "SELECT case_id::text, (answer->>'seq')::int FROM cases_idempotency WHERE key LIKE 'seed-%'"
            )
        }
        there = {
            (case, seq): act
            for case, seq, act in self.rows(
                "SELECT case_id::text, seq, act FROM cases_event WHERE actor <> 'system'"
            )
            if not act.startswith("clock.")
            and (case, seq) not in seeded
            and act not in ("expire", "make_overdue")
        }
        for place in told.keys() - there.keys():
            yield f"event {place} ({told[place]}) was acknowledged and is not there"
        for place in there.keys() - told.keys():
            yield f"event {place} ({there[place]}) is there and was never acknowledged"
        for place in told.keys() & there.keys():
            if told[place] != there[place]:
                yield f"event {place} is {there[place]}, the client was told {told[place]}"
        for row in self.rows(
            "SELECT c.id, c.seq, count(e.*), max(e.seq) FROM cases_case c LEFT JOIN cases_event e "
            "ON (e.body, e.case_id) = (c.body, c.id) GROUP BY 1, 2 HAVING count(e.*) <> c.seq OR max(e.seq) <> c.seq"
        ):
            yield f"case {row[0]} says seq {row[1]}, has {row[2]} events, the last one {row[3]}"
        self.figures["events"] = len(there)

    def races(self) -> Iterator[str]:
        """Whoever acted at the same moment: one of them did it."""
        for act in _STAFF_ACTS:
            for row in self.rows(
                f"SELECT case_id, count(*) FROM cases_event WHERE act = '{act}' GROUP BY 1 HAVING count(*) > 1"
            ):
                yield f"case {row[0]}: {act} happened {row[1]} times"
        raced = [e for e in self.entries if e["kind"] in ("done", "refused") and e["key"].endswith("-rival")]
        self.figures["races"] = len(raced)

    def numbers(self) -> Iterator[str]:
        """Numbers of permits run from 1 without gaps and doubles, one for each case that was approved."""
        approved = dict(self.rows("SELECT body, count(*) FROM cases_event WHERE act = 'approve' GROUP BY 1"))
        given: dict[str, list[int]] = defaultdict(list)
        for body, number in self.rows(
            "SELECT body, document->'values'->>'permit_no' FROM cases_case "
            "WHERE document->'values'->>'permit_no' IS NOT NULL"
        ):
            matched = re.fullmatch(r"R08-(\d{4,})", number)
            if matched is None:
                yield f"{body}: {number} has no form of a number"
            else:
                given[body].append(int(matched[1]))
        if set(given) != set(approved):
            yield f"approved in {sorted(approved)}, numbered in {sorted(given)}"
        for body, numbers in given.items():
            if sorted(numbers) != list(range(1, approved.get(body, 0) + 1)):
                doubles = [number for number, times in Counter(numbers).items() if times > 1]
                gaps = sorted(set(range(1, max(numbers) + 1)) - set(numbers))
                yield f"{body}: {len(numbers)} numbers, {approved.get(body)} approved, doubles {doubles}, gaps {gaps}"
        last = dict(self.rows("SELECT body, max(last) FROM cases_sequence GROUP BY 1"))
        if any(last.get(body) != count for body, count in approved.items()):
            yield f"sequences stand at {last}, approved were {approved}"
        self.figures["permits"] = sum(approved.values())

    def lending(self) -> Iterator[str]:
        """A plate is lent to one case at a time, and the register says to which."""
        lent: dict[tuple[str, str], str | None] = {}
        loans = 0
        for body, key, version, data in self.rows(
            "SELECT body, key, version, data FROM registries_recordversion WHERE registry = 'plates' "
            "ORDER BY body, key, version"
        ):
            holder = data.get("permit_no") if data["status"] in ("loaned", "overdue") else None
            before = lent.get((body, key))
            if before is not None and holder is not None and holder != before:
                yield f"{body} {key} version {version}: lent to {holder} while {before} had it"
            loans += holder is not None and before != holder
            lent[body, key] = holder
        held: dict[tuple[str, str], str | None] = {}
        for body, plate, number in self.rows(
            "SELECT body, document->'values'->>'plate', document->'values'->>'permit_no' FROM cases_case "
            "WHERE procedure = 'permit' AND state IN ('loaned', 'overdue')"
        ):
            if (body, plate) in held:
                yield f"{body} {plate} is with {held[body, plate]} and with {number}"
            held[body, plate] = number
        out = {place: holder for place, holder in lent.items() if holder is not None}
        if out != held:
            yield f"the register says {out}, the cases say {held}"
        said = self.rows("SELECT count(*) FROM cases_event WHERE act = 'loan'")[0][0]
        if loans != said:
            yield f"{said} loans in the events, {loans} in the register"
        self.figures["loans"] = loans

    def clocks(self) -> Iterator[str]:
        """Each clock has fired once, and none that was due has not."""
        for case, act, times in self.rows(
            "SELECT case_id, act, count(*) FROM cases_event WHERE actor = 'system' GROUP BY 1, 2 HAVING count(*) > 1"
        ):
            yield f"case {case}: {act} happened {times} times"
        due = self.rows(
            "SELECT count(*) FROM cases_agenda a, test_clock t WHERE a.at <= t.now AND NOT a.fired"
        )[0][0]
        if due:
            yield f"{due} clocks are due and have not fired"
        late = self.rows(
            "SELECT count(*) FROM cases_case c, test_clock t WHERE c.state = 'loaned' AND t.now > "
            "((c.document->'clocks'->'return'->>'on')::date + 1) AT TIME ZONE 'Asia/Tokyo'"
        )[0][0]
        if late:
            yield f"{late} cases should be overdue"
        self.figures["clocks fired"] = dict(
            self.rows("SELECT act, count(*) FROM cases_event WHERE actor = 'system' GROUP BY 1 ORDER BY 1")
        )

    def charges(self) -> Iterator[str]:
        """A fee is taken once."""
        for row in self.rows(
            "SELECT c.case_id, c.due, c.paid, count(e.*) FROM cases_charge c LEFT JOIN cases_event e "
            "ON (e.body, e.case_id) = (c.body, c.case_id) AND e.act = 'pay' GROUP BY 1, 2, 3 "
            "HAVING c.due <> 750 OR c.paid <> 750 * count(e.*)"
        ):
            yield f"case {row[0]}: due {row[1]}, paid {row[2]}, {row[3]} payments"

    def outbox(self) -> Iterator[str]:
        """The worker has done what the acts left, and each document has its file."""
        waiting = self.rows("SELECT count(*), max(problem) FROM cases_outbox")[0]
        if waiting[0]:
            yield f"{waiting[0]} rows still wait ({waiting[1]})"
        bare = self.rows("SELECT count(*) FILTER (WHERE pdf IS NULL), count(*) FROM documents_document")[0]
        if bare[0]:
            yield f"{bare[0]} of {bare[1]} documents have no file"
        for row in self.rows(
            "SELECT c.id, c.seq, s.seq FROM cases_case c LEFT JOIN cases_shared s "
            "ON (s.body, s.target, s.case_id) = (c.party, c.body, c.id) "
            "WHERE c.party <> '' AND (s.seq, s.state) IS DISTINCT FROM (c.seq, c.state)"
        ):
            yield f"case {row[0]} stands at {row[1]}, on the list of its party at {row[2]}"
        twice = self.rows(
            "SELECT count(*) FROM (SELECT 1 FROM cases_notice GROUP BY body, case_id, seq, name HAVING count(*) > 1) n"
        )[0][0]
        if twice:
            yield f"{twice} notices stand twice"
        self.figures["documents"] = bare[1]


def log_errors(folder: Path) -> Iterator[str]:
    """Errors of ours in the logs that no lost connection explains."""
    for path in sorted(folder.glob("*.log*")):
        if path.name.startswith("postgres"):
            continue
        for line in path.read_text("utf-8", "replace").splitlines():
            try:
                said = json.loads(line)
            except ValueError:
                if "Traceback" in line or "panicked" in line:
                    yield f"{path.name}: {line}"
                continue
            error = said.get("error") if isinstance(said, dict) else None
            if not error or said.get("level") not in ("error", "critical", "warning"):
                continue
            if error["type"].rsplit(".", 1)[-1] not in _ALLOWED_ERRORS:
                frames = " < ".join(reversed(error.get("frames", ())[-3:]))
                yield f"{path.name}: {said['message']}: {error['type']} {error.get('text', '')[:200]} ({frames})"


def main(argv: list[str]) -> int:
    from kiban.ops.home import folder

    with connect(**Cluster().superuser("kiban").parameters(), autocommit=True) as connection:
        checks = Checks(connection, [Path(name) for name in argv])
        wrong = [*checks.all(), *(f"log: {line}" for line in log_errors(folder("logs")))]
    sys.stdout.write(json.dumps({"figures": checks.figures, "wrong": wrong}, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
