from django.apps import AppConfig


class MoneyConfig(AppConfig):
    name = "kiban.money"
    label = "money"

    def ready(self) -> None:
        """An adapter of payments that can't be used stops the start, not the first resident who looks at a case."""
        from kiban.money import port

        port.adapter()
