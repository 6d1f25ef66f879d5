"""All URLs of Stepwise. No tenant stands in them: it comes from the session or from a token."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path
from django.urls.resolvers import URLPattern, URLResolver
from django.views.generic import RedirectView

from config.gallery import gallery
from config.home import home

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home, name="home"),
    # Nobody changes the address they sign in with: who took one that is not theirs would get the invitations to it.
    path("accounts/email/", RedirectView.as_view(url="/settings/profile/")),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("demo/", include("config.demo.urls")),
    path("settings/", include("tenants.urls")),
    path("sequences/", include("sequences.urls")),
    path("", include("sequences.records.urls")),
    path("", include("activities.urls")),
    path("", include("audience.urls")),
    path("", include("messaging.urls")),
    path("templates/", include("messaging.template_urls")),
    path("settings/mailboxes/", include("messaging.mailbox_urls")),
    path("settings/steps/", include("sequences.settings_urls")),
    path("settings/sending/", include("messaging.sending_urls")),
]
if settings.MODE in ("demo", "test"):
    urlpatterns.append(path("gallery/", gallery))

handler403 = "config.troubles.forbidden"
handler404 = "config.troubles.not_found"
