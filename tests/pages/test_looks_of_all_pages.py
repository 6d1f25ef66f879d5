"""Every page of the product at both widths, light and dark: axe finds nothing, nothing runs over the edge.

The routes are those of the walls of pages; a page that is added is looked at without a word here. What pages look like
when they are full is for the tests of each area.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Page

from tests.browser import NewPage, settle, violations
from tests.factories import make_tenant
from tests.pages.signing_in import sign_in
from tests.pages.test_gallery import LOOKS
from tests.pages.test_walls_of_pages import FOR_MEMBERS, ids_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]


@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_axe_finds_nothing_on_any_page_of_the_product(
    live_server: Any, new_page: NewPage, complaints: list[str], width: int, dark: bool
) -> None:
    tenant, client = make_tenant(), Client(raise_request_exception=False)
    sign_in(client, tenant)
    ids = ids_in(tenant)
    paths = [route.path(ids) for route in FOR_MEMBERS]
    whole = [path for path in paths if _is_a_page(client, path)]
    assert len(whole) > 60
    page = new_page(live_server.url, width=width, dark=dark)
    name = settings.SESSION_COOKIE_NAME
    page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])
    found = {path: _faults_of(page, path, is_first_look=(width, dark) == LOOKS[0]) for path in whole}
    assert {path: faults for path, faults in found.items() if faults} == {}
    assert complaints == []


def _is_a_page(client: Client, path: str) -> bool:
    """It is asked for by itself and has no address but its own: no part of a page, no file, no form alone."""
    answer = client.get(path)
    return answer.status_code == 200 and b"</html>" in answer.getvalue()


def _faults_of(page: Page, path: str, *, is_first_look: bool) -> list[Any]:
    page.goto(path)
    settle(page)
    found: list[Any] = list(violations(page, is_first_look=is_first_look))
    over = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [*found, *(["runs over the edge"] if over > 0 else [])]
