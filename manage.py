#!/usr/bin/env python
"""Django's command line for Stepwise."""

import os
import sys


def main() -> None:
    """Run one command, on the embedded services unless the environment names others."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.management import execute_from_command_line

    from config.embedded.errors import EmbeddedError
    from config.environment import prepare_command

    try:
        prepare_command(sys.argv)
    except EmbeddedError as error:
        sys.exit(str(error))
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
