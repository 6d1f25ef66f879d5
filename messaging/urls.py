"""What stands in mails: tracked links and the pixel, unsubscribing."""

from __future__ import annotations

from django.urls import path

from messaging.views.tracking import track
from messaging.views.unsubscribe import unsubscribe

urlpatterns = [
    path("t/<token>", track, name="track"),
    path("u/<token>", unsubscribe, name="unsubscribe"),
]
