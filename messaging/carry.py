"""Carrying one message: to its server, through the gate, and what became of it into the outbox (C4 to C8)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog

from messaging import gate, intake, mailboxes, results
from messaging.claim import Claimed, Lease
from messaging.crash import point
from messaging.freeze import Frozen
from messaging.lifecycle import MOVES
from messaging.line import TROUBLE, Statement, is_away, patiently, transact
from messaging.models import Mailbox
from messaging.results import NOTHING, Said
from messaging.smtp import Transport
from messaging.verdicts import Verdict, retry_after
from tenants.wall import use

log = structlog.get_logger()
STOPPED_SECONDS, LOCKED_SECONDS = 5, 2
SLOW = timedelta(milliseconds=100)

STATE = "SELECT state FROM messaging_message WHERE id = %(id)s AND lease_token = %(token)s"


class Away(Exception):
    """The database went away in the middle; what had to be written down was, and the visit is over."""


class Carrier:
    """One worker's hands, for one visit to a mailbox.

    ``counts``: what became of messages, by state. ``told``: those sent whose floors above do not know yet.
    ``rest``: nothing more can leave from the mailbox for now; ``is_broken``: until somebody mends it.
    """

    def __init__(
        self,
        lease: Lease,
        mailbox: Mailbox,
        transport: Transport,
        *,
        clock: Callable[[], datetime],
        sending: timedelta,
    ) -> None:
        self.lease, self.mailbox, self.transport, self.clock = lease, mailbox, transport, clock
        self.at = gate.Sender(mailbox.pk, mailbox.daily_cap is not None, sending)
        self.counts: Counter[str] = Counter()
        self.told: list[int] = []
        self.rest = self.is_broken = False
        self._result: tuple[Claimed, Statement] | None = (
            None  # of the message before, to go with the next gate
        )
        self._said = gate.Verdict("lost")

    def carry(self, frozen: Frozen, names: gate.Names) -> None:
        """Send one message, if its gate opens. Raises Away."""
        message = frozen.claimed
        began = self.clock()
        verdict = self.transport.send(
            self.mailbox.email, message.address, frozen.raw, lambda: self._pass(message, names)
        )
        point("C7", message.id)
        self._settle(message, verdict)
        is_slow = self.clock() - began > SLOW
        if frozen.copies and verdict.state == "sent":
            self.flush()
            self._copy(frozen)
        elif is_slow:
            self.flush()

    def flush(self) -> None:
        """Write down the result of the last message, where no gate has taken it along."""
        if self._result is not None:
            self._write(self._result[1])
            self._noted()

    # --- the gate -------------------------------------------------------------------------------------------

    def _pass(self, message: Claimed, names: gate.Names) -> bool:
        point("C4", message.id)
        asked = gate.ask(self.lease, message, names, self.at, now=self.clock())
        last = [self._result[1]] if self._result else []
        try:
            _, rows, *_ = transact(self.lease.tenant_id, *asked, *last)
        except TROUBLE as error:
            if is_away():
                self._in_doubt(message)
                raise Away from error
            self._said = gate.Verdict("locked")
            return False
        if last:
            self._noted()
        self._said = gate.read(rows)
        point("C5", message.id)
        return self._said.go

    def _in_doubt(self, message: Claimed) -> None:
        """Nobody knows whether the gate was committed. No dot was written and none will be: as it was, then."""
        log.warning("database away at the gate", message=message.id)
        state = Statement(STATE, {"id": message.id, "token": self.lease.token})
        (rows,) = patiently(lambda: transact(self.lease.tenant_id, state))
        if rows and rows[0][0] in MOVES["put_off"].sources:
            self._write(results.again(self.lease, message, due_at=message.due_at))
        self.flush()

    # --- results --------------------------------------------------------------------------------------------

    def _settle(self, message: Claimed, verdict: Verdict) -> None:
        now, said = self.clock(), Said(verdict.phase, verdict.code, verdict.text)
        match verdict.state:
            case "sent":
                self.flush()
                self._result = (message, results.was_sent(self.lease, message, at=now, said=said))
                if mailboxes.is_troubled(self.mailbox):
                    with use(self.lease.tenant_id):
                        mailboxes.well(self.mailbox)
            case "held_back":
                self._held_back(message, now)
            case "unknown":
                self._end(message, "lose", verdict.reason, said)
            case "failed" if verdict.hard:
                patiently(lambda: self._bounce(message, verdict, said))
            case "failed":
                self._end(message, "refuse", verdict.reason, said)
                if verdict.reason == "refused":
                    with use(self.lease.tenant_id):
                        self.is_broken = mailboxes.refused(self.mailbox, verdict, now=now)
                    self.rest = self.is_broken
            case "retry" if verdict.scope == "mailbox":
                self._again(message, due_at=message.due_at, said=said)
                with use(self.lease.tenant_id):
                    mailboxes.trouble(self.mailbox, verdict, now=now)
                self.rest, self.is_broken = True, verdict.lasting
            case "retry":
                wait = retry_after(message.refusals + 1)
                if wait is None:
                    self._end(message, "refuse", "soft_bounce", said)
                else:
                    self._again(message, due_at=now + wait, refused=True, said=said)

    def _held_back(self, message: Claimed, now: datetime) -> None:
        match self._said.said:
            case "lost":
                self.counts["lost"] += 1
            case "expired":
                self._end(message, "expire", "late")
            case "stopped":
                self._again(message, due_at=now + timedelta(seconds=STOPPED_SECONDS))
            case "locked":
                self._again(message, due_at=now + timedelta(seconds=LOCKED_SECONDS))
            case "hold":
                self.counts["pending"] += 1
            case "halt":
                self.counts["pending"] += 1
                self.rest = True
            case "cap":
                self._again(message, due_at=message.due_at)
                with use(self.lease.tenant_id):
                    used = f"Its {self.mailbox.daily_cap} mails in 24 hours are used."
                    mailboxes.rests(self.mailbox, used, until=gate.capacity_from(self.mailbox.pk, now=now))
                self.rest = True
            case said:
                self._end(message, "cancel", said.removeprefix("cancel:"))

    def _bounce(self, message: Claimed, verdict: Verdict, said: Said) -> None:
        """A hard bounce is taken in before the result, in the same transaction: stops win."""
        with use(self.lease.tenant_id):
            intake.take_in(
                "bounced", message=message.id, at=self.clock(), source="smtp", code=verdict.code,
                text=verdict.text,
            )  # fmt: skip
            self._end(message, "refuse", verdict.reason, said)

    def _end(self, message: Claimed, move: str, reason: str, said: Said = NOTHING) -> None:
        now = self.clock()
        is_ours = patiently(lambda: results.end(self.lease, message, move, reason=reason, now=now, said=said))
        self.counts[str(MOVES[move].target) if is_ours else "lost"] += 1

    def _again(self, message: Claimed, *, due_at: datetime, **how: Any) -> None:
        self._write(results.again(self.lease, message, due_at=due_at, **how))
        self.counts["pending"] += 1

    def _write(self, statement: Statement) -> None:
        patiently(lambda: transact(self.lease.tenant_id, statement))

    def _noted(self) -> None:
        assert self._result is not None
        message, _ = self._result
        self._result = None
        self.told.append(message.id)
        self.counts["sent"] += 1
        point("C8", message.id)

    def _copy(self, frozen: Frozen) -> None:
        """Cc and Bcc get the same text without tracking, each in an envelope of its own, once and without a second try:
        the message itself has arrived. What has been stopped since, or is not on the trial list, gets none."""
        for address in frozen.copies:
            gate_of_copy = partial(self._may_copy, frozen.claimed, address)
            verdict = self.transport.send(self.mailbox.email, address, frozen.copy, gate_of_copy)
            if verdict.state != "sent":
                log.warning("copy not sent", message=frozen.claimed.id, verdict=verdict.reason)

    def _may_copy(self, message: Claimed, address: str) -> bool:
        try:
            *_, rows = transact(self.lease.tenant_id, *gate.ask_copy(self.lease, message, address))
        except TROUBLE:
            return False
        return gate.read(rows).said == "go"
