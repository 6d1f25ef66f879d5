"""Django's settings, read from the environment (config/environment.py names the variables)."""

import warnings
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import environ
from csp.constants import NONE, SELF

from config import environment
from config.beat import table
from config.logs import logging_config

environment.complete()
env = environ.Env()

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = BASE_DIR / ".data"

# --- What this process is ---------------------------------------------------------------------------------------

MODE = env("MODE")
PROCESS = env("STEPWISE_PROCESS", default="command")
"""web, worker, beat or command."""
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])
FIELD_ENCRYPTION_KEYS = env.list("FIELD_ENCRYPTION_KEYS")
"""Fernet keys; the first encrypts, all decrypt."""

# --- Addresses --------------------------------------------------------------------------------------------------

PUBLIC_BASE_URL = env("PUBLIC_BASE_URL").rstrip("/")
TRACKING_BASE_URL = env("TRACKING_BASE_URL", default=PUBLIC_BASE_URL).rstrip("/")
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
EGRESS_ALLOW = env.list("EGRESS_ALLOW", default=[])
"""Private networks (CIDR) that mailboxes and webhooks may reach."""
TWILIO_ACCOUNT_SID = env("TWILIO_ACCOUNT_SID", default="")
TWILIO_AUTH_TOKEN = env("TWILIO_AUTH_TOKEN", default="")
TWILIO_API_BASE = env("TWILIO_API_BASE", default="")
DEMO_SMTP_PORT = env.int("DEMO_SMTP_PORT", default=1025)
DEMO_MAIL_DIR = DATA_DIR / "demo-mail"

# --- Apps -------------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "config.apps.ChassisConfig",
    "config.apps.OperatorsConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "django.forms",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.usersessions",
    "csp",
    "django_htmx",
    "tenants",
    "audience",
    "activities",
    "messaging",
    "steps",
    "sequences",
]
MIDDLEWARE = [
    "config.middleware.ProbeMiddleware",
    "config.middleware.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "config.middleware.VaryOnFragmentMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "config.parking.SignInMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "tenants.middleware.TenantMiddleware",  # last: it puts the wall around the view itself
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

# --- Database, cache, Celery ------------------------------------------------------------------------------------

# A page that takes longer is broken; a run, an import or a command may take its time, but not for ever.
STATEMENT_SECONDS = env.int("STATEMENT_SECONDS", default=30 if PROCESS == "web" else 900)
IDLE_IN_TRANSACTION_SECONDS = env.int("IDLE_IN_TRANSACTION_SECONDS", default=60 if PROCESS == "web" else 600)

DATABASES = {"default": env.db_url("DATABASE_URL")}
DATABASES["default"].setdefault("OPTIONS", {}).update(
    application_name=f"stepwise-{PROCESS}",
    options=f"-c statement_timeout={STATEMENT_SECONDS}s"
    f" -c idle_in_transaction_session_timeout={IDLE_IN_TRANSACTION_SECONDS}s -c timezone=UTC -c jit=off",
)
if PROCESS == "web":  # pool threads do not survive the forks of a worker
    DATABASES["default"]["OPTIONS"]["pool"] = {
        "min_size": 1,
        "max_size": env.int("WEB_THREADS", default=4) + 1,
        "timeout": 10,
    }
else:
    DATABASES["default"] |= {"CONN_MAX_AGE": 300, "CONN_HEALTH_CHECKS": True}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = env("REDIS_URL")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": env("CACHE_URL", default=REDIS_URL),
        "KEY_PREFIX": "stepwise",
        "OPTIONS": {"serializer": "config.cache.JSONSerializer"},
    }
}


def broker_url(url: str) -> str:
    """A Redis address as Celery writes it: ``unix:///s?db=1`` is ``redis+socket:///s?virtual_host=1`` there."""
    parts = urlsplit(url)
    if parts.scheme != "unix":
        return url
    return f"redis+socket://{parts.path}?virtual_host={dict(parse_qsl(parts.query)).get('db', '0')}"


CELERY_BROKER_URL = broker_url(env("CELERY_BROKER_URL", default=REDIS_URL))
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CONCURRENCY = env.int("WORKER_CONCURRENCY", default=2)
FORECASTS_AT_ONCE = env.int("FORECASTS_AT_ONCE", default=1)
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_SOFT_TIME_LIMIT = 1500
CELERY_TASK_TIME_LIMIT = 1800
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {"messaging.tasks.deliver*": {"queue": "send"}}
CELERY_TIMEZONE = "UTC"

# Leases and intervals, in seconds; tests shorten them.
TICK_SECONDS = env.float("TICK_SECONDS", default=30)
"""Beat looks this often for sequences with something due."""
DELIVERY_SECONDS = env.float("DELIVERY_SECONDS", default=10)
"""Beat rings delivery this often; a lost bell costs at most so much."""
LEASE_SECONDS = env.float("LEASE_SECONDS", default=60)
"""How long a worker may hold a message before the point of no return."""
SENDING_LEASE_SECONDS = env.float("SENDING_LEASE_SECONDS", default=180)
"""How long a message may be under way after it; then it is `unknown`."""
SMTP_TIMEOUT_SECONDS = env.float("SMTP_TIMEOUT_SECONDS", default=120)
MAILBOX_CONNECTIONS = env.int("MAILBOX_CONNECTIONS", default=2)
"""So many workers may send from one mailbox at a time."""
VISIT_SECONDS = env.float("VISIT_SECONDS", default=15)
"""So long a worker stays with one mailbox before it looks after others."""
MACHINE_SECONDS = env.float("MACHINE_SECONDS", default=5 if MODE == "production" else 0)
"""An open or click so soon after the sending was a machine's, and several links within it. In a demonstration people
are that fast."""
CRASH_POINT = env("CRASH_POINT", default="")
"""Test mode only: where a worker dies (messaging.crash)."""
HEARTBEAT_SECONDS = env.float("HEARTBEAT_SECONDS", default=10)
CELERY_BEAT_SCHEDULE = table(tick=TICK_SECONDS, delivery=DELIVERY_SECONDS, heartbeat=HEARTBEAT_SECONDS)
CELERY_BEAT_SCHEDULER = "config.scheduler:Scheduler"

# --- Signing in -------------------------------------------------------------------------------------------------

AUTH_USER_MODEL = "tenants.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "/accounts/login/"
ACCOUNT_ADAPTER = "config.accounts.AccountAdapter"
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False  # strangers get no mail from us
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = urlsplit(PUBLIC_BASE_URL).scheme
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in ("UserAttributeSimilarityValidator", "CommonPasswordValidator", "NumericPasswordValidator")
] + [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    }
]
if MODE == "test":  # a real hash costs a third of a second, and many tests sign in within one minute
    PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    ACCOUNT_RATE_LIMITS = False

# --- Security ---------------------------------------------------------------------------------------------------

HTTPS = urlsplit(PUBLIC_BASE_URL).scheme == "https"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "csrf"
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=31_536_000) if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_PROXY_SSL_HEADER = (
    ("HTTP_X_FORWARDED_PROTO", "https") if env.bool("SECURE_PROXY_SSL_HEADER", default=False) else None
)
# Attempts to sign in are counted by who makes them, not by the proxy in front.
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if SECURE_PROXY_SSL_HEADER else 0
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "font-src": [SELF],
        "img-src": [SELF, "data:"],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    }
}
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000

# --- Pages and files --------------------------------------------------------------------------------------------

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "environment": "config.jinja.environment",
            "context_processors": ["config.context.chrome"],
        },
    },
    {  # for the admin, and for allauth's pages that we have none of our own for
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    },
]
FORM_RENDERER = "config.forms.Renderer"
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = env("STATIC_ROOT", default=str(BASE_DIR / "staticfiles"))
MEDIA_ROOT = env("MEDIA_ROOT", default=str(DATA_DIR / "media"))
"""Uploaded and exported files, shared by web and workers; no URL leads there."""
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if MODE == "production"
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
if MODE != "production":  # files are served from where they lie, nothing is collected
    warnings.filterwarnings("ignore", message="No directory at")
WHITENOISE_USE_FINDERS = MODE != "production"
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_MAX_AGE = 60 if MODE != "production" else 3600
FILE_UPLOAD_PERMISSIONS = 0o600

USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"

# --- The product's own mail (invitations, password resets) ------------------------------------------------------

vars().update(env.email_url("EMAIL_URL"))
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env("DEFAULT_FROM_EMAIL")
EMAIL_TIMEOUT = 30

# --- Logs -------------------------------------------------------------------------------------------------------

LOG_LEVEL = env("LOG_LEVEL", default="INFO" if MODE == "production" else "WARNING").upper()
LOG_FORMAT = env("LOG_FORMAT", default="json" if MODE == "production" else "text")
LOGGING = logging_config(LOG_LEVEL, as_json=LOG_FORMAT == "json")
SENTRY_DSN = env("SENTRY_DSN", default="")
METRICS_TOKEN = env("METRICS_TOKEN", default="")
"""What a Prometheus has to show; without it `/metrics` answers this machine only."""
