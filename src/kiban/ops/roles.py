"""The database and its three roles: owner (schema), app (pages and API), worker (clocks and outbox).

app and worker own nothing, can't create anything and can't bypass row-level security.
"""

from __future__ import annotations

import contextlib

from psycopg import Connection, connect
from psycopg.errors import DuplicateDatabase, DuplicateObject, InsufficientPrivilege
from psycopg.rows import TupleRow
from psycopg.sql import SQL, Identifier, Literal

from kiban.ops.config import ConfigurationError, Database
from kiban.ops.home import secret

OWNER = "kiban_owner"
GUESTS = ("kiban_app", "kiban_worker")
_LIMITS = {"lock_timeout": "10s", "statement_timeout": "60s"}


def prepare_database(administrator: Database, name: str, *, owner: str = OWNER) -> None:
    """Make the roles, the database and the grants; safe to repeat. `administrator` may create roles.

    With an external server the administrator is KIBAN_DATABASE_URL's user, who stays the owner of the
    schema, and the database exists already.
    """
    guests_only = owner != OWNER
    with connect(**administrator.parameters(), autocommit=True) as connection:
        try:
            for role in GUESTS if guests_only else (OWNER, *GUESTS):
                _role(connection, role)
        except InsufficientPrivilege as error:
            raise ConfigurationError(
                f"The database user {administrator.user!r} may not create roles: give it CREATEROLE, "
                "which it needs at the first start only."
            ) from error
        if not guests_only:
            _database(connection, name)
    inside = Database(
        administrator.host,
        administrator.port,
        name,
        administrator.user,
        administrator.password,
        administrator.options,
    )
    with connect(**inside.parameters(), autocommit=True) as connection:
        _grants(connection, name, owner)


def _role(connection: Connection[TupleRow], role: str) -> None:
    """Create or repair a role. The server is sent the SCRAM verifier, never the password."""
    verifier = connection.pgconn.encrypt_password(
        secret(role).encode(), role.encode(), b"scram-sha-256"
    ).decode()
    if not _exists(connection, role):
        with contextlib.suppress(DuplicateObject):  # another process was quicker
            connection.execute(SQL("CREATE ROLE {} LOGIN").format(Identifier(role)))
    connection.execute(
        SQL("ALTER ROLE {} LOGIN NOINHERIT PASSWORD {}").format(Identifier(role), Literal(verifier))
    )
    if role in GUESTS:
        for key, value in _LIMITS.items():
            connection.execute(
                SQL("ALTER ROLE {} SET {} = {}").format(Identifier(role), Identifier(key), Literal(value))
            )
        _refuse_power(connection, role)


def _exists(connection: Connection[TupleRow], role: str) -> bool:
    return connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (role,)).fetchone() is not None


def _refuse_power(connection: Connection[TupleRow], role: str) -> None:
    row = connection.execute(
        "SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication "
        "FROM pg_roles WHERE rolname = %s",
        (role,),
    ).fetchone()
    if row is None or row[0]:
        raise ConfigurationError(
            f"The database role {role} may do more than it should. Run, as a superuser: "
            f"ALTER ROLE {role} NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB NOREPLICATION;"
        )


def _database(connection: Connection[TupleRow], name: str) -> None:
    found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
    if found is None:
        with contextlib.suppress(DuplicateDatabase):
            connection.execute(
                SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'").format(
                    Identifier(name), Identifier(OWNER)
                )
            )


def _grants(connection: Connection[TupleRow], name: str, owner: str) -> None:
    database, schema_owner = Identifier(name), Identifier(owner)
    connection.execute(SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
    connection.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    if owner == OWNER:
        connection.execute(SQL("ALTER SCHEMA public OWNER TO {}").format(schema_owner))
    for guest in map(Identifier, GUESTS):
        connection.execute(SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(database, guest))
        connection.execute(SQL("GRANT USAGE ON SCHEMA public TO {}").format(guest))
        for rights, things in (
            ("SELECT, INSERT, UPDATE, DELETE", "TABLES"),
            ("USAGE, SELECT", "SEQUENCES"),
        ):
            connection.execute(
                SQL("ALTER DEFAULT PRIVILEGES FOR ROLE {} IN SCHEMA public GRANT {} ON {} TO {}").format(
                    schema_owner, SQL(rights), SQL(things), guest
                )
            )
