from django.apps import AppConfig


class DeliveryConfig(AppConfig):
    name = "kiban.delivery"
    label = "delivery"
