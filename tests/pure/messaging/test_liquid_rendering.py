"""Rendering: what is missing, what is empty, and that a value never becomes a template or markup."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.liquid import MissingPlaceholder, TemplateFault, analyse_text, prepare

ANN = {"contact.first_name": "Ann", "account.name": "Acme", "contact.tags": ["a", "b"]}


def text(source: str, **values: object) -> str:
    return prepare(source, html=False).render({**ANN, **values})


def test_a_template_is_compiled_once():
    assert prepare("Hi {{ first_name }}", html=False) is prepare("Hi {{ first_name }}", html=False)


@pytest.mark.parametrize("empty", [None, "", "  \n", [], ()])
def test_a_needed_field_that_is_empty_is_missing(empty):
    prepared = prepare("{{ account.name }} {{ first_name }}", html=False)
    with pytest.raises(MissingPlaceholder) as missing:
        prepared.render({"contact.first_name": empty})
    assert missing.value.fields == ("account.name", "contact.first_name")
    assert missing.value.field == "account.name"
    assert prepared.render({"contact.first_name": empty}, lenient=True) == " "


@pytest.mark.parametrize(("value", "shown"), [(0, "0"), (False, "false"), (5000.0, "5000"), (1.5, "1.5")])
def test_zero_and_no_are_values(value, shown):
    assert prepare("{{ score }}", html=False).render({"contact.score": value}) == shown


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("{{ last_name | default: 'friend' }}", "friend"),
        ("{{ first_name | default: 'friend' }}", "Ann"),
        ("{% if last_name %}x{% else %}y{% endif %}", "y"),
        ("{% if true %}{{ last_name }}{% endif %}!", "!"),
        ("{% assign x = last_name %}{{ x }}!", "!"),
        ("{% for t in last_name %}x{% else %}none{% endfor %}", "none"),
        ("{% if tags contains 'a' %}yes{% endif %}", "yes"),
        ("{{ tags | join: ' + ' }}{{ tags | first }}{{ tags | size }}", "a + ba2"),
        ("{{ 'a,b' | split: ',' | last }}{{ first_name | slice: 0 }}", "bA"),
        ("{{ first_name | replace: 'A', 'E' | upcase | append: '!' }}", "ENN!"),
        ("{% case first_name %}{% when 'Ann' %}1{% else %}2{% endcase %}", "1"),
        ("{{ '2026-03-30' | date: '%d.%m.%Y' }}", "30.03.2026"),
        ("{{ 'soon' | date: '%d.%m.%Y' }}", "soon"),
        ("{{ 7 | times: 6 | minus: 2 }}", "40"),
    ],
)
def test_ordinary_templates(source, result):
    assert text(source) == result


def test_dates_are_written_plainly_and_can_be_formed():
    values = {"contact.met": date(2026, 3, 30), "contact.seen": datetime(2026, 3, 30, 9, 5, 1, 7, UTC)}
    made = prepare("{{ met }} {{ seen }} {{ met | date: '%-d %B' }}", html=False).render(values)
    assert made == "2026-03-30 2026-03-30 09:05:01 30 March"


@pytest.mark.parametrize(
    "payload",
    [
        "{{ contact.__class__ }}", "{{ 7 | times: 7 }}", "{% include 'x' %}", "${7*7}", "#{7*7}", "<%= 7*7 %>",
        "{0.__class__}", "%(x)s", "{{ first_name }}", "{% raw %}", "}}{{",
    ],
)  # fmt: skip
def test_r_061_a_value_is_never_read_as_a_template(payload):
    assert (
        prepare("Hi {{ first_name }}", html=False).render({"contact.first_name": payload}) == f"Hi {payload}"
    )


@pytest.mark.parametrize(
    "payload",
    [
        "{{ contact.__class__ }}", "{{ ''.__class__.__mro__ }}", "{{ contact.first_name.__class__ }}",
        "{{ self._TemplateReference__context }}", "{{ config }}", "{{ request.user }}", "{% load x %}",
        "{% debug %}", "{{ cycler.__init__.__globals__ }}", "{{ contact.first_name.upper() }}",
        "{% for x in ().__class__.__base__.__subclasses__() %}{% endfor %}",
    ],
)  # fmt: skip
def test_r_061_attacks_for_other_engines_are_faults(payload):
    assert analyse_text(payload, {"contact.first_name"}).faults


@pytest.mark.parametrize(
    "payload", ["${7*7}", "#{7*7}", "<%= 7*7 %>", "{0.__class__}", "%(x)s", "<? echo 1 ?>"]
)
def test_what_is_no_liquid_is_text(payload):
    assert text(payload) == payload


@given(st.text(max_size=60))
def test_a_value_in_html_is_shown_as_it_is(value):
    import html.parser

    class Shown(html.parser.HTMLParser):
        text, tags = "", ()

        def handle_data(self, data):
            self.text += data

        def handle_starttag(self, tag, attrs):
            self.tags += (tag,)

    made = prepare("<p>{{ first_name }}</p>", html=True).render({"contact.first_name": value}, lenient=True)
    shown = Shown()
    shown.feed(made)
    shown.close()
    assert shown.tags == ("p",)
    if value.strip() and value.isprintable():
        assert shown.text == value


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", " JaVaScRiPt:alert(1)", "java\tscript:x", "data:text/html,x"]
)
def test_r_066_a_value_cannot_smuggle_a_script_into_a_link(url):
    made = prepare('<a href="{{ website }}">x</a>', html=True).render({"contact.website": url})
    assert made == "<a>x</a>"


def test_a_value_cannot_leave_its_attribute():
    made = prepare('<a href="{{ website }}">x</a>', html=True)
    assert made.render({"contact.website": '" onclick="x'}) == '<a href="&quot; onclick=&quot;x">x</a>'


def test_html_is_sanitised_after_rendering_also_without_placeholders():
    source = "<p onclick=x>a<script>b</script><style>c</style><img src='http://x.example/y.png'></p>"
    assert prepare(source, html=True).render({}) == "<p>a</p>"


# --- the table of attacks: each ends at once, in a fault or an error fit for a person --------------------------

FIELDS = {"contact.first_name", "contact.tags", "contact.notes"}


LETTERS = "{% capture s %}" + "a " * 200 + "{% endcapture %}{% assign l = s | split: ' ' %}"


@pytest.mark.parametrize(
    "source",
    [
        "{% for i in (1..1000000000) %}x{% endfor %}",
        "{{ (1..100000000) | join }}",
        "{% assign x = (1..100000000) %}",
        "{% for i in tags limit: (1..5) %}{% endfor %}",
        "{% if (1..1000000) contains 5 %}{% endif %}",
        "{{" * 100_000,
        "{%" * 100_000,
        "{{ " + "(" * 50_000 + " }}",
        "{{ a" + "[a" * 20_000 + " }}",
        "{% if a" + " and a" * 30_000 + " %}{% endif %}",
        "{% if true %}" * 5_000 + "{% endif %}" * 5_000,
        "{{ 1 }}" * 2_001,
        "x" * 200_001,
        "{{ 9" + "9" * 5_000 + " }}",
        "{{ 999999999999 | times: 999999999999 }}",
        "{{ 'x' | date: '%9999999999d' }}",
        "{% assign s = 'aaaaaaaaaa' %}" + "{% assign s = s | append: s %}" * 60,
        "{{ 'aaaaaaaaaaaaaaaaaaaa' " + "| replace: 'a', 'aaaaaaaaaaaaaaaaaaaa' " * 9 + "}}",
        LETTERS + "{{ l | join: '" + "b" * 900 + "' }}",
        LETTERS + "{% for a in l %}{% for b in l %}{% for c in l %}x{% endfor %}{% endfor %}{% endfor %}",
        LETTERS + "{% for a in l %}x{% endfor %}" * 6,
        "{% capture x %}" + "y" * 25_000 + "{% endcapture %}",
    ],
    ids=lambda source: source[:30],
)  # fmt: skip
def test_an_attack_is_refused_when_it_is_saved(source):
    faults = analyse_text(source, FIELDS).faults
    assert faults
    assert not any("There is no field" in fault.reason for fault in faults)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("{% for t in tags %}{% for u in tags %}x{% endfor %}{% endfor %}", ["a"] * 30),
        ("{% for t in tags %}x{% endfor %}" * 3, ["a"] * 400),
        ("{% for t in tags %}x{% endfor %}", ["a"] * 501),
        ("{% for t in tags %}{{ t | upcase }}{% endfor %}", ["a" * 10_000] * 300),
        ("{{ tags | join: ' ' }}", ["a" * 10_000] * 11),
        ("{{ tags | first }}", ["a" * 200_001]),
    ],
    ids=lambda value: str(value)[:30],
)
def test_an_attack_by_values_ends_in_an_error_for_a_person(source, value):
    prepared = prepare(source, html=False)
    with pytest.raises(TemplateFault):
        prepared.render({"contact.tags": value})


def test_what_was_refused_on_saving_cannot_be_prepared_either():
    with pytest.raises(TemplateFault, match="Line 2: Ranges"):
        prepare("\n{% for i in (1..9) %}{% endfor %}", html=False)
