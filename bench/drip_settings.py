"""The smallest Django project in which django-drip-campaigns sends its mails; its database and sink are given."""

import os

import environ

DATABASES = {"default": environ.Env().db_url("DRIP_DATABASE_URL")}
SECRET_KEY = "only for the benchmark, on this machine"
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sites", "drip"]
SITE_ID = 1
ROOT_URLCONF = "drip.urls"
DRIP_UNSUBSCRIBE_USERS = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST, EMAIL_PORT = "127.0.0.1", int(os.environ["DRIP_SMTP_PORT"])
DEFAULT_FROM_EMAIL = "owner@bench.example"
USE_TZ = True
