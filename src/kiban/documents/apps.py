from django.apps import AppConfig


class DocumentsConfig(AppConfig):
    name = "kiban.documents"
    label = "documents"
