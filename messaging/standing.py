"""What every page says above its content: that sending is stopped, of whom, since when, why, and who may resume it."""

from __future__ import annotations

from dataclasses import dataclass

from messaging.commands.sending import may_resume, may_stop
from messaging.models import SendingStop
from tenants.models import Member
from tenants.roles import ALL

SAID = 3
"""So many stops of single members are said one by one; of more only their number."""


@dataclass(frozen=True)
class Standing:
    """A stop in force, as a member is told of it. ``resumers``: who may let it go on, where the reader may not."""

    stop: SendingStop
    title: str
    may_resume: bool
    resumers: str = ""


def standing_for(member: Member) -> tuple[list[Standing], int]:
    """The stops that concern a member: of all, their own, those of others that they could end.

    Besides, how many of the last kind there are where they are too many to be said. One query where nothing stands.
    """
    found = SendingStop.objects.filter(ended_at=None)
    if not found.exists():
        return [], 0
    mine, others = [], []
    for stop in found.select_related("by__user", "member__user").order_by("member_id"):
        if stop.member_id in (None, member.pk):
            mine.append(stop)
        elif may_stop(member, stop.member):
            others.append(stop)
    said = [_said(member, stop) for stop in (*mine, *(others if len(others) <= SAID else ()))]
    return said, len(others) if len(others) > SAID else 0


def _said(reader: Member, stop: SendingStop) -> Standing:
    whose = stop.member
    if whose is None:
        title = "All sending is stopped"
    elif whose.pk == reader.pk:
        title = "Your sending is stopped"
    else:
        title = f"{whose.name}’s sending is stopped"
    may = may_resume(reader, stop)
    return Standing(stop, title, may, "" if may else _resumers())


def _resumers() -> str:
    """Who may let everything go on, by name: ``Nora, Sam or 2 others``."""
    found = Member.objects.filter(is_active=True, role__permissions__contains={"sending.stop": ALL})
    names = [member.name for member in found.select_related("user").order_by("pk")]
    if len(names) > SAID:
        names[SAID - 1 :] = [f"{len(names) - SAID + 1} others"]
    return " or ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names) or "An administrator"
