"""The chassis' own task."""

from celery import shared_task

from config import heartbeat as signs


@shared_task
def heartbeat() -> None:
    """Show that bells rung by beat are heard by a worker."""
    signs.write(signs.WORKER)
