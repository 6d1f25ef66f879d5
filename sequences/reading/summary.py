"""The settings of a sequence, read back in words."""

from __future__ import annotations

from datetime import date

from sequences.models import Sequence
from sequences.reading.material import Material
from tenants.localtime import MIDNIGHT

RECORDS = {
    "contact": "Contacts",
    "account": "Contacts of companies",
    "opportunity": "Contacts of opportunities",
}
Pairs = list[tuple[str, str]]


def summary_of(material: Material) -> list[tuple[str, str, Pairs]]:
    """Sections of the editor: anchor, title, and pairs of name and words."""
    sequence = material.sequence
    return [
        ("details", "Name and sender", _details(material)),
        ("audience", "Audience", _audience(material)),
        ("timing", "Timing", _timing(sequence)),
        ("exit", "Exit criteria", _exit(material)),
    ]


def in_short(material: Material) -> dict[str, str]:
    """Each section in one line."""
    sequence = material.sequence
    entry = material.stored_group("entry", sequence.entry_match, sequence.entry_conditions).english
    views = sequence.sequence_views.count()
    ways = [f"{RECORDS[sequence.record]}: {entry}"] if entry else []
    ways += [f"{views} saved {'view' if views == 1 else 'views'}"] if views else []
    return {
        "details": f"From: {material.sender_words.lower() if not sequence.sender else material.sender_words}",
        "audience": "; ".join([" or ".join(ways) or "Only people added by hand", *_besides(sequence)]),
        "timing": _when(sequence),
        "exit": _ends(material),
    }


def _besides(sequence: Sequence) -> list[str]:
    """What else decides who comes in, where it is not as usual."""
    switches = ((sequence.unique_email, "one for each email address"), (sequence.exclusive, "exclusive"))
    return [words for is_on, words in switches if is_on]


def _when(sequence: Sequence) -> str:
    days = "Monday to Friday" if sequence.exclude_weekends else "Every day"
    if sequence.kind == "smart" and sequence.every_days > 1:
        days = f"Every {sequence.every_days} days{', not on weekends,' if sequence.exclude_weekends else ''}"
    at = f"{days} {hours}" if (hours := _hours(sequence)) else "No time yet"
    off = len(sequence.holidays)
    return f"{at}, but not on {off} {'day' if off == 1 else 'days'}" if off else at


def _hours(sequence: Sequence) -> str:
    """``at 09:00 Europe/Berlin``, or the working hours of an adaptive one; empty where there are none."""
    if sequence.kind == "adaptive" and sequence.hours_start and sequence.hours_end:
        end = "24:00" if sequence.hours_end == MIDNIGHT else f"{sequence.hours_end:%H:%M}"
        return f"{sequence.hours_start:%H:%M} to {end} {sequence.timezone}"
    return f"at {sequence.run_time:%H:%M} {sequence.timezone}" if sequence.run_time else ""


def _ends(material: Material) -> str:
    sequence = material.sequence
    switches = (
        (sequence.exit_all_steps, "all steps"),
        (sequence.exit_replied, "reply"),
        (sequence.exit_unsubscribed, "unsubscribe"),
        (sequence.exit_bounced, "bounce"),
        (sequence.exit_colleague_replied, "a colleague’s reply"),
    )
    found = [words for is_on, words in switches if is_on]
    count = len(sequence.exit_conditions)
    found += [f"{count} {'condition' if count == 1 else 'conditions'}"] if count else []
    after = [f"comes back {_days(sequence.reentry_days)} after the exit"] if sequence.reentry_days else []
    after += ["out-of-office replies are ignored"] if sequence.out_of_office != "pause" else []
    return "; ".join([f"Ends on {', '.join(found)}" if found else "Nothing ends it but its removal", *after])


def _details(material: Material) -> Pairs:
    sequence = material.sequence
    return [
        ("Description", sequence.description),
        ("Tags", ", ".join(sequence.tags)),
        ("Type", sequence.kind.capitalize()),
        ("Owner", sequence.owner.name),
        ("Emails are sent from", material.sender_words),
        ("Shared with", _shared_with(sequence)),
    ]


def _shared_with(sequence: Sequence) -> str:
    if sequence.is_shared:
        return "Everyone"
    shares = list(sequence.shares.select_related("member__user", "team").order_by("pk"))
    names = [f"team {share.team.name}" for share in shares if share.team]
    names += [share.member.name for share in shares if share.member]
    return ", ".join(names) or "Nobody"


def _audience(material: Material) -> Pairs:
    sequence = material.sequence
    views = [link.view.name for link in sequence.sequence_views.select_related("view").order_by("view__name")]
    group = material.stored_group("entry", sequence.entry_match, sequence.entry_conditions)
    nobody = "Nobody enters by themselves" if not views else ""
    return [
        ("Who", RECORDS[sequence.record]),
        ("Conditions", _capital(group.english) or nobody),
        ("Saved views", ", ".join(views)),
        ("One contact for each email address", _yes(sequence.unique_email)),
        ("Exclusive", _yes(sequence.exclusive)),
    ]


def _timing(sequence: Sequence) -> Pairs:
    at = _hours(sequence).removeprefix("at ")
    start, end = sequence.window_start, sequence.window_end
    window = f"{start:%H:%M} to {end:%H:%M}, in the contact’s zone" if start and end else ""
    return [
        (_rhythm(sequence), at),
        ("Weekends", "No run" if sequence.exclude_weekends else "Run, too"),
        ("Days without a run", ", ".join(map(_day, sequence.holidays))),
        ("Recipients’ own hours", window),
    ]


def _rhythm(sequence: Sequence) -> str:
    if sequence.kind == "adaptive":
        return "Working hours"
    is_daily = sequence.kind == "classic" or sequence.every_days == 1
    return "One run a day at" if is_daily else f"A run every {_days(sequence.every_days)} at"


def _exit(material: Material) -> Pairs:
    sequence = material.sequence
    switches = (
        (sequence.exit_all_steps, "all steps are executed"),
        (sequence.exit_replied, "the contact replies"),
        (sequence.exit_unsubscribed, "the contact unsubscribes"),
        (sequence.exit_bounced, "an email bounces"),
        (sequence.exit_colleague_replied, "a colleague replies"),
    )
    group = material.stored_group("exit", sequence.exit_match, sequence.exit_conditions)
    away = "Paused until the return date" if sequence.out_of_office == "pause" else "Ignored"
    days = sequence.reentry_days
    return [
        ("A stay ends when", _capital(", ".join(words for is_on, words in switches if is_on))),
        ("Conditions", _capital(group.english)),
        ("Out-of-office replies", away),
        ("Re-entry", f"{_days(days)} after the exit" if days else "Never by themselves"),
    ]


def _days(count: int) -> str:
    return f"{count} {'day' if count == 1 else 'days'}"


def _yes(value: bool) -> str:
    return "Yes" if value else "No"


def _day(text: str) -> str:
    day = date.fromisoformat(text)
    return f"{day.day} {day:%b %Y}"


def _capital(words: str) -> str:
    return words[:1].upper() + words[1:]
