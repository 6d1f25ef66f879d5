"""Random timelines: what happens from outside, above all at the very instants of runs and close to them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sequences.files.specs import MANUAL_KINDS
from tenants.localtime import zone_named
from tests.model.pools import (
    ACCOUNT_VALUES,
    CLOCKS,
    CONTACT_VALUES,
    OPPORTUNITY_VALUES,
    OUTCOMES,
    USERS,
    Raw,
    moment,
    parsed,
)
from tests.model.source import Chooser, Source
from tests.model.themes import Theme


class Happenings(Chooser):
    """Draws the timeline of one file. ``raw`` is the file so far, ``publisher`` makes new plans and people."""

    def __init__(self, source: Source, theme: Theme, raw: Raw, days: list[date], publisher: Any) -> None:
        super().__init__(source)
        self.theme = theme
        self.raw = raw
        self.days = days
        self.zone = raw["timezone"]
        self.publisher = publisher
        self.contacts = [contact["id"] for contact in raw["contacts"]]
        self.open_ended: list[Raw] = []

    def timeline(self) -> list[Raw]:
        at = [self.any_moment() for _ in range(self.source.count(*self.theme.events))]
        at.sort(key=lambda one: parsed(one, self.zone))
        first, last = parsed(self.raw["now"], self.zone), parsed(self.raw["until"], self.zone)
        inside = [one for one in at if first <= parsed(one, self.zone) <= last]
        return [{"at": one, **self.next_event(one)} for one in inside]

    def next_event(self, at: str) -> Raw:
        """Another event; or the end of what an earlier one began."""
        if self.open_ended and self.one_in(3):
            return self.open_ended.pop(0)
        event = self.event(at)
        if event["do"] == "pause":
            self.open_ended.append({**event, "do": "resume"})
        if event["do"] == "mailbox" and event["state"] == "down":
            self.open_ended.append({**event, "state": "up"})
        if event["do"] == "auto_reply" and self.coin():
            self.open_ended.append({**event, "until": self.pick(self.days)})
        if event["do"] in ("remove", "reply") and self.coin():
            self.open_ended.append({**self.complete("complete", at), "contact": event["contact"]})
        return event

    def any_moment(self) -> str:
        """The instant of a run (in the zone of its sequence), a minute or a quarter beside it, or another time."""
        day = self.pick(self.days)
        if self.one_in(3):
            return self.moment(day, self.pick(CLOCKS), self.zone)
        schedule = self.sequence()["schedule"]
        clock = self.pick([schedule.get("time") or schedule["hours"][:5], "10:07", "10:15", "14:00"])
        return self.moment(day, clock, schedule.get("timezone", self.zone))

    def moment(self, day: date, clock: str, own_zone: str) -> str:
        return moment(day, clock, own_zone, self.zone)

    def event(self, at: str) -> Raw:
        do = self.pick(self.theme.verbs)
        return getattr(self, do, self.fact)(do, at)

    def sequence(self) -> Raw:
        return self.pick(self.raw["sequences"])

    def message(self, *, always: bool = False) -> Raw:
        """A contact, mostly with a step of one of the sequences."""
        event: Raw = {"contact": self.pick(self.contacts)}
        if always or self.coin():
            sequence = self.sequence()
            plans = self.publisher.plans[sequence["name"]]
            keys = sorted({key for plan in plans for key, kind in plan.items() if suits(kind, always)})
            keys = keys or sorted(plans[0])
            event |= {"step": self.pick(keys), "sequence": sequence["name"]}
        return event

    # one for each ``do``

    def fact(self, do: str, at: str) -> Raw:
        return {"do": do, **self.message()}

    def bounce(self, do: str, at: str) -> Raw:
        return {"do": do, **self.message(), "hard": self.coin()}

    def auto_reply(self, do: str, at: str) -> Raw:
        event = {"do": do, **self.message()}
        return event | ({"until": self.pick(self.days)} if self.coin() else {})

    def complete(self, do: str, at: str) -> Raw:
        return {"do": do, **self.message(always=True), "outcome": self.pick(OUTCOMES)}

    def skip(self, do: str, at: str) -> Raw:
        return {"do": do, **self.message(always=True)}

    def sms_stop(self, do: str, at: str) -> Raw:
        return {"do": do, "contact": self.pick(self.contacts)}

    def add(self, do: str, at: str) -> Raw:
        return {"do": do, "sequence": self.sequence()["name"], "contact": self.pick(self.contacts)}

    remove = add

    def pause_one(self, do: str, at: str) -> Raw:
        return {**self.add(do, at), "do": do.removesuffix("_one")}

    resume_one = pause_one

    def pause(self, do: str, at: str) -> Raw:
        return {"do": do, "sequence": self.sequence()["name"]}

    resume = activate = pause

    def archive(self, do: str, at: str) -> Raw:
        return {**self.pause(do, at), "inside": self.pick(["finish", "end"])}

    def publish(self, do: str, at: str) -> Raw:
        sequence = self.sequence()
        event = {"do": do, "sequence": sequence["name"]}
        which = self.source.count(0, 2)
        if which:
            event["steps"] = self.publisher.new_plan(sequence)
            event["apply"] = self.pick(["pin", "move"])
        if which != 1:
            event["schedule"] = self.publisher.schedule(sequence["kind"])
        return event

    def template(self, do: str, at: str) -> Raw:
        body = self.pick(["<p>New.</p>", "<p>{{ contact.city }}</p>"])
        return {"do": do, "name": self.pick(self.theme.templates), "body": body}

    def mailbox(self, do: str, at: str) -> Raw:
        event = {"do": do, "state": self.pick(["down", "up"])}
        return event | ({"user": self.pick(USERS)} if self.coin() else {})

    def outage(self, do: str, at: str) -> Raw:
        length = timedelta(minutes=self.pick([1, 30, 5 * 60, 6 * 60, 7 * 60, 26 * 60, 50 * 60]))
        start = parsed(at, self.zone)
        end = start + length
        local = f"{end.astimezone(zone_named(self.zone)):%Y-%m-%d %H:%M}"
        if parsed(local, self.zone) <= start:  # the hour that comes twice
            local = f"{(end + timedelta(hours=3)).astimezone(zone_named(self.zone)):%Y-%m-%d %H:%M}"
        return {"do": do, "until": local}

    def set(self, do: str, at: str) -> Raw:
        possible = [one for one in self.theme.changes if self.ids(one[0])]
        possible = [one for one in possible if self.raw["accounts"] or one[2] != "acc0"]
        if possible and not self.one_in(3):
            record, field, value = self.pick(possible)
            return {"do": do, record: self.pick(self.ids(record)), "field": field, "value": value}
        record = self.pick(["contact", "contact", "contact", "account", "opportunity"])
        ids = self.ids(record)
        if not ids:
            record, ids = "contact", self.contacts
        field, value = self.pick(self.values(record))
        return {"do": do, record: self.pick(ids), "field": field, "value": value}

    def ids(self, record: str) -> list[str]:
        """The records of a kind that are there by now."""
        if record == "contact":
            return self.contacts
        return [
            one["id"] for one in self.raw[{"account": "accounts", "opportunity": "opportunities"}[record]]
        ]

    def values(self, record: str) -> list[tuple[str, Any]]:
        pools = {"contact": CONTACT_VALUES, "account": ACCOUNT_VALUES, "opportunity": OPPORTUNITY_VALUES}[
            record
        ]
        found = [(field, value) for field, pool in pools.items() for value in pool]
        accounts = [account["id"] for account in self.raw["accounts"]]
        if record == "contact":
            found += [("account", id_) for id_ in [*accounts, None]] * 4
        if record == "opportunity":
            found += [("contact", id_) for id_ in [*self.contacts, None]] * 2
        return found

    def new(self, do: str, at: str) -> Raw:
        """One more contact, perhaps with an opportunity; later events may be about it."""
        id_ = f"n{len(self.contacts)}"
        self.contacts = [*self.contacts, id_]
        event = {"do": do, "contacts": [{"id": id_, **self.publisher.contact_values()}]}
        if self.one_in(3):
            deal = {"id": f"deal-{id_}", "stage": "Offer", "contact": self.pick(self.contacts)}
            event["opportunities"] = [deal]
        return event


def suits(kind: str, by_hand: bool) -> bool:
    """Whether a step of this kind is one that sellers complete, or that people answer."""
    return kind in MANUAL_KINDS if by_hand else kind.startswith("email")
