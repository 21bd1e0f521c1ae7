from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "kiban.access"
    label = "access"
