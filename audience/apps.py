from django.apps import AppConfig


class AudienceConfig(AppConfig):
    name = "audience"

    def ready(self) -> None:
        from audience import uses, using

        uses.register(of_field=using.views_of_field)
