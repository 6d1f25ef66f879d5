"""The mail of the delivery benchmarks: six placeholders, three links, 1.6 kB of HTML; the same for all."""

from __future__ import annotations

FIRST_NAMES = ["Ann", "Jonas", "Priya", "Luc", "Sofia", "Mads", "Zoë", "Hana"]
PARAGRAPH = (
    "Teams at that stage usually lose a third of their follow-ups: not for want of trying, but because nobody sees "
    "who is due today. We looked at forty of them and wrote down what the best ones do differently, in five pages."
)
SUBJECT = "{first}, a question"
BODY = "".join(
    f"<p>{part}</p>\n"
    for part in (
        "Hi {first},",
        f"I write to {{email}} because of your team. {PARAGRAPH}",
        'Here is <a href="https://stepwise.example/guide?v=2&amp;from=bench">the guide</a>, {first}.',
        f'{PARAGRAPH} <a href="https://stepwise.example/cases">Four cases</a> are in it, {{first}}.',
        f'{PARAGRAPH} If you like, <a href="https://stepwise.example/meet">let us talk</a>, {{first}} {{last}}.',
        "Best wishes to {first}",
    )
)


def ours(text: str) -> str:
    """As a template of Stepwise."""
    return _filled(
        text, "{{ contact.first_name }}", "{{ contact.last_name | default: '' }}", "{{ contact.email }}"
    )


def _filled(text: str, first: str, last: str, email: str) -> str:
    return text.replace("{first}", first).replace("{last}", last).replace("{email}", email)


def drip_subject() -> str:
    return _filled(SUBJECT, "{{ user.first_name }}", "{{ user.last_name }}", "{{ user.email }}")


def drip_body() -> str:
    """As drip has it, with its own link for unsubscribing."""
    body = _filled(BODY, "{{ user.first_name }}", "{{ user.last_name }}", "{{ user.email }}")
    return body + '<p><a href="{{ unsubscribe_link }}">Unsubscribe</a></p>'
