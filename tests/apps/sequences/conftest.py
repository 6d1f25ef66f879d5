"""A server to send to."""

from tests.apps.messaging.conftest import sink

__all__ = ["sink"]
