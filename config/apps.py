"""The chassis as a Django app: what has to be connected once at the start."""

from django.apps import AppConfig


class ChassisConfig(AppConfig):
    """Binds the Celery application and the refusal of a role that the wall does not hold."""

    name = "config"
    verbose_name = "Stepwise"

    def ready(self) -> None:
        from config import celery, role  # noqa: F401
