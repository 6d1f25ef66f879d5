"""The chassis as a Django app: what has to be connected once at the start."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class ChassisConfig(AppConfig):
    """Binds the Celery application and the refusal of a role that the wall does not hold."""

    name = "config"
    verbose_name = "Stepwise"

    def ready(self) -> None:
        from config import celery, role  # noqa: F401


class OperatorsConfig(AdminConfig):
    """Django's admin with our site."""

    default_site = "config.admin_site.Site"
