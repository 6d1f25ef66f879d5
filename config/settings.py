"""Django's settings, read from the environment."""

from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()

MODE = env("MODE", default="production")
SECRET_KEY = env("SECRET_KEY", default="not-yet-secret")
DEBUG = env.bool("DEBUG", default=False)
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost"])

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "tenants",
    "audience",
    "activities",
    "messaging",
    "steps",
    "sequences",
    "config",
]
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "config.urls"
AUTH_USER_MODEL = "tenants.User"
DATABASES = {"default": env.db_url("DATABASE_URL", default="postgresql://stepwise@/stepwise?host=/nowhere")}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
