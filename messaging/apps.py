from django.apps import AppConfig


class MessagingConfig(AppConfig):
    name = "messaging"

    def ready(self) -> None:
        from messaging import receivers  # noqa: F401 - they connect themselves
        from messaging.signatures import READER
        from tenants import signatures

        signatures.register(READER)
