from django.apps import AppConfig


class SequencesConfig(AppConfig):
    name = "sequences"

    def ready(self) -> None:
        from sequences import leaving, receivers  # noqa: F401 - receivers connect themselves

        leaving.register()
