"""The components in a real browser: accessible, within the window, by keyboard, without JS, under the CSP.

A complaint of the browser (a script error, a breach of the CSP) fails each of these tests (tests/browser.py).
"""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser import NewPage, violations

pytestmark = pytest.mark.django_db(transaction=True)

LOOKS = [(1440, False), (1440, True), (390, False), (390, True)]
LATER = pytest.mark.slow
SPREAD = [
    (1440, False),
    pytest.param(1440, True, marks=LATER),
    pytest.param(390, False, marks=LATER),
    (390, True),
]
"""The two looks that differ most in each run; the slow tests take the others, too."""


@pytest.mark.parametrize(("width", "dark"), SPREAD)
@pytest.mark.parametrize("address", ["/gallery/", "/gallery/?panel=step"])
def test_axe_finds_nothing_and_nothing_runs_over_the_edge(
    live_server: Any, new_page: NewPage, address: str, width: int, dark: bool
) -> None:
    page = new_page(live_server.url, width=width, dark=dark)
    page.goto(address)
    assert violations(page, is_first_look=(width, dark) == LOOKS[0]) == []
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") == 0


def test_the_drawer_takes_the_focus_and_gives_it_back(live_server: Any, new_page: NewPage) -> None:
    page = new_page(live_server.url)
    page.goto("/gallery/")
    opener = page.get_by_role("link", name="Open drawer")
    opener.press("Enter")
    expect(page.get_by_role("heading", name="Edit email step")).to_be_focused()
    assert page.url.endswith("?panel=step")
    page.keyboard.press("Escape")
    expect(page.locator("[data-panel]")).to_have_count(0)
    expect(opener).to_be_focused()
    assert not page.url.endswith("?panel=step")


def test_a_menu_opens_moves_and_closes_by_keyboard(live_server: Any, new_page: NewPage) -> None:
    page = new_page(live_server.url)
    page.goto("/gallery/")
    button = page.get_by_label("More actions")
    button.focus()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="Clone").first).to_be_focused()
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="Pause").first).to_be_focused()
    page.keyboard.press("Escape")
    expect(button).to_be_focused()
    expect(page.get_by_role("link", name="Clone").first).not_to_be_visible()


def test_slash_goes_to_the_search_of_the_page(live_server: Any, new_page: NewPage) -> None:
    page = new_page(live_server.url)
    page.goto("/gallery/")
    page.keyboard.press("/")
    expect(page.get_by_label("Filter by name")).to_be_focused()


def test_a_dialog_is_modal_and_gives_the_focus_back(live_server: Any, new_page: NewPage) -> None:
    page = new_page(live_server.url)
    page.goto("/gallery/")
    opener = page.get_by_role("link", name="Open dialog")
    opener.click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(dialog).not_to_be_visible()
    expect(opener).to_be_focused()


def test_picked_rows_are_counted(live_server: Any, new_page: NewPage) -> None:
    page = new_page(live_server.url)
    page.goto("/gallery/")
    bar = page.get_by_role("group", name="Selected rows")
    expect(bar).not_to_be_visible()
    page.get_by_label("Select all on this page").check()
    expect(bar).to_contain_text("4 sequences selected")
    page.get_by_label("Select Closed-lost win-back").uncheck()
    expect(bar).to_contain_text("3 sequences selected")


def test_a_field_is_inserted_at_the_caret_with_room_for_its_fallback(
    live_server: Any, new_page: NewPage
) -> None:
    page = new_page(live_server.url)
    page.goto("/gallery/")
    message = page.get_by_label("Message")
    message.fill("Hi ")
    page.locator(".field", has=message).get_by_text("Insert field").click()
    page.locator(".field", has=message).get_by_role("button", name="First name").click()
    page.keyboard.type("there")
    expect(message).to_have_value("Hi {{ contact.first_name | default: 'there' }}")


def test_the_menu_of_a_phone_works(live_server: Any, new_page: NewPage) -> None:
    page = new_page(live_server.url, width=390)
    page.goto("/gallery/")
    expect(page.get_by_role("complementary", name="Primary")).not_to_be_visible()
    page.get_by_label("Open menu").click()
    expect(page.get_by_role("complementary", name="Primary")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(page.get_by_role("complementary", name="Primary")).not_to_be_visible()
    expect(page.get_by_label("Open menu")).to_be_focused()


def test_without_javascript_drawer_dialog_and_menus_work(live_server: Any, browser: Any) -> None:
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/gallery/")
    page.get_by_label("More actions").click()
    expect(page.get_by_role("link", name="Clone").first).to_be_visible()
    page.get_by_role("link", name="Archive").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.get_by_role("link", name="Close", exact=True).click()
    expect(page.get_by_role("dialog")).not_to_be_visible()
    page.get_by_role("link", name="Open drawer").click()
    expect(page.get_by_role("heading", name="Edit email step")).to_be_visible()
    page.get_by_role("link", name="Close panel").click()
    expect(page.get_by_role("heading", name="Edit email step")).not_to_be_visible()
    context.close()
