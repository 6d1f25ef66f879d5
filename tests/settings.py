"""The suite's settings: the app's in test mode, on services of its own unless the environment names some."""

import os

from config.embedded.services import TEST_DATA
from config.environment import provide_services

os.environ["MODE"] = "test"
provide_services(TEST_DATA, durable=False)

from config.settings import *  # noqa: E402, F403
