from typing import Any

from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.db.models.signals import post_migrate


class AccessConfig(AppConfig):
    name = "kiban.access"
    label = "access"

    def ready(self) -> None:
        from kiban.access.sessions import proved

        user_logged_in.connect(proved, dispatch_uid="kiban.access.proved")
        post_migrate.connect(_install_seal, sender=self, dispatch_uid="kiban.access.seal")


def _install_seal(**_: Any) -> None:
    from kiban.access.scope import install_seal

    install_seal()
