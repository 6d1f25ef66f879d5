"""A mail server that misbehaves on request, for every test that sends.

    with Sink() as sink:
        sink.add(Rule(at="dot", do="drop", accept=True, recipient="ann@acme.example"))
        …send to 127.0.0.1, sink.port…
        assert [m.recipient for m in sink.messages] == ["ann@acme.example"]

``SinkProcess`` is the same in a process of its own, spoken to over HTTP, for tests that kill things and
for measurements (``python -m tests.sink --help``).
"""

from tests.sink.process import SinkProcess
from tests.sink.rules import Received, Rule
from tests.sink.server import Sink

__all__ = ["Received", "Rule", "Sink", "SinkProcess"]
