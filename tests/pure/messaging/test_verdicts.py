"""What an answer means for the message and for the mailbox (reliability §3.3, §3.4, D2, S9)."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.verdicts import Reply, judge, mailbox_backoff, retry_after

PHASES = ["connect", "helo", "tls", "auth", "mail", "rcpt", "data", "gate", "dot"]


def words(verdict) -> str:
    hard = " hard" if verdict.hard else ""
    lasting = " lasting" if verdict.lasting else ""
    return f"{verdict.state} {verdict.scope} {verdict.reason}".strip() + hard + lasting


@pytest.mark.parametrize(
    ("phase", "reply", "meaning"),
    [
        ("dot", "250 2.0.0 Ok: queued as 4711", "sent message"),
        ("dot", "200 fine", "sent message"),
        ("dot", "354 Go on", "unknown message no_answer"),
        ("dot", "-1 garbage", "unknown message no_answer"),
        ("dot", "451 4.3.0 Try later", "retry message later"),
        ("dot", "554 5.7.1 Spam", "failed message refused"),
        ("dot", "550 5.1.1 No such user", "failed message hard_bounce hard"),
        ("dot", "550 5.4.5 Daily user sending quota exceeded", "retry mailbox quota"),
        ("dot", "421 4.7.0 Closing", "retry mailbox busy"),
        ("dot", "552 5.3.4 Message too big", "failed message too_large"),
        ("connect", "421 Too busy", "retry mailbox busy"),
        ("connect", "554 5.7.1 Your address is listed", "retry mailbox busy"),
        ("connect", "-1 HTTP/1.1 400 Bad Request", "retry mailbox connect"),
        ("helo", "502 What?", "retry mailbox busy"),
        ("tls", "454 4.7.0 TLS not available", "retry mailbox tls"),
        ("tls", "502 5.5.1 Not offered", "retry mailbox tls lasting"),
        ("auth", "535 5.7.8 Bad credentials", "retry mailbox auth lasting"),
        ("auth", "454 4.7.0 Temporary authentication failure", "retry mailbox auth"),
        ("auth", "421 4.7.0 Try again", "retry mailbox busy"),
        ("mail", "421 4.7.0 Enough", "retry mailbox busy"),
        ("mail", "451 4.3.0 Try later", "retry mailbox busy"),
        ("mail", "530 5.7.0 Authentication required", "retry mailbox auth lasting"),
        ("mail", "550 5.7.1 Sender rejected", "retry mailbox sender_refused lasting"),
        ("mail", "553 5.1.8 Domain of sender does not exist", "retry mailbox sender_refused lasting"),
        ("mail", "552 Message size exceeds fixed limit", "failed message too_large"),
        ("mail", "552 5.3.4 too large", "failed message too_large"),
        ("mail", "450 4.4.5 hourly limit reached", "retry mailbox quota"),
        ("rcpt", "421 4.3.2 Shutting down", "retry mailbox busy"),
        ("rcpt", "450 4.2.0 Greylisted", "retry message later"),
        ("rcpt", "452 4.2.2 The email account that you tried to reach is over quota", "retry message later"),
        ("rcpt", "450 4.2.1 The user is receiving mail at a rate that prevents this", "retry message later"),
        (
            "rcpt",
            "550 5.1.1 <ann@acme.example>: Recipient address rejected",
            "failed message hard_bounce hard",
        ),
        ("rcpt", "550 5.1.2 Host unknown", "failed message hard_bounce hard"),
        ("rcpt", "550 5.1.10 RESOLVER.ADR.RecipientNotFound", "failed message hard_bounce hard"),
        ("rcpt", "550 5.2.1 Mailbox disabled", "failed message hard_bounce hard"),
        ("rcpt", "550 No such user here", "failed message hard_bounce hard"),
        (
            "rcpt",
            "550 ann@acme.example: User unknown in virtual alias table",
            "failed message hard_bounce hard",
        ),
        ("rcpt", "550 Requested action not taken: mailbox unavailable", "failed message refused"),
        ("rcpt", "550", "failed message refused"),
        ("rcpt", "552 5.2.2 Mailbox full", "failed message soft_bounce"),
        ("rcpt", "550 5.7.1 Message rejected as spam", "failed message refused"),
        ("rcpt", "550 5.7.1 Recipient address rejected: user unknown", "failed message refused"),
        ("rcpt", "550 5.4.1 Recipient address rejected: Access denied", "failed message refused"),
        ("rcpt", "550 5.3.0 User unknown? system trouble", "failed message refused"),
        ("rcpt", "550 5.1.0 Sender address unknown", "failed message refused"),
        ("rcpt", "550 Client host rejected: host not found", "failed message refused"),
        ("rcpt", "550 5.4.5 Daily user sending quota exceeded", "retry mailbox quota"),
        ("rcpt", "550 Too many messages per hour", "retry mailbox quota"),
        (
            "rcpt",
            "552 5.2.2 user has exceeded its sending quota? inbox over quota",
            "failed message soft_bounce",
        ),
        ("rcpt", "550 5.7.515 Access denied, sending domain does not meet", "retry mailbox auth lasting"),
        (
            "rcpt",
            "550 5.7.60 Client does not have permissions to send as this sender",
            "retry mailbox auth lasting",
        ),
        ("rcpt", "554 5.7.1 <ann@acme.example>: Relay access denied", "retry mailbox auth lasting"),
        ("rcpt", "454 4.7.1 Relay access denied", "retry mailbox auth"),
        ("rcpt", "-1 garbage", "retry message broken_off"),
        ("data", "451 4.3.0 Try later", "retry message later"),
        ("data", "554 5.5.1 No valid recipients", "failed message refused"),
        ("data", "250 Ok?", "retry message broken_off"),
        ("data", "550 5.1.1 at 10.5.1.1", "failed message hard_bounce hard"),
    ],
)
def test_an_answer_and_its_meaning(phase, reply, meaning):
    code, _, text = reply.partition(" ")
    verdict = judge(phase, Reply(int(code), text))
    assert words(verdict) == meaning
    assert (verdict.phase, verdict.code, verdict.text) == (phase, int(code), text)


@pytest.mark.parametrize("error", [TimeoutError("timed out"), ConnectionResetError(), OSError("gone")])
@pytest.mark.parametrize(
    ("phase", "meaning"),
    [
        ("connect", "retry mailbox connect"),
        ("helo", "retry mailbox connect"),
        ("tls", "retry mailbox tls"),
        ("auth", "retry mailbox auth"),
        ("mail", "retry mailbox connect"),
        ("rcpt", "retry message broken_off"),
        ("data", "retry message broken_off"),
        ("dot", "unknown message no_answer"),
    ],
)
def test_a_broken_connection_and_its_meaning(phase, meaning, error):
    verdict = judge(phase, error)
    assert words(verdict) == meaning
    assert verdict.text


@given(st.sampled_from(PHASES), st.integers(-1, 999), st.text(max_size=80))
def test_whatever_a_server_says_the_promises_hold(phase, code, text):
    verdict = judge(phase, Reply(code, text))
    assert (verdict.state == "sent") == (phase == "dot" and 200 <= code < 300)
    assert verdict.state != "unknown" or phase == "dot"
    if verdict.scope == "mailbox":
        assert verdict.state == "retry"
    if verdict.hard:
        assert verdict.state == "failed"
        assert 500 <= code < 600
    if 400 <= code < 500:
        assert verdict.state == "retry"
        assert not verdict.lasting
    assert verdict.text.isprintable()
    assert len(verdict.text) <= 500


def test_a_refused_message_waits_longer_each_time_and_fails_after_the_fourth():
    hours = [retry_after(n) for n in range(1, 6)]
    assert hours == [timedelta(minutes=15), timedelta(hours=1), timedelta(hours=4), timedelta(hours=24), None]


def test_a_mailbox_in_trouble_rests_longer_each_time_an_hour_at_most():
    assert [mailbox_backoff(n, 0).total_seconds() / 60 for n in (1, 2, 3, 6, 7, 500)] == [1, 2, 4, 32, 60, 60]
    assert mailbox_backoff(1, 1.0) == timedelta(seconds=90)
    assert mailbox_backoff(99, 1.0) == timedelta(hours=1)
