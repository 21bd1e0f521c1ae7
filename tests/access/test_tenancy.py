"""The database against the models: every tenant table is forced under the scope, and the roles own nothing."""

import pytest
from django.apps import apps

from kiban.access.tenancy import Tenant

TENANTS = sorted((m for m in apps.get_models() if issubclass(m, Tenant)), key=lambda m: m._meta.db_table)
# Tables with a `body` that are no tenants: reference data, which is the same for all who look.
REFERENCE = {
    "access_absence",
    "access_rolegrant",
    "access_participation",
    "access_closedday",
    "access_office",
    "definitions_parametervalue",
    "definitions_localfield",
}


def _ask(database, sql, *values):
    return database.administrator.execute(sql, values).fetchall()


def test_every_table_with_a_body_is_a_tenant_or_reference_data():
    with_body = {m._meta.db_table for m in apps.get_models() if any(f.name == "body" for f in m._meta.fields)}
    assert with_body - {m._meta.db_table for m in TENANTS} == REFERENCE


@pytest.mark.parametrize("model", TENANTS, ids=lambda m: m._meta.db_table)
class TestTenant:
    def test_the_key_starts_with_the_body(self, database, model):
        columns = _ask(
            database,
            "SELECT array_agg(a.attname ORDER BY k.place) FROM pg_constraint c "
            "CROSS JOIN LATERAL unnest(c.conkey) WITH ORDINALITY AS k(number, place) "
            "JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.number "
            "WHERE c.contype = 'p' AND c.conrelid = %s::regclass GROUP BY c.oid",
            model._meta.db_table,
        )[0][0]
        assert columns[0] == "body"
        assert columns == [field.column for field in model._meta.pk_fields]

    def test_row_level_security_is_forced(self, database, model):
        table = model._meta.db_table
        assert _ask(
            database,
            "SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = %s::regclass",
            table,
        ) == [(True, True)]
        policies = _ask(
            database,
            "SELECT policyname, permissive, roles::text[], cmd, qual, with_check FROM pg_policies "
            "WHERE tablename = %s ORDER BY policyname",
            table,
        )
        scoped = (
            "scope",
            "PERMISSIVE",
            ["public"],
            "ALL",
            "(body = kiban_scope())",
            "(body = kiban_scope())",
        )
        due = ("due_work", "PERMISSIVE", ["kiban_worker"], "SELECT", "true", None)
        assert policies == ([due, scoped] if model.worker_sees_all else [scoped])

    def test_the_foreign_keys_are_those_of_the_model(self, database, model):
        found = _ask(
            database,
            "SELECT (SELECT array_agg(a.attname ORDER BY k.place) FROM unnest(c.conkey) WITH ORDINALITY k(n, place) "
            "JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.n), c.confrelid::regclass::text, "
            "(SELECT array_agg(a.attname ORDER BY k.place) FROM unnest(c.confkey) WITH ORDINALITY k(n, place) "
            "JOIN pg_attribute a ON a.attrelid = c.confrelid AND a.attnum = k.n), c.convalidated "
            "FROM pg_constraint c WHERE c.contype = 'f' AND c.conrelid = %s::regclass",
            model._meta.db_table,
        )
        assert {(tuple(here), table, tuple(there)) for here, table, there, _ in found} == set(
            model.references
        )
        assert all(valid for *_rest, valid in found)
        for here, _table, there in model.references:
            assert here[0] == there[0] == "body"


def test_the_roles_of_the_application_own_nothing(database):
    assert (
        _ask(
            database,
            "SELECT c.relname FROM pg_class c JOIN pg_roles r ON r.oid = c.relowner "
            "WHERE r.rolname IN ('kiban_app', 'kiban_worker')",
        )
        == []
    )
    assert _ask(
        database,
        "SELECT DISTINCT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname IN ('kiban_app', 'kiban_worker')",
    ) == [(False,)]


def test_functions_with_the_owners_rights_are_few_and_pinned(database):
    found = _ask(
        database,
        "SELECT p.proname, p.proconfig FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace "
        "WHERE p.prosecdef AND n.nspname = 'public'",
    )
    assert found == [("kiban_scope", ["search_path=pg_catalog"])]


def test_the_models_have_no_change_without_a_migration(database):
    from django.core.management import call_command

    call_command(
        "makemigrations",
        "access",
        "definitions",
        "cases",
        "registries",
        "documents",
        "delivery",
        "money",
        check=True,
        dry_run=True,
    )
