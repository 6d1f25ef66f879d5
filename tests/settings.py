"""The suite's settings: the app's in test mode, on services of its own unless the environment names some."""

import os
from urllib.parse import urlsplit

from config.embedded.services import TEST_DATA
from config.environment import provide_services


def numbered(url: str, number: int) -> str:
    """The Redis address `url` with another database number: no process of the suite hears another's bells."""
    parts = urlsplit(url)
    if parts.scheme == "unix":
        return f"unix://{parts.path}?db={number}"
    return parts._replace(path=f"/{number}").geturl()


os.environ["MODE"] = "test"
provide_services(TEST_DATA, durable=False)
worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
os.environ["REDIS_URL"] = numbered(os.environ["REDIS_URL"], 1 + int(worker) % 15)

from config.settings import *  # noqa: E402, F403

# Each of the tests' clients makes the middleware anew, and would read through all static files for it.
WHITENOISE_AUTOREFRESH = True
