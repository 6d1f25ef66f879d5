"""All URLs of Stepwise. No tenant stands in them: it comes from the session or from a token."""

from django.urls import include, path
from django.urls.resolvers import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = [
    path("accounts/", include("allauth.urls")),
    path("demo/", include("config.demo.urls")),
]
