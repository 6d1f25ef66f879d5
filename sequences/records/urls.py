"""Addresses under contacts and reminders that need sequences."""

from django.urls import path

from activities import reminders
from sequences.records import views
from sequences.views import resend, tags

urlpatterns = [
    path("settings/tags/sequences/", tags.index, name="sequence-tags"),
    path("settings/tags/sequences/rename/", tags.rename, name="sequence-tag-rename"),
    path("settings/tags/sequences/remove/", tags.remove, name="sequence-tag-remove"),
    path("contacts/<int:pk>/timeline/", views.timeline, name="timeline-panel"),
    path("opportunities/<int:pk>/timeline/", views.timeline_of_deal, name="opportunity-timeline"),
    path("contacts/<int:pk>/reminders/", views.reminders, name="reminder-panel"),
    path("messages/<int:pk>/resend/", resend.resend, name="message-resend"),
    path(
        "reminders/<int:pk>/complete/", views.closing(reminders.complete, "Done."), name="reminder-complete"
    ),
    path("reminders/<int:pk>/skip/", views.closing(reminders.skip, "Skipped."), name="reminder-skip"),
]
