"""The URLs under /settings/steps/."""

from django.urls import path

from sequences.views import step_types

urlpatterns = [path("", step_types.step_types, name="step-types")]
