"""The main job, end to end: from signing in to a mail that was delivered, opened and unsubscribed."""

from __future__ import annotations

import re
import urllib.request
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from zoneinfo import ZoneInfo

from playwright.sync_api import Page, expect

from messaging.models import Mailbox
from sequences.models import Enrollment
from tenants.models import Tenant
from tenants.wall import use
from tests.factories import make_member, make_tenant
from tests.processes import eventually
from tests.sink import Received, Sink

PASSWORD = "walk-the-stairs-9"
ZONE = ZoneInfo("Europe/Berlin")
PEOPLE = (
    "Email,First name,Last name,Lifecycle stage\n"
    "ann@kite.example,Ann,Kowalski,Lead\n"
    "ben@kite.example,Ben,Walsh,Customer\n"
    "not an address,Cas,Torres,Lead\n"
)
BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}


def workspace(sink: Sink) -> Tenant:
    """A tenant with a rep whose mailbox is the sink."""
    tenant = make_tenant("kite")
    Tenant.objects.filter(pk=tenant.pk).update(postal_address="Kite GmbH, Hafen 1, Hamburg")
    with use(tenant):
        rep = make_member("sales_manager", email="rep@us.example", password=PASSWORD, timezone=ZONE.key)
        Mailbox.objects.create(
            member=rep, email="rep@us.example", smtp_host=sink.host, smtp_port=sink.port, smtp_security="none"
        )
    return tenant


def sign_in(page: Page) -> None:
    page.goto("/sequences/")
    page.locator("input[name=login]").fill("rep@us.example")
    page.locator("input[name=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sequences")


def import_people(page: Page, folder: Path) -> None:
    file = folder / "people.csv"
    file.write_text(PEOPLE)
    page.goto("/imports/new/")
    page.locator("input[type=file]").set_input_files(file)
    page.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Match columns")
    page.get_by_role("button", name="Import 3 rows").click()
    expect(page.get_by_text("Refused rows")).to_be_visible(timeout=60_000)
    expect(page.get_by_role("region", name="Result")).to_contain_text("Created2Updated0Skipped0Refused1")


def write_template(page: Page) -> None:
    page.goto("/templates/new/")
    page.locator("input[name=name]").fill("First touch")
    page.locator("[name=subject]").fill("A question, {{ contact.first_name }}")
    page.locator("textarea[name=body]").fill(
        "<p>Hi {{ contact.first_name }}, here is <a href='https://stepwise.example/?a=1&amp;b=2'>a guide</a>.</p>"
    )
    page.get_by_role("button", name=re.compile("^(Save|Create)")).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("First touch")


def build_sequence(page: Page, at: datetime) -> None:
    page.goto("/sequences/new/")
    page.get_by_label("Name").fill("New leads")
    page.get_by_role("button", name="Create draft").click()
    audience = page.locator("#audience")
    audience.get_by_role("button", name="Add condition").click()
    audience.get_by_label("Field").select_option("lifecycle_stage")
    audience.get_by_label("Value").select_option("Lead")
    audience.get_by_role("button", name="Save audience").click()
    expect(page.locator("#fold-audience summary")).to_contain_text("lifecycle stage is Lead")
    page.get_by_role("navigation", name="Sections").get_by_role("link", name="Timing").click()
    page.locator("#timing input[name=run_time]").fill(f"{at.astimezone(ZONE):%H:%M}")
    page.get_by_role("button", name="Save timing").click()
    page.locator(".day-add a").first.click()
    panel = page.locator("#panel")
    panel.get_by_label("Template").select_option(label="First touch")
    panel.get_by_role("button", name=re.compile("Add|Save")).last.click()
    expect(page.locator("main")).to_contain_text("A question")
    page.goto(page.url.split("?")[0])
    page.locator("#review").get_by_role("button", name="Activate").click()
    expect(page.get_by_text("Active").first).to_be_visible()


def html_of(mail: Received) -> str:
    message = message_from_bytes(mail.raw, policy=policy.default)
    part = message.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def test_a_rep_imports_writes_builds_and_activates_and_the_recipient_reacts(
    page: Page, sink: Sink, tmp_path: Path
) -> None:
    tenant = workspace(sink)
    sign_in(page)
    import_people(page, tmp_path)
    write_template(page)
    # The next full minute that leaves time for a few clicks: a run happens at a minute of the clock.
    at = (datetime.now(ZONE) + timedelta(seconds=75)).replace(second=0, microsecond=0)
    build_sequence(page, at)

    (mail,) = eventually(lambda: sink.messages, "the mail of the first step")
    assert mail.recipient == "ann@kite.example"
    message = message_from_bytes(mail.raw, policy=policy.default)
    assert message["Subject"] == "A question, Ann"
    html = html_of(mail)
    assert "Hi Ann" in html and "Kite GmbH, Hafen 1, Hamburg" in html

    (pixel,) = re.findall(r'<img src="([^"]+)"', html)
    link = re.findall(r'<a href="([^"]+)"', html)[0]
    urllib.request.urlopen(urllib.request.Request(pixel, headers=BROWSER)).close()
    opener = urllib.request.build_opener(NoRedirect)
    try:
        opener.open(urllib.request.Request(link, headers=BROWSER))
    except urllib.error.HTTPError as answer:
        assert (answer.code, answer.headers["Location"]) == (302, "https://stepwise.example/?a=1&b=2")

    (unsubscribe,) = re.findall(r"<(http[^>]+/u/[^>]+)>", str(message["List-Unsubscribe"]))
    page.goto(unsubscribe)
    with use(tenant):
        assert Enrollment.objects.get().state == "active", "to look is not to unsubscribe"
    page.get_by_role("button", name="Unsubscribe").click()
    expect(page.locator("main")).to_contain_text(re.compile("unsubscribed|not.*again", re.I))

    with use(tenant):
        stay = Enrollment.objects.get()
        assert (stay.state, stay.exit_reason) == ("exited", "unsubscribed")
        step = stay.step_runs.get()
        assert step.sent_at and step.opened_at and step.clicked_at
    page.goto("/sequences/")
    expect(page.locator("tbody")).to_contain_text("New leads")


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """The link leads off this machine."""

    def redirect_request(self, *args: object, **kwargs: object) -> None:
        return None
