"""The Celery application: a doorbell. What is due, and since when, stands in PostgreSQL."""

import gc
import os
import warnings
from contextlib import suppress
from inspect import signature
from typing import Any

import structlog
from celery import Celery, Task
from celery.signals import task_prerun, task_success, worker_before_create_process, worker_init

from config.beat import TICK

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("STEPWISE_PROCESS", "worker")
# Django's checks would load every page into every worker; the web and `make check` run them.
os.environ.setdefault("CELERY_SKIP_CHECKS", "1")

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


@worker_before_create_process.connect
def share_what_is_loaded(**_kwargs: object) -> None:
    """Keep the collector off what parent and child have in common: looking at an object copies its page."""
    gc.collect()
    gc.freeze()


@task_prerun.connect
def name_the_task_in_logs(
    task_id: str, task: Task, args: list[Any], kwargs: dict[str, Any], **_kwargs: object
) -> None:
    """Put the task, and the tenant it is for, on each log line of its run."""
    structlog.contextvars.clear_contextvars()
    structlog.contextvars.bind_contextvars(task=task.name, task_id=task_id)
    with suppress(TypeError):  # wrong arguments: the task itself will say so
        given = signature(task.run).bind(*args, **kwargs).arguments
        if given.get("tenant_id") is not None:
            structlog.contextvars.bind_contextvars(tenant=given["tenant_id"])


@task_success.connect
def note_the_tick(sender: Task, **_kwargs: object) -> None:
    """Keep when the look for due sequences last came to its end."""
    if sender.name == TICK:
        from config import heartbeat

        heartbeat.write(heartbeat.TICK)
