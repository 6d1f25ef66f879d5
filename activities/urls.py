"""Addresses of activities."""

from django.urls import path

from activities import views

urlpatterns = [path("contacts/<int:pk>/log/", views.log_activity, name="activity-log")]
