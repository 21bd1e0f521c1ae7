"""What `kiban doctor` looks at in the database: roles, migrations, row-level security, clocks that are late."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import psycopg
from psycopg.rows import TupleRow

from kiban.ops import config, supervisor
from kiban.ops.doctor import OK, WARNING, WRONG, Check, Finding
from kiban.ops.home import DATA_KEY, home, secret
from kiban.ops.standing import run_module

_POWER = """
    SELECT rolname FROM pg_roles WHERE rolname IN ('kiban_app', 'kiban_worker')
       AND (rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication)
"""
_OWNED = """
    SELECT DISTINCT c.relname FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner
     WHERE r.rolname IN ('kiban_app', 'kiban_worker') ORDER BY 1
"""
_SECURITY = (
    "SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity AND relkind IN ('r', 'p')"
)
_QUEUES = {"clock": "clocks", "email": "e-mail", "webhook": "webhooks"}


def reachable() -> Iterator[Finding]:
    """The database answers each role."""
    for role in config.ROLES:
        found = config.database(role)
        try:
            with psycopg.connect(**found.parameters(), connect_timeout=5) as connection:
                connection.execute("SELECT 1")
        except psycopg.OperationalError as error:
            remedy = (
                "check KIBAN_DATABASE_URL"
                if config.external_url()
                else "./kiban up starts it, with its roles"
            )
            said = str(error).strip().splitlines()[-1][:200]
            yield Finding(WRONG, f"database as {role}", said, remedy)
            return
        yield Finding(OK, f"database as {role}", f"{found.user or 'owner'} at {found.host}:{found.port}")


def _rows(role: str, query: str) -> list[TupleRow]:
    with psycopg.connect(**config.database(role).parameters(), connect_timeout=5) as connection:
        return connection.execute(query.encode()).fetchall()


def roles() -> Finding:
    """The application can't bypass row-level security, and owns nothing."""
    strong = [row[0] for row in _rows("owner", _POWER)]
    if strong:
        return Finding(
            WRONG, "roles", f"{', '.join(strong)} may do more than it should",
            f"as superuser: ALTER ROLE {strong[0]} NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB NOREPLICATION",
        )  # fmt: skip
    owned = [row[0] for row in _rows("owner", _OWNED)]
    if owned:
        return Finding(
            WRONG, "roles", f"an application role owns {', '.join(owned[:5])}",
            f"ALTER TABLE {owned[0]} OWNER TO kiban_owner",
        )  # fmt: skip
    return Finding(OK, "roles", "app and worker have no power of their own and own nothing")


def migrations() -> Finding:
    """The schema is that of this version of the program."""
    from kiban.ops.restore import known_migrations

    done = {row[0] for row in _rows("owner", "SELECT app || '/' || name FROM django_migrations")}
    missing, newer = sorted(known_migrations() - done), sorted(done - known_migrations())
    if missing:
        return Finding(WRONG, "migrations", f"not applied: {', '.join(missing[:5])}", "./kiban upgrade")
    if newer:
        return Finding(
            WRONG,
            "migrations",
            f"of a newer version: {', '.join(newer[:5])}",
            "use the newer version of kiban",
        )
    return Finding(OK, "migrations", f"{len(done)} applied")


def row_level_security() -> Finding:
    """Every table of a body's rows is forced under its policy."""
    from django.apps import apps

    from kiban.access.tenancy import Tenant

    tables = {model._meta.db_table for model in apps.get_models() if issubclass(model, Tenant)}
    open_ = sorted(tables - {row[0] for row in _rows("owner", _SECURITY)})
    if open_:
        return Finding(
            WRONG, "row-level security", f"not forced on {', '.join(open_)}",
            f"ALTER TABLE {open_[0]} ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY; then find out who did it",
        )  # fmt: skip
    return Finding(OK, "row-level security", f"forced on {len(tables)} tables")


def seal() -> Finding:
    """The database knows the seal of this installation's scopes."""
    from kiban.access.scope import scope

    try:
        with scope("131229"):
            from kiban.cases.models import Case

            Case.objects.filter(body="131229").first()
    except Exception as error:
        return Finding(
            WRONG, "seal of scopes", str(error).splitlines()[0][:200],
            "KIBAN_HOME/secrets/scope_seal is another one: put it back, or ./kiban upgrade installs the present one",
        )  # fmt: skip
    return Finding(OK, "seal of scopes", "holds")


def clock() -> Finding:
    """Our clock and the database's agree."""
    import time

    before = time.time()
    row = _rows("owner", "SELECT extract(epoch FROM clock_timestamp())::float8")[0]
    skew = abs(float(row[0]) - (before + time.time()) / 2)
    if skew > 2:
        return Finding(
            WRONG, "clock of the database", f"differs by {skew:.1f} s", "synchronise both machines (NTP)"
        )
    return Finding(OK, "clock of the database", f"differs by {skew * 1000:.0f} ms at most")


def work() -> Iterator[Finding]:
    """The worker keeps up: no clock, outbox row or message waits for long, none was given up."""
    done = run_module("worker", "kiban.ops.waiting")
    if done.returncode != 0:
        raise RuntimeError(supervisor.last_error(done.stderr))
    for queue in map(json.loads, done.stdout.splitlines()):
        name = _QUEUES.get(queue["name"], queue["name"])
        if queue["late"]:
            yield Finding(
                WRONG, name, f"{queue['late']} are late, the oldest by {queue['minutes']} minutes",
                "KIBAN_HOME/logs/worker.log says why; more workers: ./kiban worker",
            )  # fmt: skip
        elif queue["dead"]:
            yield Finding(
                WARNING, name, f"{queue['dead']} were given up",
                "“Work in the background” names them; ./kiban admin operator NAME makes somebody who may see it",
            )  # fmt: skip
        else:
            yield Finding(OK, name, "nothing is late")


def publication() -> Iterator[Finding]:
    """There is something to use, and somebody who may set it up."""
    count = _rows("app", "SELECT count(DISTINCT service) FROM definitions_edition")[0][0]
    if not count:
        yield Finding(WARNING, "services", "none is published", "./kiban publish services/NAME")
    else:
        yield Finding(OK, "services", f"{count} published")
    if config.mode() == "production":
        staff = _rows("app", "SELECT count(*) FROM access_user WHERE kind = 'staff' AND is_active")[0][0]
        if not staff:
            yield Finding(WARNING, "people", "nobody can sign in yet", "./kiban admin create --help")
        else:
            yield Finding(OK, "people", f"{staff} of staff")


def data_keys() -> Finding:
    """What was sealed lately can be opened with the keys that are here."""
    from kiban.cases import sealing

    if not (home() / "secrets" / DATA_KEY).is_file():  # looking must not make one
        return Finding(WRONG, "data keys", "there is none", "see “data key” above")
    administrator = _administrator()
    if administrator is None:
        return Finding(OK, "data keys", f"{len(sealing.key_ids())} here")
    with psycopg.connect(**administrator) as connection:
        rows = connection.execute(
            "SELECT DISTINCT key_id FROM (SELECT key_id FROM cases_eventcontent LIMIT 5000) AS sample"
        ).fetchall()
    lost = sorted({row[0] for row in rows} - set(sealing.key_ids()))
    if lost:
        return Finding(
            WRONG, "data keys", f"content can't be read: key {', '.join(lost)} is missing",
            "put back the data.key that was used before (keys of a backup)",
        )  # fmt: skip
    return Finding(OK, "data keys", f"{len(sealing.key_ids())} here, all that is in use")


def _administrator() -> dict[str, Any] | None:
    from kiban.ops.postgres import SUPERUSER, Cluster

    if config.external_url() or not supervisor.is_running() or not secret(SUPERUSER):
        return None
    return Cluster().superuser("kiban").parameters()


CHECKS: tuple[Check, ...] = (
    roles, migrations, row_level_security, seal, clock, work, publication, data_keys,
)  # fmt: skip
