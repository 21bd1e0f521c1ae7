"""Registries compared with the events that changed them. Each function names what differs, in words.

A version of a record is the one before it with what its event set; a record is its last version; its search values
are the scalars of its fields. The first is looked at with the events of a span, the others in the database.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, pairwise
from operator import itemgetter
from typing import Any

import orjson
from django.db import connection

from kiban.cases.ledger import Span, read

Key = tuple[str, str, str]
"""Service, registry and key of a record."""
Changes = Mapping[tuple[str, int], Sequence[tuple[Key, Mapping[str, Any]]]]
"""By case and event: what was set in which record, in order."""

_VERSIONS = """
    SELECT v.case_id::text, v.seq, v.service, v.registry, v.key, v.version, v.data::text, p.data::text
      FROM registries_recordversion v
      LEFT JOIN registries_recordversion p ON (p.body, p.service, p.registry, p.key, p.version)
                                            = (v.body, v.service, v.registry, v.key, v.version - 1)
     WHERE v.body = %(body)s AND v.case_id BETWEEN %(first)s AND %(last)s
     ORDER BY v.case_id, v.seq, v.service, v.registry, v.key, v.version
"""
# What an event set without making a version was there already: in some version of the record.
_NOWHERE = """
    SELECT w.service, w.registry, w.key
      FROM jsonb_to_recordset(%(given)s::jsonb) AS w(service text, registry text, key text, given jsonb)
     WHERE NOT EXISTS (
           SELECT FROM registries_recordversion v
            WHERE v.body = %(body)s AND v.service = w.service AND v.registry = w.registry AND v.key = w.key
              AND v.data @> jsonb_strip_nulls(w.given))
"""
_RECORDS = 20_000  # looked at by one statement
_BOUNDS = """
    SELECT service, registry, key FROM (
        SELECT service, registry, key, row_number() OVER (ORDER BY service, registry, key) AS place
          FROM registries_record WHERE body = %s
    ) AS listed WHERE place %% %s = 0 ORDER BY 1, 2, 3
"""
_BEFORE_ALL, _AFTER_ALL = ("", "", ""), ("\U0010ffff", "", "")
_HERE = """
    body = %(body)s AND (service, registry, key) > (%(s1)s, %(r1)s, %(k1)s)
                    AND (service, registry, key) <= (%(s2)s, %(r2)s, %(k2)s)
"""
_LAST = f"""
    SELECT service, registry, key, r.version IS NULL
      FROM (SELECT service, registry, key, version, data FROM registries_record WHERE {_HERE}) AS r
      FULL JOIN (SELECT DISTINCT ON (service, registry, key) service, registry, key, version, data,
                        count(*) OVER (PARTITION BY service, registry, key) AS versions
                   FROM registries_recordversion WHERE {_HERE}
                  ORDER BY service, registry, key, version DESC) AS v USING (service, registry, key)
     WHERE r.data IS DISTINCT FROM v.data OR r.version IS DISTINCT FROM v.version OR v.version <> v.versions
     ORDER BY 1, 2, 3
"""  # noqa: S608
_VALUES = f"""
    WITH made AS (SELECT r.service, r.registry, r.key, f.field, f.value
                    FROM (SELECT * FROM registries_record WHERE {_HERE}) AS r, kiban_record_values(r.data) AS f),
         found AS (SELECT service, registry, key, field, value FROM registries_recordvalue WHERE {_HERE})
    SELECT DISTINCT service, registry, key
      FROM ((TABLE made EXCEPT TABLE found) UNION ALL (TABLE found EXCEPT TABLE made)) AS differing
     ORDER BY 1, 2, 3
"""  # noqa: S608


def against_events(span: Span, changes: Changes) -> Iterator[str]:
    """Versions of records that are not what the events of a span made. Events that are not in `changes` are not asked.

    Runs in the body's open scope.
    """
    found = {
        act: [(tuple(row[2:5]), row[5], orjson.loads(row[6]), orjson.loads(row[7] or b"{}")) for row in rows]
        for act, rows in groupby(read(_VERSIONS, span), key=itemgetter(0, 1))
    }
    unmade: list[tuple[Key, Mapping[str, Any]]] = []
    for act in sorted(changes.keys() & found.keys()):
        versions = found[act]
        for key in dict.fromkeys(version[0] for version in versions):
            own = [version for version in versions if version[0] == key]
            yield from _against_event(own, [given for name, given in changes[act] if name == key])
    for act, said in changes.items():
        made = {version[0] for version in found.get(act, ())}
        unmade += [(key, given) for key, given in said if key not in made]
    if unmade:
        yield from _nowhere(span.body, unmade)


def _against_event(own: list[Any], said: list[Mapping[str, Any]]) -> Iterator[str]:
    """The versions that one event made of one record."""
    data = own[0][3]
    made = []
    for given in said:
        after = {name: value for name, value in {**data, **given}.items() if value is not None}
        if after != data:
            made.append(after)
            data = after
    for place, (key, version, stands, _before) in enumerate(own):
        if place >= len(made) or made[place] != stands:
            yield f"record {'/'.join(key)} version {version}: differs from its event"
    if len(made) > len(own):
        yield f"record {'/'.join(own[0][0])}: a version is missing"


def _nowhere(body: str, unmade: list[tuple[Key, Mapping[str, Any]]]) -> Iterator[str]:
    given = [
        {"service": key[0], "registry": key[1], "key": key[2], "given": said} for key, said in unmade if said
    ]
    with connection.cursor() as cursor:
        cursor.execute(_NOWHERE, {"body": body, "given": orjson.dumps(given).decode()})
        for key in cursor.fetchall():
            yield f"record {'/'.join(key)}: what an event set is in no version of it"


def against_versions(body: str) -> Iterator[str]:
    """Records that are not their last version, versions that are missing, search values that are not the record's.

    Runs in the body's open scope.
    """
    with connection.cursor() as cursor:
        cursor.execute(_BOUNDS, [body, _RECORDS])
        bounds = [_BEFORE_ALL, *cursor.fetchall(), _AFTER_ALL]
        for (s1, r1, k1), (s2, r2, k2) in pairwise(bounds):
            here = {"body": body, "s1": s1, "r1": r1, "k1": k1, "s2": s2, "r2": r2, "k2": k2}
            cursor.execute(_LAST, here)
            for *key, missing in cursor.fetchall():
                said = "is missing" if missing else "differs from its last version"
                yield f"record {'/'.join(key)}: {said}"
            cursor.execute(_VALUES, here)
            for key in cursor.fetchall():
                yield f"record {'/'.join(key)}: its search values differ"


def count(body: str) -> int:
    """How many records a body has. Runs in its open scope."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM registries_record WHERE body = %s", [body])
        return int(cursor.fetchone()[0])
