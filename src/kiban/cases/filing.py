"""The list of a party's own cases, in the party's partition: written after an act, and again by the worker."""

from __future__ import annotations

from datetime import datetime

from kiban.cases.session import session


def file(
    partition: str, target: str | None, case_id: str, service: str, at: datetime, draft: str | None = None
) -> None:
    """Puts a case of the body `target` on the list of a partition and deletes a draft; may be repeated.

    The commit does not wait for the disk: the outbox of the act stands behind it.
    """
    statements, values = ["SET LOCAL synchronous_commit = off"], list[object]()
    if target is not None:
        statements.append(
            "INSERT INTO cases_filed (body, target, case_id, service, at) VALUES (%s, %s, %s, %s, %s) "
            "ON CONFLICT DO NOTHING"
        )
        values += [partition, target, case_id, service, at]
    if draft is not None:
        statements.append("DELETE FROM cases_draft WHERE body = %s AND id = %s")
        values += [partition, draft]
    with session(partition) as opened:
        opened.fetch_each("; ".join([*statements, "COMMIT"]), values)
        opened.done()
