"""The ground that the journeys stand on: the real processes start, answer and come back."""

from playwright.sync_api import Page

from tests.processes import Running, eventually


def test_the_processes_start_and_a_killed_worker_comes_back(running: Running, page: Page) -> None:
    assert running._readyz()["ready"]
    page.goto("/accounts/login/")
    assert page.locator("input[name=password]").count() == 1
    running.kill("worker")
    running.start("worker")
    eventually(lambda: running._readyz()["ready"])
