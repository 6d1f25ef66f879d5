"""What a template needs, and what keeps it from being saved (semantics 2.31)."""

import pytest

from messaging.liquid import Fault, analyse, analyse_text

FIELDS = {
    "contact.first_name", "contact.last_name", "contact.tags", "contact.score", "contact.stage",
    "contact.deal-size", "contact.Budget 2026", "account.name", "opportunity.amount",
}  # fmt: skip


def needed(source: str) -> set[str]:
    analysis = analyse_text(source, FIELDS, html=True)
    assert analysis.faults == ()
    return set(analysis.needed)


@pytest.mark.parametrize(
    ("source", "fields"),
    [
        ("Hi {{ contact.first_name }}", {"contact.first_name"}),
        ("Hi {{ first_name }}", {"contact.first_name"}),
        ("Hi {{contact['first_name']}}", {"contact.first_name"}),
        (
            "{{ contact['Budget 2026'] }} {{ contact.deal-size }}",
            {"contact.Budget 2026", "contact.deal-size"},
        ),
        ("{{ account.name }}{{ opportunity.amount }}", {"account.name", "opportunity.amount"}),
        ("{{ owner.name }} {{ sender.email }}", {"owner.name", "sender.email"}),
        ("{{ first_name | upcase | truncate: 10 }}", {"contact.first_name"}),
        ("{{ first_name | append: last_name }}", {"contact.first_name", "contact.last_name"}),
        ("{{ first_name | default: 'there' }}", set()),
        ("{{ first_name | default: 'there' | upcase }}", set()),
        ("{{ first_name | default: 3 }}", set()),
        ("{{ first_name | default: 'x', allow_false: true }}", set()),
        ("{{ first_name | default: 'there' | append: last_name }}", {"contact.last_name"}),
        ("{{ first_name | default: 'a' }} {{ first_name }}", {"contact.first_name"}),
        ("{% if first_name %}{{ last_name }}{% endif %}", set()),
        ("{% if true %}{% else %}{{ last_name }}{% endif %}", set()),
        ("{% if true %}{% elsif last_name %}{{ last_name }}{% endif %}", set()),
        ("{% unless first_name %}{{ last_name }}{% endunless %}", set()),
        ("{% case stage %}{% when 'x' %}{{ last_name }}{% else %}{{ last_name }}{% endcase %}", set()),
        ("{% if first_name %}{% endif %}{{ last_name }}", {"contact.last_name"}),
        ("{% if true %}{% for t in tags %}{{ last_name }}{% endfor %}{% endif %}", set()),
        ("{% for t in tags %}{{ t }}{{ forloop.index }}{{ last_name }}{% endfor %}", {"contact.last_name"}),
        ("{% capture x %}{{ last_name }}{% endcapture %}{{ x }}", {"contact.last_name"}),
        ("{% assign x = last_name %}{{ x }}", set()),
        ("{% assign first_name = 'Ann' %}{{ first_name }}", set()),
        ("{% comment %}{{ salary }} {% nonsense %}{% endcomment %}{% # {{ salary %}", set()),
        ("{{ first_name | default: &quot;there&quot; }} {{&nbsp;last_name }}", {"contact.last_name"}),
    ],
)
def test_a_field_is_needed_where_nothing_stands_in_for_it(source, fields):
    assert needed(source) == fields


def test_subject_body_and_signature_count():
    analysis = analyse("{{ first_name }}", "<p>{{ account.name }}</p>", FIELDS, signature="{{ sender.name }}")
    assert analysis.needed == {"contact.first_name", "account.name", "sender.name"}
    assert analysis.faults == ()


def test_all_that_is_named_is_used():
    analysis = analyse_text("{% if tags %}{{ first_name | default: 'x' }}{% endif %}", FIELDS)
    assert analysis.used == {"contact.tags", "contact.first_name"}


@pytest.mark.parametrize(
    ("source", "line", "reason"),
    [
        ("\n{{ contact.salary }}", 2, "There is no field “contact.salary”."),
        ("{{ frist_name }}", 1, "There is no field “contact.frist_name”; is “contact.first_name” meant?"),
        ("{{ lead.name }}", 1, "There is no record “lead”"),
        ("{{ contact.account.name }}", 1, "There is no field “contact.account.name”"),
        ("{{ sender.phone }}", 1, "There is no field “sender.phone”"),
        ("{{ contact }}", 1, "“contact” is a record"),
        ("{{ contact[first_name] }}", 1, "The name of a field must be written out."),
        ("{{ [first_name] }}", 1, "The name of a field must be written out."),
        ("{% if salary %}{% endif %}", 1, "There is no field “contact.salary”"),
        ("{{ x }}{% assign x = 1 %}", 1, "There is no field “contact.x”"),
        ("{% for t in tags %}{% endfor %}{{ t }}", 1, "There is no field “contact.t”"),
        ("{% assign contact = 1 %}", 1, "“contact” is a record"),
        ("{% for owner in tags %}{% endfor %}", 1, "“owner” is a record"),
        ("{{ first_name | upcase | default: 'x' }}", 1, "“default” must be the first filter"),
        ("{{ first_name | default: last_name }}", 1, "“default” needs a fixed text"),
        ("{{ first_name | default }}", 1, "“default” needs a text"),
        ("{% assign x = first_name | upcase | default: 'x' %}", 1, "“default” must be the first filter"),
        ("a\nb\n{{ first_name", 3, "“{{” is never closed by “}}”."),
        ("{% if first_name %}\n{{ last_name }}", 1, "“{% if %}” is never closed by “{% endif %}”."),
        ("x\n{% endif %}", 2, "“{% endif %}” closes nothing that is open."),
        ("{% for x in tags %}{% endif %}", 1, "“{% endif %}” closes nothing that is open."),
        ("\n\n{{ }}", 3, "Expected a field or a text"),
        ("\n{{ first name }}", 2, "Expected the end, found word."),
        ("\n{% assign x %}", 2, "Expected '=', found the end."),
        ("\n{% if %}{% endif %}", 2, "Missing expression."),
        ("{% %}", 1, "A tag needs a name"),
        ("{% else %}", 1, "Unexpected tag 'else'."),
        ("{% break %}", 1, "Unexpected 'break'."),
        ("\n{{ first_name | salt }}", 2, "There is no filter “salt”."),
        ("{{ first_name | truncate: 'x' }}", 1, "Truncate expected an integer"),
        ("{{ first_name | upcase: 1, 2 }}", 1, "Upcase() takes 1"),
        ("{{ 'now' | date: '%Y' }}", 1, "“now” and “today” are not known"),
        ("{{ now }}", 1, "There is no field “contact.now”"),
        ("{{ score | date: '%Q' }}", 1, "“%Q” is no form for a date."),
    ],
)
def test_a_fault_is_named_with_its_line(source, line, reason):
    faults = analyse_text(source, FIELDS).faults
    assert faults, "no fault found"
    assert faults[0].line == line
    assert faults[0].reason.startswith(reason)


@pytest.mark.parametrize(
    "tag",
    ["include 'x'", "render 'x'", "tablerow t in tags", "cycle 'a'", "increment x", "decrement x", "raw",
     "doc", "liquid echo first_name", "echo first_name", "ifchanged", "macro x", "extends 'x'", "import os"],
)  # fmt: skip
def test_other_tags_are_refused(tag):
    (fault,) = analyse_text(f"{{% {tag} %}}", FIELDS).faults
    assert fault.reason == f"“{{% {tag.split()[0]} %}}” cannot be used here."


@pytest.mark.parametrize(
    "name", ["safe", "map", "where", "sort", "base64_decode", "url_decode", "escape_once"]
)
def test_other_filters_are_refused(name):
    (fault,) = analyse_text(f"{{{{ first_name | {name} }}}}", FIELDS).faults
    assert fault.reason == f"There is no filter “{name}”."


def test_every_fault_is_told_at_its_place():
    analysis = analyse("{{ a }}", "<p>\n{{ b }}\n{{ c | salt }}</p>", FIELDS, signature="{{ d")
    assert [(fault.place, fault.line) for fault in analysis.faults] == [
        ("subject", 1), ("body", 2), ("body", 3), ("body", 3), ("signature", 1),
    ]  # fmt: skip
    assert str(Fault("body", "Too long.", 2)) == "body, line 2: Too long."
