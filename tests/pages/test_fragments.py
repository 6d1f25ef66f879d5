"""What htmx does with the components, on a page of this file: builder, progress, faults, an ended session."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template import engines
from django.test import Client, RequestFactory
from django.urls import path
from playwright.sync_api import expect

from config.gallery import CONDITIONS, SEQUENCES
from config.urls import urlpatterns as the_apps
from tenants.fragments import fragment, page
from tests.browser import NewPage

IMPORTS = """{% import "components/ui.html" as ui %}{% import "components/form.html" as f %}
{% import "components/conditions.html" as c %}"""
BUILDER = IMPORTS + '{{ c.builder("entry", group, fields, "/workshop/builder/", says=says) }}'
PAGE = (
    '{% extends "base.html" %}'
    + IMPORTS
    + """{% block main %}<div class="page"><h1>Workshop</h1>
<form id="f" method="post" action="/workshop/">{{ csrf_input }}{{ f.default_submit() }}
{{ c.builder("entry", group, fields, "/workshop/builder/", says=says) }}
{{ ui.button("Save", type="submit", kind="primary") }}</form>
{{ ui.progress("Importing", 0, 3, url="/workshop/progress/") }}
<form id="once" method="post" hx-post="/workshop/once/">{{ csrf_input }}
{{ ui.button("Add once", type="submit") }}</form>
{{ ui.button("Break", hx_get="/workshop/broken/", hx_target="#f") }}
{{ ui.button("Late", hx_get="/workshop/late/", hx_target="#f") }}
{{ ui.button("Tell", hx_get="/workshop/tell/", hx_swap="none") }}
</div>{% endblock %}"""
)
FIELDS = [("city", "City"), ("score", "Score")]
state = {"done": 0, "posted": "", "once": 0}


def group_of(request: HttpRequest) -> dict[str, Any]:
    """The rows as posted, with the buttons' wishes done."""
    rows, i = [], 0
    while f"entry-{i}-field" in request.POST:
        rows.append({key: request.POST.get(f"entry-{i}-{key}", "") for key in ("field", "op", "value")})
        i += 1
    if "entry-remove" in request.POST:
        del rows[int(request.POST["entry-remove"])]
    if "entry-add" in request.POST:
        rows.append({"field": "", "op": "", "value": ""})
    for row in rows:
        row["ops"] = [("is", "is"), ("in", "is one of")] if row["field"] else []
        row["op"] = row["op"] or ("is" if row["field"] else "")
        row["input"] = "number" if row["field"] == "score" else "text"
        row["error"] = "A number is needed." if row["field"] == "score" and not row["value"].isdigit() else ""
    return {"match": request.POST.get("entry-match", "all"), "rows": rows}


def draw(request: HttpRequest, source: str) -> HttpResponse:
    group = group_of(request)
    says = " and ".join(f"{row['field']} {row['op']} {row['value']}" for row in group["rows"] if row["field"])
    context = {"group": group, "fields": FIELDS, "says": says}
    return HttpResponse(engines["jinja2"].from_string(source).render(context, request))


@login_not_required
def workshop(request: HttpRequest) -> HttpResponse:
    state["posted"] = request.POST.urlencode()
    return draw(request, PAGE)


@login_not_required
def builder(request: HttpRequest) -> HttpResponse:
    return draw(request, BUILDER)


@login_not_required
def progress(request: HttpRequest) -> HttpResponse:
    state["done"] += 1
    over = state["done"] >= 3
    source = (
        IMPORTS
        + '{{ ui.progress("Done" if over else "Importing", done, 3, url=none if over else "/workshop/progress/") }}'
    )
    html = engines["jinja2"].from_string(source).render({"done": state["done"], "over": over}, request)
    return HttpResponse(html, status=286 if over else 200)


@login_not_required
def broken(request: HttpRequest) -> HttpResponse:
    return HttpResponse("<p>never shown</p>", status=500)


@login_not_required
def late(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect("/accounts/login/?next=/workshop/")


@login_not_required
def tell(request: HttpRequest) -> HttpResponse:
    toast = {"toast": {"text": "<b>Saved</b>", "level": "success"}}
    return HttpResponse(status=204, headers={"HX-Trigger": json.dumps(toast)})


@login_not_required
def once(request: HttpRequest) -> HttpResponse:
    state["once"] += 1
    return HttpResponse(headers={"HX-Redirect": "/workshop/?added"})


urlpatterns = [
    *the_apps,
    path("workshop/once/", once),
    path("workshop/", workshop),
    path("workshop/builder/", builder),
    path("workshop/progress/", progress),
    path("workshop/broken/", broken),
    path("workshop/late/", late),
    path("workshop/tell/", tell),
]
here = pytest.mark.urls(__name__)


def test_a_part_is_cut_from_the_page_and_is_the_same() -> None:
    plain, part = (
        Client().get("/gallery/?panel=step"),
        Client().get("/gallery/?panel=step", headers={"HX-Request": "true", "HX-Target": "panel"}),
    )
    assert part.text.lstrip().startswith("<form")
    assert 'name="csrfmiddlewaretoken"' in part.text

    def without_token(html: str) -> str:
        return "".join(piece.split('"', 1)[1] for piece in html.split('csrfmiddlewaretoken" value="')[1:])

    assert without_token(part.text).strip() in plain.text
    assert "HX-Target" in plain["Vary"]
    assert "HX-Request" in plain["Vary"]


def test_another_target_gets_the_whole_page() -> None:
    answer = Client().get("/gallery/", headers={"HX-Request": "true", "HX-Target": "main"})
    assert answer.text.startswith("<!doctype html>")


def test_a_block_that_is_not_there_is_a_fault() -> None:
    with pytest.raises(KeyError):
        fragment(RequestFactory().get("/"), "403.html", "nowhere", {})


def test_a_page_may_answer_with_another_status() -> None:
    request = RequestFactory().get("/")
    assert page(request, "404.html", status=404).status_code == 404


def test_the_gallery_shows_what_the_readme_names() -> None:
    assert {step for s in SEQUENCES for step in s["steps"]} >= {"email", "call", "linkedin", "sms", "task"}
    assert len(CONDITIONS["rows"]) == 3


@here
@pytest.mark.django_db(transaction=True)
def test_conditions_are_built_row_by_row(live_server: Any, new_page: NewPage) -> None:
    state["done"] = 3
    page = new_page(live_server.url)
    page.goto("/workshop/")
    page.get_by_role("button", name="Add condition").click()
    page.get_by_role("combobox", name="Field").select_option("city")
    value = page.get_by_role("textbox", name="Value")
    value.fill("Berlin")
    value.press("Tab")
    expect(page.locator(".builder-says")).to_have_text("city is Berlin")
    page.get_by_role("button", name="Add condition").click()
    page.get_by_role("combobox", name="Field").nth(1).focus()
    page.get_by_role("combobox", name="Field").nth(1).select_option("score")
    expect(page.locator(".cond").nth(1).get_by_label("Operator")).to_be_visible()
    expect(page.get_by_role("combobox", name="Field").nth(1)).to_be_focused()
    expect(page.get_by_text("2 of 8")).to_be_visible()
    page.get_by_role("button", name="Remove condition 1").click()
    expect(page.get_by_text("1 of 8")).to_be_visible()
    expect(page.get_by_role("combobox", name="Field")).to_have_value("score")
    score = page.get_by_role("textbox", name="Value")
    score.fill("many")
    score.press("Tab")
    expect(page.get_by_text("A number is needed.")).to_be_visible()
    expect(score).to_have_attribute("aria-invalid", "true")
    score.fill("7")
    score.press("Tab")
    expect(page.get_by_text("A number is needed.")).not_to_be_visible()
    expect(score).not_to_have_attribute("aria-invalid", "true")
    score.press("Enter")
    page.wait_for_load_state()
    expect(page.get_by_role("textbox", name="Value")).to_have_value("7")
    assert "entry-remove" not in state["posted"]


@here
@pytest.mark.django_db(transaction=True)
def test_without_javascript_the_same_buttons_build_conditions(live_server: Any, browser: Any) -> None:
    context = browser.new_context(base_url=live_server.url, java_script_enabled=False)
    page = context.new_page()
    page.goto("/workshop/")
    page.get_by_role("button", name="Add condition").click()
    page.get_by_role("combobox", name="Field").select_option("city")
    page.get_by_role("button", name="Update").click()
    page.get_by_role("textbox", name="Value").fill("Berlin")
    page.get_by_role("button", name="Update").click()
    expect(page.locator(".builder-says")).to_have_text("city is Berlin")
    page.get_by_role("button", name="Remove condition 1").click()
    expect(page.get_by_text("0 of 8")).to_be_visible()
    context.close()


@here
@pytest.mark.django_db(transaction=True)
def test_a_jobs_progress_ends_by_itself_and_messages_are_shown(live_server: Any, new_page: NewPage) -> None:
    state["done"] = 0
    page = new_page(live_server.url)
    page.goto("/workshop/")
    expect(page.get_by_role("group", name="Done")).to_contain_text("3 of 3", timeout=15_000)
    page.get_by_role("button", name="Tell").click()
    expect(page.get_by_role("status")).to_contain_text("<b>Saved</b>")
    page.get_by_role("button", name="Dismiss").click()
    expect(page.get_by_role("status")).not_to_contain_text("Saved")


@here
@pytest.mark.django_db(transaction=True)
def test_a_fault_is_said_and_an_ended_session_leads_to_the_sign_in(
    live_server: Any, new_page: NewPage, complaints: list[str]
) -> None:
    state["done"] = 3
    page = new_page(live_server.url)
    page.goto("/workshop/")
    page.get_by_role("button", name="Break").click()
    expect(page.get_by_role("status")).to_contain_text("That did not work (500)")
    expect(page.get_by_role("button", name="Save")).to_be_visible()
    complaints.clear()
    with page.expect_navigation():
        page.get_by_role("button", name="Late").click()
    expect(page.get_by_role("heading", name="Workshop")).to_be_visible()
    expect(page.get_by_role("heading", name="Sign in")).not_to_be_visible()


@here
@pytest.mark.django_db(transaction=True)
def test_a_double_click_on_a_form_of_htmx_sends_it_once(live_server: Any, new_page: NewPage) -> None:
    state["once"] = 0
    browser = new_page(live_server.url)
    browser.goto("/workshop/")
    browser.get_by_role("button", name="Add once").dblclick()
    browser.wait_for_url("**/workshop/?added")
    browser.wait_for_load_state("networkidle")
    assert state["once"] == 1
