"""The Jinja2 environment of the pages."""

from typing import Any

from jinja2 import Environment, StrictUndefined


def environment(**options: Any) -> Environment:
    """Jinja2 as the pages use it: an undefined name is an error, also outside DEBUG."""
    return Environment(**options | {"undefined": StrictUndefined})
