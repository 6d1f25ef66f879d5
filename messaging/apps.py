from django.apps import AppConfig


class MessagingConfig(AppConfig):
    name = "messaging"

    def ready(self) -> None:
        from audience import uses
        from messaging import receivers  # noqa: F401 - they connect themselves
        from messaging.signatures import READER
        from messaging.using import texts_of_field
        from tenants import signatures

        signatures.register(READER)
        uses.register(of_field=texts_of_field)
