from django.apps import AppConfig


class MoneyConfig(AppConfig):
    name = "kiban.money"
    label = "money"
