"""The URLs under /templates/."""

from django.urls import path

from messaging.views import templates

urlpatterns = [
    path("", templates.index, name="templates"),
    path("new/", templates.new, name="template-new"),
    path("preview/", templates.preview_of, name="template-preview"),
    path("<int:pk>/", templates.detail, name="template"),
    path("<int:pk>/edit/", templates.edit, name="template-edit"),
    path("<int:pk>/copy/", templates.copy, name="template-copy"),
    path("<int:pk>/archive/", templates.archive, name="template-archive"),
    path("<int:pk>/restore/", templates.restore, name="template-restore"),
]
