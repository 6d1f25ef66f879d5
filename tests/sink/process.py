"""The sink in a process of its own, with an HTTP page to ask and instruct it and a log in JSON lines."""

import argparse
import json
import subprocess
import sys
import threading
import urllib.request
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

from tests.sink.rules import Received, Rule
from tests.sink.server import Sink

ROOT = Path(__file__).resolve().parent.parent.parent


class SinkProcess:
    """Starts ``python -m tests.sink`` and talks to it; same verbs as ``Sink``."""

    def __init__(self, *arguments: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.sink", *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        ports = json.loads(self._process.stdout.readline())
        self.host = "127.0.0.1"
        self.port: int = ports["smtp"]
        self.http: int = ports["http"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait(10)

    def add(self, *rules: Rule) -> None:
        self._call("POST", "/rules", [asdict(rule) for rule in rules])

    def clear(self) -> None:
        self._call("DELETE", "/messages")

    @property
    def received(self) -> list[Received]:
        return [Received.from_json(entry) for entry in self._call("GET", "/messages")]

    @property
    def messages(self) -> list[Received]:
        return [message for message in self.received if message.accepted]

    @property
    def stats(self) -> dict[str, int]:
        """``accepted``, ``opened`` and ``most_open`` connections: cheap to ask while much is being sent."""
        return dict(self._call("GET", "/stats"))

    def wait_for(self, count: int, timeout: float = 60.0) -> dict[str, int]:
        return dict(self._call("GET", f"/wait/{count}/{timeout}", timeout=timeout + 5))

    def _call(self, method: str, path: str, body: Any = None, timeout: float = 30.0) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.http}{path}",
            data=None if body is None else json.dumps(body).encode(),
            method=method,
        )
        with urllib.request.urlopen(request, timeout=timeout) as response:
            return json.load(response)


def control(sink: Sink, port: int) -> ThreadingHTTPServer:
    """The HTTP side: GET /messages /stats /wait/<count>/<seconds>, POST /rules, DELETE /messages /rules."""

    class Control(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kind, *rest = self.path.strip("/").split("/")
            if kind == "messages":
                return self.tell([message.to_json() for message in list(sink.received)])
            if kind == "wait":
                try:
                    sink.wait_for(int(rest[0]), float(rest[1]))
                except AssertionError as error:
                    return self.tell({"error": str(error)}, 504)
            self.tell({"accepted": sink.accepted, "opened": sink.opened, "most_open": sink.most_open})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            sink.add(*(Rule(**rule) for rule in json.loads(body)))
            self.tell({})

        def do_DELETE(self) -> None:
            if self.path == "/rules":
                sink.rules.clear()
            else:
                sink.clear()
            self.tell({})

        def tell(self, answer: Any, status: int = 200) -> None:
            body = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    return ThreadingHTTPServer(("127.0.0.1", port), Control)


def main() -> None:
    parser = argparse.ArgumentParser("tests.sink", description="A mail server that misbehaves on request.")
    parser.add_argument("--port", type=int, default=0, help="of SMTP; 0: any that is free")
    parser.add_argument("--http", type=int, default=0, help="of the control page")
    parser.add_argument("--log", type=Path, help="a file that gets one JSON object for each message")
    parser.add_argument("--messages-per-connection", type=int)
    parser.add_argument("--connections", type=int)
    options = parser.parse_args()
    log = options.log.open("a", buffering=1) if options.log else None

    def write(message: Received) -> None:
        if log:
            log.write(json.dumps(message.to_json()) + "\n")

    sink = Sink(
        port=options.port,
        messages_per_connection=options.messages_per_connection,
        connections=options.connections,
        on_message=write,
    ).start()
    server = control(sink, options.http)
    print(json.dumps({"smtp": sink.port, "http": server.server_address[1]}), flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    threading.Event().wait()
