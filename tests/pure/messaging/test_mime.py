"""The bytes of a mail, held to what the standard library's parser reads (R-063, R-064, R-065, T1, T2, U1)."""

import email
import email.header
import email.policy
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from messaging.headers import (
    HeaderInjection,
    InvalidAddress,
    Unsendable,
    UnsupportedAddress,
    chain,
    cleaned,
    new_message_id,
    reply_subject,
    sendable,
)
from messaging.mime import Heading, build

ID = new_message_id("mia@us.example", b"123456789012345678901234")
HEADING = Heading(
    message_id=ID,
    date=datetime(2026, 3, 27, 9, 0, tzinfo=timezone(timedelta(hours=1))),
    from_address="mia@us.example",
    to_address="ann@acme.example",
)
SINGLE = ["Date", "From", "To", "Cc", "Bcc", "Subject", "Message-ID", "Reply-To", "In-Reply-To", "References",
          "List-Unsubscribe", "List-Unsubscribe-Post", "MIME-Version", "Content-Type"]  # fmt: skip
NASTY = ["\r", "\n", "\r\nBcc: eve@evil.example", "\x00", "\u2028", "\u2029", "\x85", "\x0b", "\x0c", "\x1c",
         "\r\n\r\n<script>", "\n Bcc: eve@evil.example", "a\rb\nc"]  # fmt: skip


def made(
    heading: Heading = HEADING, *, subject="Hello", text="Hi Ann\n", html="<p>Hi Ann</p>", **more
) -> bytes:
    return build(heading, subject=subject, text=text, html=html, **more)


def lint(raw: bytes) -> None:
    """I10: what any mail of ours must be as bytes."""
    raw.decode("ascii")
    assert raw.endswith(b"\r\n")
    assert b"\r" not in raw.replace(b"\r\n", b"")
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    head = raw.partition(b"\r\n\r\n")[0].decode()
    assert not re.search(r"\r\n[ \t]+(\r\n|$)", head), "a folded line of blanks only"
    names = [line.partition(":")[0].lower() for line in head.split("\r\n") if not line.startswith(" ")]
    assert len(names) == len(set(names)), names
    for name in ("date", "from", "to", "subject", "message-id", "mime-version", "content-type"):
        assert name in names


def read(raw: bytes):
    lint(raw)
    message = email.message_from_bytes(raw, policy=email.policy.default)
    assert not message.defects
    for part in message.walk():
        assert not part.defects
    return message


def content(part) -> str:
    return part.get_content().replace("\r\n", "\n")


def decoded(raw: bytes, name: str) -> str:
    """A field unfolded and decoded as RFC 2047 says. (The standard library's newer parser keeps the blanks between
    the encoded words of a name, the older one loses others.)"""
    field = email.message_from_bytes(raw, policy=email.policy.compat32)[name]
    field = re.sub(r"\r\n(?=[ \t])", "", field)
    words = re.sub(r"(?<=\?=)\s+(?==\?utf-8\?)", "", field)
    return re.sub(r"=\?utf-8\?[bq]\?[^?]*\?=", lambda word: decode_word(word.group()), words)


def decode_word(word: str) -> str:
    assert len(word) <= 75
    ((octets, charset),) = email.header.decode_header(word)
    return octets.decode(charset)


def test_a_whole_mail():
    message = read(
        made(
            replace(
                HEADING,
                from_name="Mia Example",
                to_name="Ann",
                reply_to="team@us.example",
                cc=("bob@us.example", "cy@us.example"),
                in_reply_to="<a@us.example>",
                references=("<a@us.example>", "<b@us.example>"),
            ),
            unsubscribe="https://app.example/u/1.2.u.abc",
        )
    )
    assert message["From"] == "Mia Example <mia@us.example>"
    assert message["To"] == "Ann <ann@acme.example>"
    assert message["Reply-To"] == "team@us.example"
    assert message["Cc"] == "bob@us.example, cy@us.example"
    assert message["Bcc"] is None
    assert message["Subject"] == "Hello"
    assert message["Message-ID"] == ID
    assert message["Date"].datetime == HEADING.date
    assert message["In-Reply-To"] == "<a@us.example>"
    assert message["References"] == "<a@us.example> <b@us.example>"
    assert message["List-Unsubscribe"] == "<https://app.example/u/1.2.u.abc>"
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message.get_content_type() == "multipart/alternative"
    text, html = message.iter_parts()
    assert (text.get_content_type(), content(text)) == ("text/plain", "Hi Ann\n")
    assert (html.get_content_type(), content(html)) == ("text/html", "<p>Hi Ann</p>\n")


def test_without_extras_there_are_none():
    message = read(made())
    assert [
        message[name] for name in ("Reply-To", "Cc", "In-Reply-To", "References", "List-Unsubscribe")
    ] == [None] * 5
    assert message["From"] == "mia@us.example"


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)


@given(TEXTS)
def test_a_subject_is_read_as_it_was_written(subject):
    raw = made(subject=subject)
    assert read(raw)["Subject"] == cleaned(subject, 400)
    assert decoded(raw, "Subject") == cleaned(subject, 400)


@given(TEXTS)
def test_a_name_is_read_as_it_was_written(name):
    raw = made(replace(HEADING, from_name=name, to_name=name))
    message = read(raw)
    meant = cleaned(name, 200)
    for field, address in (("From", "mia@us.example"), ("To", "ann@acme.example")):
        (mailbox,) = message[field].addresses
        assert mailbox.addr_spec == address
        if not meant.isascii() or "=?" in meant:
            assert decoded(raw, field) == f"{meant} <{address}>"
        else:
            assert mailbox.display_name == meant


@given(TEXTS, TEXTS)
def test_a_body_is_read_as_it_was_written(text, html):
    plain, formatted = read(made(text=text, html=html)).iter_parts()
    for part, source in ((plain, text), (formatted, html)):
        meant = source.replace("\r\n", "\n").replace("\r", "\n")
        meant = re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "", meant)
        got = part.get_payload(decode=True).decode()
        assert got == meant.replace("\n", "\r\n") + ("" if meant.endswith("\n") else "\r\n")


@pytest.mark.parametrize(
    "words",
    [
        "Grüße aus München",
        "你好，世界" * 20,
        "مرحبا بالعالم",
        "👩\u200d👩\u200d👧 family " * 15,
        "e\u0301te\u0301",
        "=?utf-8?q?fake?=",
        "a" * 399,
        "word " * 80,
        'quote " and \\ backslash',
        "J. Q. Public, Esq.",
        "a,b;c:d<e>f(g)@h",
    ],
)
def test_words_of_many_kinds(words):
    raw = made(replace(HEADING, from_name=words), subject=words)
    message = read(raw)
    meant, name = cleaned(words, 400), cleaned(words, 200)
    assert message["Subject"] == decoded(raw, "Subject") == meant
    assert name in (
        message["From"].addresses[0].display_name,
        decoded(raw, "From").removesuffix(" <mia@us.example>"),
    )


def test_half_a_surrogate_pair_becomes_a_mark():
    message = read(
        made(replace(HEADING, from_name="A\ud83d"), subject="Hi \udc00!", text="x\ud83d", html="\udfff")
    )
    assert message["Subject"] == "Hi \ufffd!"
    assert message["From"].addresses[0].display_name == "A\ufffd"


def test_a_pair_written_as_two_halves_becomes_its_character():
    assert read(made(subject="Hi \ud83d\ude00"))["Subject"] == "Hi 😀"


# --- injection ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("nasty", NASTY)
def test_names_and_subjects_are_cleaned(nasty):
    word = f"Ann{nasty}Example"
    message = read(made(replace(HEADING, from_name=word, to_name=word), subject=word))
    assert [len(message.get_all(name, [])) for name in SINGLE if name in message] == [1] * len(
        [name for name in SINGLE if name in message]
    )
    assert message["Bcc"] is None
    assert [a.addr_spec for a in message["To"].addresses] == ["ann@acme.example"]
    assert message["Subject"] == cleaned(word, 400)


@pytest.mark.parametrize("nasty", NASTY)
@pytest.mark.parametrize("field", ["from_address", "to_address", "reply_to", "cc"])
def test_addresses_are_refused(field, nasty):
    address = f"ann{nasty}@acme.example"
    with pytest.raises(HeaderInjection):
        made(replace(HEADING, **{field: (address,) if field == "cc" else address}))


@pytest.mark.parametrize("nasty", NASTY)
def test_ids_from_outside_are_left_out(nasty):
    bad = f"<a{nasty}@x.example>"
    message = read(made(replace(HEADING, in_reply_to=bad, references=("<a@x.example>", bad))))
    assert message["In-Reply-To"] is None
    assert message["References"] == "<a@x.example>"


@pytest.mark.parametrize("nasty", [*NASTY, ">", " x", "<"])
def test_an_unsubscribe_address_that_is_none_is_refused(nasty):
    with pytest.raises(Unsendable):
        made(unsubscribe=f"https://app.example/u/{nasty}")


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_whatever_is_given_nothing_is_added(name, subject, address):
    try:
        raw = made(replace(HEADING, from_name=name, to_address=address), subject=subject)
    except Unsendable:
        return
    message = read(raw)
    assert {key.lower() for key in message} == {
        "date", "from", "to", "subject", "message-id", "mime-version", "content-type",
    }  # fmt: skip
    assert len(message["To"].addresses) == 1


@pytest.mark.parametrize(
    ("address", "sent"),
    [
        ("ann@acme.example", "ann@acme.example"),
        ("Ann.O'Neil+x@Acme.Example", "Ann.O'Neil+x@acme.example"),
        ("ann@bücher.example", "ann@xn--bcher-kva.example"),
        ("ann@例え.テスト", "ann@xn--r8jz45g.xn--zckzah"),
        (" ann@acme.example ", "ann@acme.example"),
    ],
)
def test_domains_are_sent_in_plain_letters(address, sent):
    assert sendable(address) == sent


@pytest.mark.parametrize("address", ["jürgen@acme.example", "山本@例え.テスト", "a\u0301nn@acme.example"])
def test_other_letters_before_the_at_are_not_supported(address):
    with pytest.raises(UnsupportedAddress):
        made(replace(HEADING, to_address=address))


@pytest.mark.parametrize(
    "address",
    ["", "ann", "ann@", "@x.example", "a b@x.example", "a@b", "a,b@x.example", "a@x.example>", "<a@x.example",
     "a@x.example, b@x.example", '"a"@x.example', "a@[127.0.0.1]", "a@x_y.example", "a" * 65 + "@x.example"],
)  # fmt: skip
def test_what_is_no_address_is_refused(address):
    with pytest.raises(InvalidAddress):
        made(replace(HEADING, to_address=address))


# --- bodies -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    ["a\n.\nb", "\n.\n", ".", "..", ".leading\n..two", "\r.\r", "a\r\n.\r\nb", "x" * 10_000, "é" * 10_000,
     "From me\nFrom you", "ends with blanks  \t\nnext \n", "= equals =3D =\n", "tab\tinside", "--=_boundary"],
)  # fmt: skip
def test_a_body_cannot_end_the_mail_or_break_its_lines(text):
    raw = made(text=text, html=text)
    plain, _ = read(raw).iter_parts()
    assert content(plain).rstrip("\n") == text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n")


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Hello", "quoted-printable"),
        ("Grüße " * 9, "base64"),
        ("Grüße an alle Freunde", "quoted-printable"),
        ("你好" * 9, "base64"),
    ],
)
def test_each_part_takes_the_shorter_encoding(text, encoding):
    plain, _ = read(made(text=text)).iter_parts()
    assert plain["Content-Transfer-Encoding"] == encoding


# --- ids and threads ----------------------------------------------------------------------------------------


def test_a_message_id_is_random_and_tells_nothing():
    ids = {new_message_id("mia@us.example") for _ in range(100)}
    assert len(ids) == 100
    assert all(re.fullmatch(r"<[a-z2-7]{39}@us\.example>", id) for id in ids)
    assert new_message_id("mia@bücher.example").endswith("@xn--bcher-kva.example>")


def test_the_same_mail_is_the_same_bytes():
    assert made() == made()


@pytest.mark.parametrize(
    ("subject", "answer"),
    [
        ("Hello", "Re: Hello"),
        ("Re: Hello", "Re: Hello"),
        ("RE: re:Re[2]: Hello", "Re: Hello"),
        ("Regarding you", "Re: Regarding you"),
        ("", "Re: "),
        ("Hello\r\nBcc: x", "Re: Hello Bcc: x"),
    ],
)
def test_an_answer_has_one_re(subject, answer):
    assert reply_subject(subject) == answer


def test_a_thread_keeps_its_first_message_and_the_last_nineteen():
    ids = [f"<{n}@us.example>" for n in range(40)]
    assert chain(ids[:-1], ids[-1]) == [ids[0], *ids[-19:]]
    assert chain([], ids[0]) == [ids[0]]
    assert chain(ids[:3], ids[1]) == [ids[0], ids[2], ids[1]]
    assert chain(["garbage", "<a b@x>", "<" + "a" * 300 + "@x>"], ids[0]) == [ids[0]]
    read(made(replace(HEADING, references=chain(ids[:-1], ids[-1]))))


def test_a_date_must_have_a_zone():
    with pytest.raises(AssertionError):
        made(replace(HEADING, date=HEADING.date.replace(tzinfo=None)))
    assert b"Date: Thu, 01 Jan 2026 00:00:00 +0000\r\n" in made(
        replace(HEADING, date=datetime(2026, 1, 1, tzinfo=UTC))
    )
