"""The URLs under /settings/mailboxes/."""

from django.urls import path

from messaging.views import mailboxes

urlpatterns = [
    path("", mailboxes.index, name="mailboxes"),
    path("new/", mailboxes.new, name="mailbox-new"),
    path("<int:mailbox_id>/", mailboxes.edit, name="mailbox"),
    path("<int:mailbox_id>/test/", mailboxes.test, name="mailbox-test"),
    path("<int:mailbox_id>/default/", mailboxes.default, name="mailbox-default"),
    path("<int:mailbox_id>/off/", mailboxes.off, name="mailbox-off"),
]
