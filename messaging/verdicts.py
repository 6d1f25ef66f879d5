"""What an answer of a mail server means for the message and for the mailbox (reliability §3.3, §3.4, D2, S9).

Pure: a phase and an answer, or what broke, in; a Verdict out. The phases, in order: ``connect`` (to the
greeting), ``helo``, ``tls``, ``auth``, ``mail``, ``rcpt``, ``data`` (to the 354), ``gate``, ``dot`` (from the first
byte of the body on).
"""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, NamedTuple

Phase = Literal["connect", "helo", "tls", "auth", "mail", "rcpt", "data", "gate", "dot"]
State = Literal["sent", "failed", "retry", "unknown", "held_back"]

RETRIES = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=4), timedelta(hours=24))
LONGEST_BACKOFF = timedelta(hours=1)
TEXT = 500  # characters kept of what a server says

ENHANCED = re.compile(r"(?:^|[\s#(\[<:])([245]\.\d{1,3}\.\d{1,3})(?=$|[\s,;:)\]>-])")
HARD_CODES = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})
# Groups that never tell of a dead address, whatever their text says (D2).
NOT_HARD = re.compile(r"5\.2\.2|5\.7\.\d+|5\.4\.\d+|5\.3\.\d+")
NOBODY = re.compile(
    r"no such (?:user|recipient|mailbox|address|person|account|domain|host)"
    r"|unknown (?:user|recipient|mailbox|address|account|domain|host|local[- ]part)"
    r"|(?:user|recipient|mailbox|account|address|addressee|domain|host)\b.{0,40}\b(?:unknown|not found|not known"
    r"|does(?: not|n.t) exist|not exist|no longer (?:exists?|available|active|valid|in use)|disabled|inactive|"
    r"deactivated|suspended|invalid|terminated)"
    r"|(?:does(?: not|n.t)|do(?: not|n.t)) have an? .{0,30}account|not a (?:known|valid) (?:user|recipient|mailbox)",
    re.IGNORECASE,
)
OURS = re.compile(r"\bsender\b|\bfrom address\b|client host|\bhelo\b|\behlo\b|reverse dns", re.IGNORECASE)
QUOTA_CODES = frozenset({"5.4.5", "4.4.5"})
QUOTA = re.compile(
    r"\b(?:daily|hourly)\b.{0,40}\b(?:limit|quota)\b"
    r"|\b(?:sending|send|sent|outgoing|outbound|submission|message rate|sender)\b.{0,30}\b(?:limits?|quota|rate)\b"
    r"|too many (?:messages|mails|e-?mails)\b|\b(?:messages?|mails?|recipients) per (?:day|hour|minute)",
    re.IGNORECASE,
)
RECEIVING = re.compile(
    r"\breceiving\b|\binbox\b|mailbox (?:is )?full|over (?:its |their )?quota", re.IGNORECASE
)
OUR_POLICY_CODES = frozenset({"5.7.515", "5.7.60", "5.7.57", "5.7.0", "5.7.8", "5.7.9", "5.7.14"})
OUR_POLICY = re.compile(
    r"relay(?:ing)?\b.{0,20}\b(?:denied|not (?:allowed|permitted))|unable to relay|not allowed to send as"
    r"|authentication required|must (?:be )?authenticate|send as (?:denied|this sender)|not owned by user",
    re.IGNORECASE,
)
TOO_LARGE = re.compile(
    r"5\.3\.4|5\.2\.3|message (?:size|too (?:large|big))|exceeds? .{0,20}size", re.IGNORECASE
)


class Reply(NamedTuple):
    """What a server answered. ``code`` is -1 where it was no answer of SMTP."""

    code: int
    text: str


@dataclass(frozen=True)
class Verdict:
    """What follows.

    ``state``   of the message: ``sent``; ``failed`` for good; ``retry``: certainly not sent; ``unknown``;
                ``held_back``: the gate was closed, certainly not sent, and whoever closed it knows why.
    ``scope``   ``mailbox``: the trouble is the mailbox's, the message is not to blame and burns no attempt.
    ``reason``  a word: ``hard_bounce``, ``soft_bounce``, ``refused``, ``too_large``, ``later``, ``broken_off``,
                ``no_answer``; of a mailbox ``connect``, ``busy``, ``tls``, ``auth``, ``quota``, ``sender_refused``.
    ``hard``    the address is dead: suppress it.
    ``lasting`` of a mailbox: waiting will not help, a person must look.
    """

    state: State
    phase: Phase
    scope: Literal["message", "mailbox"] = "message"
    reason: str = ""
    code: int | None = None
    text: str = ""
    hard: bool = False
    lasting: bool = False


def judge(phase: Phase, outcome: Reply | BaseException) -> Verdict:
    """What an answer other than the expected one means in this phase, or the end of the connection.

    At ``dot`` every answer is judged, the good one, too.
    """
    if isinstance(outcome, Reply):
        return _judge_reply(phase, outcome.code, _kept(outcome.text))
    text = _kept(str(outcome)) or type(outcome).__name__
    if phase == "dot":
        return Verdict("unknown", phase, reason="no_answer", text=text)
    if phase in ("rcpt", "data", "gate"):
        return Verdict("retry", phase, reason="broken_off", text=text)
    reason = phase if phase in ("tls", "auth") else "connect"
    return Verdict("retry", phase, "mailbox", reason, text=text)


def retry_after(refusals: int) -> timedelta | None:
    """How long a message waits after its n-th refusal for now (from 1); None: it fails (``soft_bounce``)."""
    return RETRIES[refusals - 1] if refusals <= len(RETRIES) else None


def mailbox_backoff(count: int, jitter: float) -> timedelta:
    """How long a mailbox rests after its n-th trouble in a row (from 1): 1, 2, 4 … minutes, an hour at most, and
    up to half of it more by ``jitter`` (0 to 1), so that mailboxes of one provider do not come back at once."""
    minutes = min(2 ** min(count - 1, 10), 60)
    return min(timedelta(minutes=minutes) * (1 + jitter / 2), LONGEST_BACKOFF)


def _judge_reply(phase: Phase, code: int, text: str) -> Verdict:
    def verdict(state: State, scope: Literal["message", "mailbox"], reason: str, **more: bool) -> Verdict:
        return Verdict(state, phase, scope, reason, code, text, **more)

    if phase == "dot" and 200 <= code < 300:
        return verdict("sent", "message", "")
    if not 400 <= code < 600:
        if phase == "dot":
            return verdict("unknown", "message", "no_answer")
        if phase in ("rcpt", "data"):
            return verdict("retry", "message", "broken_off")
        return verdict("retry", "mailbox", phase if phase in ("tls", "auth") else "connect")
    lasting = code >= 500
    if code == 421:
        return verdict("retry", "mailbox", "busy")
    if phase in ("connect", "helo"):
        return verdict("retry", "mailbox", "busy")
    if phase in ("tls", "auth"):
        return verdict("retry", "mailbox", phase, lasting=lasting)
    status = enhanced(code, text)
    if status in QUOTA_CODES or (QUOTA.search(text) and not RECEIVING.search(text)):
        return verdict("retry", "mailbox", "quota")
    if code == 530 or status in OUR_POLICY_CODES or OUR_POLICY.search(text):
        return verdict("retry", "mailbox", "auth", lasting=lasting)
    if lasting and (TOO_LARGE.search(text) or (code == 552 and phase == "mail")):
        return verdict("failed", "message", "too_large")
    if phase == "mail":
        return verdict("retry", "mailbox", "sender_refused" if lasting else "busy", lasting=lasting)
    if not lasting:
        return verdict("retry", "message", "later")
    if is_hard(code, text):
        return verdict("failed", "message", "hard_bounce", hard=True)
    return verdict("failed", "message", "soft_bounce" if status.startswith("5.2.") else "refused")


def enhanced(code: int, text: str) -> str:
    """The enhanced status code (RFC 3463) of an answer, where it has one of its own class; else an empty text."""
    found = ENHANCED.search(text)
    return found.group(1) if found and found.group(1)[0] == str(code)[0] else ""


def is_hard(code: int, text: str) -> bool:
    """Whether a refusal says that there is nobody at this address (D2). In doubt not: suppressing a living
    address is the worse mistake."""
    if not 500 <= code < 600:
        return False
    status = enhanced(code, text)
    if status in HARD_CODES:
        return True
    if status and NOT_HARD.fullmatch(status):
        return False
    return bool(NOBODY.search(text)) and not OURS.search(text)


def _kept(text: str) -> str:
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text[:2000]).split())[:TEXT]
