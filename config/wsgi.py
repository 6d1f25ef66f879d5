"""The web process."""

import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ.setdefault("STEPWISE_PROCESS", "web")

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()

from config.role import check_role  # noqa: E402

try:
    check_role()
except SystemExit as refusal:
    sys.stderr.write(f"{refusal}\n")
    sys.exit(3)  # gunicorn then ends as a whole instead of starting this worker again and again
