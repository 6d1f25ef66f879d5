"""What a template does with which field, read from its syntax tree (semantics 2.31)."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from liquid.ast import BlockNode, ConditionalBlockNode, Node
from liquid.builtin.content import ContentNode
from liquid.builtin.expressions import (
    Filter,
    FilteredExpression,
    Literal,
    LoopExpression,
    Nil,
    Path,
    StringLiteral,
)
from liquid.builtin.expressions.primitive import Blank, Empty, RangeLiteral
from liquid.builtin.output import OutputNode
from liquid.builtin.tags.assign_tag import AssignNode
from liquid.builtin.tags.capture_tag import CaptureNode
from liquid.builtin.tags.case_tag import CaseNode, MultiExpressionBlockNode
from liquid.builtin.tags.comment_tag import CommentNode
from liquid.builtin.tags.for_tag import BreakNode, ContinueNode, ForNode
from liquid.builtin.tags.if_tag import IfNode
from liquid.builtin.tags.inline_comment_tag import InlineCommentNode
from liquid.builtin.tags.unless_tag import UnlessNode
from liquid.exceptions import LiquidError
from liquid.expression import Expression
from liquid.token import Token

from messaging.liquid.environment import Template, parse
from messaging.liquid.filters import FILTERS
from messaging.liquid.source import Piece, Unreadable, frame

OBJECTS = frozenset({"contact", "account", "opportunity", "owner", "sender"})
PEOPLE_FIELDS = frozenset({"owner.name", "owner.email", "sender.name", "sender.email"})

GUARDS = (IfNode, UnlessNode, CaseNode)
SILENT = (ContentNode, CommentNode, InlineCommentNode, BreakNode, ContinueNode)
KNOWN_NODES = (
    *GUARDS, *SILENT, OutputNode, AssignNode, CaptureNode, ForNode,
    BlockNode, ConditionalBlockNode, MultiExpressionBlockNode,
)  # fmt: skip
CONSTANTS = (Literal, Nil, Empty, Blank)
PLAINER = {"a primitive expression": "a field or a text", "end of expression": "the end"}


@dataclass
class Reading:
    """A template understood: ``fields`` maps each field that it names to the line where it first does."""

    template: Template | None = None
    fields: dict[str, int] = field(default_factory=dict)
    needed: set[str] = field(default_factory=set)
    bare: set[str] = field(default_factory=set)  # names of the contact's fields used without "contact."
    faults: list[tuple[str, int]] = field(default_factory=list)


def read(source: str, *, html: bool) -> Reading:
    """Parses ``source``. What it does wrong is in ``faults`` (reason, line), never raised."""
    reading = Reading()
    try:
        text, pieces = frame(source, html_source=html)
    except Unreadable as unreadable:
        reading.faults.append((unreadable.reason, unreadable.line))
        return reading
    try:
        template = parse(text, html=html)
    except LiquidError as error:
        reading.faults.append((told(error), line_of(error.token) or _broken(pieces, html)))
        return reading
    reader = _Reader(reading)
    reader.nodes(template.nodes, guarded=False, scope=frozenset())
    if not reading.faults:
        reading.template = template
    return reading


def told(error: LiquidError) -> str:
    """A fault of the parser or of a rendering, in a sentence."""
    message = str(error.message or "it cannot be understood")
    if message == "unexpected liquid parsing error":
        message = "it is nested too deeply or not readable"
    for theirs, ours in PLAINER.items():
        message = message.replace(theirs, ours)
    return f"{message[:1].upper()}{message[1:]}."


def line_of(token: Token | None) -> int:
    """The line of a token, from 1; 0 where it has none."""
    if token is None or not 0 <= token.start_index <= len(token.source):
        return 0
    return token.source.count("\n", 0, token.start_index) + 1


def _broken(pieces: Iterable[Piece], html: bool) -> int:
    """The line of the first piece that is wrong by itself, for errors that do not say where they are."""
    for piece in pieces:
        if piece.tag in ("", "assign"):
            try:
                parse(piece.text, html=html)
            except LiquidError:
                return piece.line
    return 1


class _Reader:
    """Walks the tree. ``guarded`` is inside an ``if``, ``unless`` or ``case``; ``scope`` are loop names."""

    def __init__(self, reading: Reading) -> None:
        self.reading = reading
        self.names: set[str] = set()  # made by assign and capture, from there on

    def fault(self, reason: str, token: Token | None) -> None:
        self.reading.faults.append((reason, line_of(token) or 1))

    def nodes(self, nodes: Iterable[Node], *, guarded: bool, scope: frozenset[str]) -> None:
        for node in nodes:
            self.node(node, guarded=guarded, scope=scope)

    def node(self, node: Node, *, guarded: bool, scope: frozenset[str]) -> None:
        if isinstance(node, SILENT):
            return
        if not isinstance(node, KNOWN_NODES):
            return self.fault(f"“{node.token.value}” cannot be used here.", node.token)
        for expression in node.expressions():
            self.expression(expression, scope, needs=isinstance(node, OutputNode) and not guarded)
        if isinstance(node, GUARDS):
            guarded = True
        if isinstance(node, ForNode):
            self.reserve(str(node.expression.identifier), node.token)
            scope |= {str(node.expression.identifier), "forloop"}
        self.nodes(node.children(None), guarded=guarded, scope=scope)  # type: ignore[arg-type]
        for name in node.template_scope():
            self.reserve(str(name), node.token)
            self.names.add(str(name))

    def reserve(self, name: str, token: Token) -> None:
        if name in OBJECTS:
            self.fault(f"“{name}” is a record and cannot be given another meaning.", token)

    # --- expressions --------------------------------------------------------------------------------------

    def expression(self, expression: Expression, scope: frozenset[str], *, needs: bool) -> None:
        if isinstance(expression, RangeLiteral):
            self.fault("Ranges of numbers such as (1..5) cannot be used.", expression.token)
        elif isinstance(expression, Path):
            self.path(expression, scope, needs=needs)
        elif isinstance(expression, FilteredExpression):
            self.filtered(expression, scope, needs=needs)
        elif isinstance(expression, LoopExpression):
            for part in (expression.iterable, expression.limit, expression.offset):
                if part is not None:
                    self.expression(part, scope, needs=False)
        else:
            for child in expression.children():
                self.expression(child, scope, needs=needs)

    def filtered(self, expression: FilteredExpression, scope: frozenset[str], *, needs: bool) -> None:
        filters = expression.filters or []
        fallback = bool(filters) and filters[0].name == "default"
        self.expression(expression.left, scope, needs=needs and not fallback)
        for position, used in enumerate(filters):
            if used.name not in FILTERS:
                self.fault(f"There is no filter “{used.name}”.", used.token)
            elif used.name == "default":
                self.default(used, position)
            elif used.name == "date" and _is_clock(expression.left):
                self.fault("“now” and “today” are not known to a template.", used.token)
            for argument in used.args:
                self.expression(argument.value, scope, needs=needs)

    def default(self, used: Filter, position: int) -> None:
        if position:
            self.fault("“default” must be the first filter after a field.", used.token)
        if not used.args:
            self.fault("“default” needs a text to fall back to: default: 'there'.", used.token)
        elif not all(isinstance(argument.value, CONSTANTS) for argument in used.args):
            self.fault("“default” needs a fixed text, not another field.", used.token)

    def path(self, path: Path, scope: frozenset[str], *, needs: bool) -> None:
        if not all(isinstance(segment, str) for segment in path.path):
            return self.fault("The name of a field must be written out.", path.token)
        head, *rest = (str(segment) for segment in path.path)
        if head in scope or head in self.names:
            return
        if not rest and head in OBJECTS:
            return self.fault(f"“{head}” is a record; name one of its fields: {head}.name.", path.token)
        if not rest:
            self.reading.bare.add(head)
            head, rest = "contact", [head]
        name = ".".join([head, *rest])
        self.reading.fields.setdefault(name, line_of(path.token) or 1)
        if needs:
            self.reading.needed.add(name)


def _is_clock(expression: Expression) -> bool:
    return isinstance(expression, StringLiteral) and expression.value in ("now", "today")
