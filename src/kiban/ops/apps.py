import logging

from django.apps import AppConfig
from django.core.signals import got_request_exception


class OpsConfig(AppConfig):
    name = "kiban.ops"
    label = "ops"

    def ready(self) -> None:
        got_request_exception.connect(_log_exception, dispatch_uid="kiban.ops.log_exception")


def _log_exception(**_kwargs: object) -> None:
    logging.getLogger("kiban.error").exception("unhandled error in a request")
