from django.apps import AppConfig


class AudienceConfig(AppConfig):
    name = "audience"

    def ready(self) -> None:
        from audience import uses, using
        from audience.bulk import export, registry, verbs

        registry.register(verbs.AddTags(), verbs.RemoveTags(), verbs.SetOwner(), verbs.SetField())
        registry.register(export.Export(), verbs.StopMail(), verbs.Delete())
        uses.register(of_field=using.views_of_field, of_values=using.views_of_values)
