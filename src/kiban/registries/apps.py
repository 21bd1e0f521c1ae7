from django.apps import AppConfig


class RegistriesConfig(AppConfig):
    name = "kiban.registries"
    label = "registries"
