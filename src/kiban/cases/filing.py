"""The list of a party's own cases, in the party's partition: written behind its act, and again by the worker."""

from __future__ import annotations

from kiban.cases.lines import WRITE, Line


def statements(partition: str, line: Line | None, draft: str | None = None) -> tuple[str, list[object]]:
    """Puts the line of a case on the list of a party's partition and deletes a draft: SQL and its values.

    For a transaction in `partition` that follows the act's (`Session.after`): the outbox of the act stands behind it.
    """
    found, values = list[str](), list[object]()
    if line is not None:
        found.append(WRITE)
        values += line.values(partition, "own")
    if draft is not None:
        found.append("DELETE FROM cases_draft WHERE body = %s AND id = %s")
        values += [partition, draft]
    return "; ".join(found), values
