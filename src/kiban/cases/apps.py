from django.apps import AppConfig


class CasesConfig(AppConfig):
    name = "kiban.cases"
    label = "cases"
