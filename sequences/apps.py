from django.apps import AppConfig


class SequencesConfig(AppConfig):
    name = "sequences"

    def ready(self) -> None:
        from audience import lists
        from sequences import leaving, receivers  # noqa: F401 - receivers connect themselves
        from sequences.engine.questions import membership_at

        leaving.register()
        lists.membership_of = membership_at
