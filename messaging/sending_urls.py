"""The URLs under /settings/sending/."""

from django.urls import path

from messaging.views import sending

urlpatterns = [
    path("", sending.index, name="sending"),
    path("stop/", sending.stop, name="sending-stop"),
    path("resume/", sending.resume, name="sending-resume"),
    path("safety/", sending.safety, name="sending-safety"),
]
