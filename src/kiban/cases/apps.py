from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CasesConfig(AppConfig):
    name = "kiban.cases"
    label = "cases"

    def ready(self) -> None:
        post_migrate.connect(_install_functions, sender=self, dispatch_uid="kiban.cases.functions")


def _install_functions(**_: Any) -> None:
    """Functions are replaced at each migration: they hold no data, and the file is their one source."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute((Path(__file__).parent / "append.sql").read_text(encoding="utf-8"))
