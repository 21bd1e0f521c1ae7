from django.apps import AppConfig


class BulkConfig(AppConfig):
    name = "kiban.bulk"
    label = "bulk"
