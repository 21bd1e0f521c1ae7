from django.apps import AppConfig


class DefinitionsConfig(AppConfig):
    name = "kiban.definitions"
    label = "definitions"
