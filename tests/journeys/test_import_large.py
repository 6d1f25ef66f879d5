"""R-080: files as they come, the largest, and one whose worker dies; by page, with the real processes."""

from __future__ import annotations

import http.client
import re
import threading
import uuid
from pathlib import Path
from typing import Any

import psutil
import pytest
from django.conf import settings
from django.test import Client
from django.utils.timezone import now

from audience.models import Account, Contact, ImportDue, ImportJob
from bench.imports import write_people
from tenants.models import Tenant
from tenants.wall import use
from tests.factories import make_tenant
from tests.pages.signing_in import sign_in
from tests.processes import Running, eventually

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

ROWS = 500_000
MEGABYTES = 400
"""What web and worker may have at most, together (reliability 8.3)."""

MINUTES = 10


class Memory(threading.Thread):
    """Looks at what the processes of some parents have, all together, and keeps the most; in megabytes."""

    def __init__(self, running: Running, *names: str) -> None:
        super().__init__(daemon=True)
        self.running, self.names = running, names
        self.most: dict[str, float] = dict.fromkeys(names, 0.0)
        self.together = 0.0
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.wait(0.2):
            found = {name: self._of(name) for name in self.names}
            self.most = {name: max(self.most[name], size) for name, size in found.items()}
            self.together = max(self.together, sum(found.values()))

    def _of(self, name: str) -> float:
        """Memory that is shared with others of them counts once (PSS)."""
        try:
            parent = psutil.Process(self.running.group.processes[name].pid)
            return sum(one.memory_full_info().pss for one in [parent, *parent.children(recursive=True)]) / 1e6
        except (psutil.Error, KeyError):
            return 0.0


class Browser:
    """Somebody at a browser, who uploads a file piece by piece."""

    def __init__(self, running: Running, client: Client) -> None:
        self.port = running.port
        session = client.cookies[settings.SESSION_COOKIE_NAME].value
        self.cookies = {settings.SESSION_COOKIE_NAME: session}

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str, str]:
        """Status, place to go on, page."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=600)
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        line.request(method, path, body, {"Cookie": cookie} | headers)
        answer = line.getresponse()
        for name, value in answer.getheaders():
            if name == "Set-Cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
        return answer.status, answer.getheader("Location") or "", answer.read().decode()

    def token(self, path: str) -> str:
        return re.findall(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.ask("GET", path)[2])[0]

    def upload(self, file: Path) -> str:
        """Post it as a form does; the address of its import."""
        mark, token = uuid.uuid4().hex, self.token("/imports/new/")
        fields = {"csrfmiddlewaretoken": token, "kind": "contact"}
        head = "".join(
            f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        )
        head += f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{file.name}"\r\n'
        head += "Content-Type: text/csv\r\n\r\n"
        tail = f"\r\n--{mark}--\r\n"

        def body() -> Any:
            yield head.encode()
            with file.open("rb") as data:
                while piece := data.read(1 << 20):
                    yield piece
            yield tail.encode()

        length = str(len(head.encode()) + file.stat().st_size + len(tail))
        kind = f"multipart/form-data; boundary={mark}"
        status, there, page = self.ask(
            "POST", "/imports/new/", body(), **{"Content-Type": kind, "Content-Length": length}
        )
        assert status == 302, page[:2000]
        return there

    def post(self, path: str, form: str) -> tuple[int, str, str]:
        data = f"csrfmiddlewaretoken={self.token('/imports/new/')}&{form}"
        return self.ask("POST", path, data, **{"Content-Type": "application/x-www-form-urlencoded"})


def test_r_080_half_a_million_rows_by_page_though_the_worker_is_killed(tmp_path: Path) -> None:
    """80 MB: web and worker together need less than 400 MB, the import goes on where it was, no row comes in twice."""
    tenant, client = make_tenant(), Client()
    sign_in(client, tenant)
    file = tmp_path / "people.csv"
    write_people(file, ROWS)
    with file.open("a", encoding="utf-8") as out:
        out.write("not an address,Ann,,,,,,,,,\r\nshort,row\r\n")
    assert file.stat().st_size > 80_000_000
    with Running(tmp_path / "processes", "web", "worker", "beat") as running:
        memory = Memory(running, "web", "worker")
        memory.start()
        browser = Browser(running, client)
        path = browser.upload(file)
        status, _, page = browser.post(f"{path}start/", f"{chosen(tenant)}&on_duplicate=update")
        assert status == 302, page[:2000]
        eventually(lambda: job(tenant).done > ROWS // 3, "a third of it", seconds=60 * MINUTES)
        running.kill("worker")
        left = job(tenant)
        assert left.state == ImportJob.RUNNING and 0 < left.done < ROWS
        with use(tenant):
            assert Contact.objects.count() == left.created, "what is counted is in, and nothing else"
        running.start("worker")
        ImportDue.objects.update(due_at=now())  # as if the lease had run out
        eventually(lambda: job(tenant).is_over, "the end", seconds=60 * MINUTES)
        memory.over.set()
        _, _, page = browser.ask("GET", path)
    done = job(tenant)
    assert (done.state, done.created, done.updated, done.refused) == ("done", ROWS, 0, 2)
    assert f"Line {ROWS + 2:,}" in page or str(ROWS + 2) in page, "each refused row is named"
    with use(tenant):
        assert Contact.objects.count() == ROWS == Contact.objects.values("email_norm").distinct().count()
        assert Account.objects.values("name_norm").distinct().count() == Account.objects.count()
    assert memory.together < MEGABYTES, memory.most


def job(tenant: Tenant) -> ImportJob:
    with use(tenant):
        return ImportJob.objects.latest("pk")


def chosen(tenant: Tenant) -> str:
    """The columns as they were found, as the form sends them."""
    columns = job(tenant).columns
    assert all(columns), columns
    return "&".join(f"column-{n}={name}" for n, name in enumerate(columns))
