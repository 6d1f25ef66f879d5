"""The chassis as a Django app: what has to be connected once at the start."""

from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin.apps import AdminConfig


class ChassisConfig(AppConfig):
    """Binds the Celery application, the refusal of a role that the wall does not hold, and the report of errors."""

    name = "config"
    verbose_name = "Stepwise"

    def ready(self) -> None:
        from config import celery, counters, role  # noqa: F401

        if settings.SENTRY_DSN:
            import sentry_sdk

            sentry_sdk.init(settings.SENTRY_DSN, send_default_pii=False, include_local_variables=False)


class OperatorsConfig(AdminConfig):
    """Django's admin with our site."""

    default_site = "config.admin_site.Site"
