"""Gunicorn's configuration: ``gunicorn --config python:config.gunicorn config.wsgi``."""

import os

from config import environment
from config.embedded.ports import HANDED_OVER

environment.complete()  # in the master: a missing variable ends it with one line, no worker is started over and over

if fd := os.environ.get(HANDED_OVER):
    bind = f"fd://{fd}"
else:
    bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
worker_class = "config.web_worker.Worker"
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
threads = int(os.environ.get("WEB_THREADS", "4"))
timeout = 60
graceful_timeout = 20
keepalive = 5
limit_request_line = 8190  # lists are addresses, and one may name many values (docs/adr/0016)
max_requests = 10_000
max_requests_jitter = 1_000
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None
forwarded_allow_ips = os.environ.get("FORWARDED_ALLOW_IPS", "127.0.0.1")
loglevel = "warning"
