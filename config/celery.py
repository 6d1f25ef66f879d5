"""The Celery application: a doorbell. What is due, and since when, stands in PostgreSQL."""

import os
import warnings

from celery import Celery
from celery.signals import worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("STEPWISE_PROCESS", "worker")

# The warning is about pickle, which is refused here.
warnings.filterwarnings("ignore", message="You're running the worker with superuser privileges")

app = Celery("stepwise")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@worker_init.connect
def refuse_a_role_that_passes_the_wall(**_kwargs: object) -> None:
    """End the worker at its start, not at its first task. In the parent: a child would be started again."""
    from config.role import check_role

    check_role()
