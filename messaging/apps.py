from django.apps import AppConfig


class MessagingConfig(AppConfig):
    name = "messaging"

    def ready(self) -> None:
        from messaging.signatures import READER
        from tenants import signatures

        signatures.register(READER)
