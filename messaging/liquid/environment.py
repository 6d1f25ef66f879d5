"""Liquid with a budget: what a template may cost, whoever wrote it (libraries: template engine)."""

from collections.abc import Callable
from typing import Any

import liquid
from liquid.context import RenderContext
from liquid.exceptions import LiquidError, ResourceLimitError
from liquid.template import BoundTemplate
from liquid.token import Token
from liquid.undefined import Undefined
from liquid.utils import ReadOnlyChainMap

from messaging.liquid.filters import FILTERS, LARGEST, LONGEST

ITERATIONS = 1_000  # of all loops of one rendering together
WORK = 2_000_000  # characters that all filters of one rendering may make together


class Context(RenderContext):
    """A rendering that counts what it spends. The library limits one loop or one string, not their sum."""

    __slots__ = ("iterations", "spent")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.scope = ReadOnlyChainMap(self.locals, self.globals)  # without Liquid's own "now" and "today"
        self.spent = 0
        self.iterations = 0

    def filter(self, name: str, token: Token | None) -> Callable[..., object]:
        function = super().filter(name, token)

        def metered(*args: object, **kwargs: object) -> object:
            try:
                made = function(*args, **kwargs)
            except (ArithmeticError, ValueError) as error:
                raise ResourceLimitError(f"“{name}” cannot work with that value", token=token) from error
            self._spend(made, token)
            return made

        return metered

    def _spend(self, made: object, token: Token | None) -> None:
        if isinstance(made, str | list):
            self.spent += len(made)
            if len(made) > LONGEST or self.spent > WORK:
                raise ResourceLimitError("the text becomes too long", token=token)
        elif isinstance(made, int | float) and not -LARGEST < made < LARGEST:  # NaN, too
            raise ResourceLimitError("the number becomes too large", token=token)

    def raise_for_loop_limit(self, length: int = 1) -> None:
        super().raise_for_loop_limit(length)
        self.iterations += length
        if self.iterations > ITERATIONS:
            raise ResourceLimitError("the loops go round too often", token=None)


class Template(BoundTemplate):
    context_class = Context


class Environment(liquid.Environment):
    template_class = Template
    block_nesting_limit = 20
    context_depth_limit = 8
    loop_iteration_limit = 500
    output_stream_limit = 200_000
    local_namespace_limit = 20_000

    def __init__(self, *, autoescape: bool) -> None:
        # An undefined value is empty: which of them may be is decided before the rendering, by the rule of
        # semantics 2.31. An undefined that raises would raise in places that the rule lets pass.
        super().__init__(autoescape=autoescape, undefined=Undefined, strict_filters=True)
        self.filters = dict(FILTERS)


HTML = Environment(autoescape=True)
TEXT = Environment(autoescape=False)


def parse(text: str, *, html: bool) -> Template:
    """The compiled template, or LiquidError."""
    template = (HTML if html else TEXT).from_string(text)
    if not isinstance(template, Template):
        raise LiquidError("not compiled as expected", token=None)
    return template
