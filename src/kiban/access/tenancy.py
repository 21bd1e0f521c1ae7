"""Row-level security, written once: which tables are partitioned by body, and how the database keeps them apart.

A tenant table's key starts with `body`, and one policy lets a transaction see and write the rows of the body
that it has entered (`kiban.access.scope`), no others. A transaction that has entered none gets an error, not an
empty answer. The scope is sealed (HMAC-SHA256) by the application and checked by a definer function, so that an
injected statement can't enter another body.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import migrations, models


class Tenant(models.Model):
    """A table of one body's rows. `references` are composite foreign keys that stand in the database."""

    body = models.TextField()

    references: tuple[tuple[tuple[str, ...], str, tuple[str, ...]], ...] = ()
    worker_sees_all = False

    class Meta:
        abstract = True


def protect(table: str, *, worker_sees_all: bool = False) -> migrations.RunSQL:
    """Forces row-level security by equality on `body`. With `worker_sees_all` the worker role may *read* every row."""
    statements = [
        f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY',
        f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY',
        f'CREATE POLICY scope ON "{table}" USING (body = kiban_scope()) WITH CHECK (body = kiban_scope())',
    ]
    undo = [
        f'DROP POLICY scope ON "{table}"',
        f'ALTER TABLE "{table}" NO FORCE ROW LEVEL SECURITY',
        f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY',
    ]
    if worker_sees_all:
        statements.append(f'CREATE POLICY due_work ON "{table}" FOR SELECT TO kiban_worker USING (true)')
        undo.insert(0, f'DROP POLICY due_work ON "{table}"')
    return migrations.RunSQL(statements, undo)


def refer(
    table: str, columns: Iterable[str], target: str, target_columns: Iterable[str]
) -> migrations.RunSQL:
    """A composite foreign key, checked at each statement."""
    name = f"{table}_to_{target}"[:60]
    here, there = (", ".join(f'"{column}"' for column in part) for part in (columns, target_columns))
    both = (table, target)
    # The first check reads both tables as their owner, who has entered no body.
    return migrations.RunSQL(
        [
            *(f'ALTER TABLE "{one}" NO FORCE ROW LEVEL SECURITY' for one in both),
            f'ALTER TABLE "{table}" ADD CONSTRAINT "{name}" FOREIGN KEY ({here}) REFERENCES "{target}" ({there})',
            *(f'ALTER TABLE "{one}" FORCE ROW LEVEL SECURITY' for one in both),
        ],
        f'ALTER TABLE "{table}" DROP CONSTRAINT "{name}"',
    )


SCOPE_SQL = """
CREATE TABLE kiban_seal (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    inner_key bytea NOT NULL,
    outer_key bytea NOT NULL
);
REVOKE ALL ON kiban_seal FROM PUBLIC, kiban_app, kiban_worker;

-- The body that this transaction has entered. kiban.scope is '<body>.<HMAC-SHA256 of it in hex>'; the keys are
-- those of RFC 2104, padded beforehand. Raises when nothing is set, or when the seal is not ours.
CREATE FUNCTION kiban_scope() RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
    entered text := current_setting('kiban.scope', true);
    code text;
    seal text;
BEGIN
    IF entered IS NULL OR entered = '' THEN
        RAISE EXCEPTION 'no scope: enter a body with kiban.access.scope.scope()' USING ERRCODE = '42501';
    END IF;
    code := split_part(entered, '.', 1);
    SELECT encode(sha256(k.outer_key || sha256(k.inner_key || convert_to(code, 'UTF8'))), 'hex')
      INTO seal FROM public.kiban_seal k;
    IF seal IS DISTINCT FROM split_part(entered, '.', 2) THEN
        RAISE EXCEPTION 'the scope is not sealed by this installation' USING ERRCODE = '42501';
    END IF;
    RETURN code;
END
$$;
"""
SCOPE_SQL_UNDO = "DROP FUNCTION kiban_scope(); DROP TABLE kiban_seal;"

# Any change of reference data moves one counter. ALWAYS: also where rows are copied in as a replica.
VERSION_SQL = """
INSERT INTO access_referenceversion (single, value) VALUES (true, 1);
CREATE FUNCTION kiban_reference_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE public.access_referenceversion SET value = value + 1 WHERE single;
    RETURN NULL;
END
$$;
"""
VERSION_SQL_UNDO = "DROP FUNCTION kiban_reference_changed(); DELETE FROM access_referenceversion;"


def counted(table: str) -> migrations.RunSQL:
    """Changes of this table make the caches of reference data old."""
    return migrations.RunSQL(
        [
            f'CREATE TRIGGER reference_changed AFTER INSERT OR UPDATE OR DELETE ON "{table}" '
            "FOR EACH STATEMENT EXECUTE FUNCTION kiban_reference_changed()",
            f'ALTER TABLE "{table}" ENABLE ALWAYS TRIGGER reference_changed',
        ],
        f'DROP TRIGGER reference_changed ON "{table}"',
    )
