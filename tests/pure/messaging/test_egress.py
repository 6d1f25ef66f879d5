"""Hosts that users name lead nowhere inside (R-076)."""

import socket

import pytest

from messaging.egress import Unreachable, connect, networks, resolve

LOOPBACK = networks(["127.0.0.0/8", "::1/128"])


def answering(*addresses: str):
    def resolver(host, port, **more):
        return [
            (
                socket.AF_INET6 if ":" in address else socket.AF_INET,
                socket.SOCK_STREAM,
                6,
                "",
                (address, port),
            )
            for address in addresses
        ]

    return resolver


INSIDE = [
    "127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
    "224.0.0.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "fe80::1", "fc00::1", "ff02::1", "2002:7f00:1::", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "2001:db8::1",
]  # fmt: skip
OUTSIDE = ["1.1.1.1", "8.8.8.8", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]


@pytest.mark.parametrize("address", INSIDE)
def test_inside_is_out_of_reach(address):
    with pytest.raises(Unreachable, match=r"^No server could be reached at mail\.example:587\.$"):
        resolve("mail.example", 587, allowed=(), resolver=answering(address))


@pytest.mark.parametrize("address", OUTSIDE)
def test_outside_is_in_reach_on_mail_ports(address):
    (target,) = resolve("mail.example", 587, allowed=(), resolver=answering(address))
    assert target.address == (address, 587)
    assert not target.private


@pytest.mark.parametrize("port", [22, 80, 443, 5432, 6379, 8000])
def test_other_ports_are_out_of_reach(port):
    with pytest.raises(Unreachable):
        resolve("mail.example", port, allowed=(), resolver=answering("1.1.1.1"))


def test_one_bad_address_among_good_ones_is_enough():
    with pytest.raises(Unreachable):
        resolve("mail.example", 587, allowed=(), resolver=answering("1.1.1.1", "10.0.0.1"))


def test_allowed_networks_are_in_reach_on_any_port():
    (target,) = resolve("mail.example", 1025, allowed=LOOPBACK, resolver=answering("127.0.0.1"))
    assert target.private
    (mapped,) = resolve("mail.example", 1025, allowed=LOOPBACK, resolver=answering("::ffff:127.0.0.1"))
    assert mapped.private
    with pytest.raises(Unreachable):
        resolve("mail.example", 587, allowed=LOOPBACK, resolver=answering("10.0.0.1"))


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "0x7f.1", "2130706433", "0177.0.0.1", "::1", "[::1]", "127.1"]
)
def test_spellings_of_this_machine_are_out_of_reach(host):
    with pytest.raises(Unreachable):
        resolve(host, 587, allowed=())


@pytest.mark.parametrize(
    "host", ["", " ", "a..b", "x" * 300, "no-such-host.invalid", "\u200b", "a b", "host\x00"]
)
def test_what_is_no_host_is_unreachable(host):
    with pytest.raises(Unreachable):
        resolve(host, 587, allowed=())


def test_a_name_is_resolved_once_so_that_it_cannot_change_its_mind():
    answers = iter(["127.0.0.1"])

    def resolver(host, port, **more):
        return answering(next(answers))(host, port)

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        targets = resolve("rebind.example", port, allowed=LOOPBACK, resolver=resolver)
        with connect("rebind.example", port, targets, timeout=5) as connection:
            assert connection.getpeername() == ("127.0.0.1", port)


def test_a_closed_port_and_a_forbidden_host_read_the_same():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(Unreachable) as closed:
        connect(
            "h.example",
            port,
            resolve("h.example", port, allowed=LOOPBACK, resolver=answering("127.0.0.1")),
            5,
        )
    with pytest.raises(Unreachable) as forbidden:
        resolve("h.example", port, allowed=(), resolver=answering("127.0.0.1"))
    assert str(closed.value) == str(forbidden.value)


def test_a_network_that_is_none_is_named():
    with pytest.raises(ValueError, match=r"10\.0\.0\.0/40"):
        networks(["10.0.0.0/40"])
    assert networks(["", " 10.0.0.0/8 "])[0].prefixlen == 8
