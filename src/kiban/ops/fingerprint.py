"""When is a start quick? When nothing that preparing reads has changed since it was done for this database."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg.errors import UndefinedTable

from kiban.ops import config
from kiban.ops.home import REPO, home, secret

_SOURCES = (".py", ".sql", ".yaml", ".yml", ".typ", ".po", ".css", ".js", ".svg", ".html", ".png")


def of_installation() -> str:
    """SHA-256 over the program, the services, the demo, the locked packages, the mode and this home's secret."""
    digest = hashlib.sha256(f"{config.mode()} {secret('scope_seal')}".encode())
    for root in _roots():
        for path in _files(root):
            digest.update(f"{path}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def is_prepared(stamp: str) -> bool:
    """Was this database prepared from exactly this, and do the files made at start still stand?"""
    if not (home() / "static" / "staticfiles.json").is_file() or not any((home() / "fonts").glob("*")):
        return False
    try:
        with psycopg.connect(**config.database("owner").parameters()) as connection:
            row = connection.execute("SELECT stamp FROM ops_prepared").fetchone()
    except UndefinedTable:
        return False
    return row is not None and row[0] == stamp


def record(stamp: str) -> None:
    """Note that everything was prepared."""
    with psycopg.connect(**config.database("owner").parameters()) as connection:
        connection.execute(
            "INSERT INTO ops_prepared (single, stamp, at) VALUES (true, %s, now()) "
            "ON CONFLICT (single) DO UPDATE SET stamp = EXCLUDED.stamp, at = now()",
            (stamp,),
        )


def _roots() -> Iterator[Path]:
    yield from (REPO / "src" / "kiban", REPO / "services", REPO / "demo")
    yield from (REPO / "requirements.lock", REPO / "package-lock.json")
    yield from (Path(path) for path in os.environ.get("KIBAN_SERVICES", "").split(":") if path)


def _files(root: Path) -> list[Path]:
    if root.is_file():
        return [root]
    return sorted(path for path in root.rglob("*") if path.suffix in _SOURCES and path.is_file())
