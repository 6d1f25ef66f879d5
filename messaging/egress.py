"""Whom the product may connect to when a user names the host (R-076; OWASP: server-side request forgery).

A name is resolved once, every address it has is looked at, and the connection goes to an address that was
looked at: a second lookup could answer differently.
"""

import socket
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from typing import Any

Network = IPv4Network | IPv6Network
Resolver = Callable[..., list[Any]]

MAIL_PORTS = frozenset({25, 465, 587, 2525, 143, 993})
NAT64 = IPv6Network("64:ff9b::/96")


class Unreachable(OSError):
    """No connection. On purpose the same, whatever the cause: nobody learns what listens inside."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(f"No server could be reached at {host}:{port}.")


@dataclass(frozen=True)
class Target:
    """An address that was looked at. ``private`` where it lies in a network that was allowed by name."""

    family: socket.AddressFamily
    address: tuple[Any, ...]
    private: bool


def networks(names: Iterable[str]) -> tuple[Network, ...]:
    """The networks of the setting EGRESS_ALLOW. ValueError names one that is none."""
    return tuple(ip_network(name.strip()) for name in names if name.strip())


def resolve(
    host: str,
    port: int,
    *,
    allowed: Collection[Network],
    ports: Collection[int] = MAIL_PORTS,
    resolver: Resolver = socket.getaddrinfo,
) -> list[Target]:
    """The addresses of ``host`` that may be connected to, in the resolver's order; Unreachable where any may not.

    Public addresses on ``ports``, and those in ``allowed`` networks on any port.
    """
    try:
        found = resolver(host, port, type=socket.SOCK_STREAM)
        targets = [_target(family, address, allowed) for family, _, _, _, address in found]
    except (OSError, ValueError) as error:  # UnicodeError: a name that cannot be asked for
        raise Unreachable(host, port) from error
    if not targets or not all(target is not None for target in targets):
        raise Unreachable(host, port)
    checked = [target for target in targets if target is not None]
    if port not in ports and not all(target.private for target in checked):
        raise Unreachable(host, port)
    return checked


def connect(host: str, port: int, targets: Iterable[Target], timeout: float) -> socket.socket:
    """A connection to the first of ``targets`` that answers within ``timeout`` seconds each, else Unreachable."""
    for target in targets:
        connection = socket.socket(target.family, socket.SOCK_STREAM)
        try:
            connection.settimeout(timeout)
            connection.connect(target.address)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        except OSError:
            connection.close()
        else:
            return connection
    raise Unreachable(host, port)


def _target(
    family: socket.AddressFamily, address: tuple[Any, ...], allowed: Collection[Network]
) -> Target | None:
    meant = _meant(ip_address(str(address[0]).partition("%")[0]))
    if any(one in network for one in meant for network in allowed):
        return Target(family, address, private=True)
    if all(_is_public(one) for one in meant):
        return Target(family, address, private=False)
    return None


def _meant(address: IPv4Address | IPv6Address) -> list[IPv4Address | IPv6Address]:
    """The address, or the IPv4 ones that it stands for."""
    if isinstance(address, IPv4Address):
        return [address]
    if address.ipv4_mapped:
        return [address.ipv4_mapped]
    if address in NAT64:
        return [IPv4Address(int(address) & 0xFFFFFFFF)]
    inner: list[IPv4Address | IPv6Address] = [address]
    if address.sixtofour:
        inner.append(address.sixtofour)
    if address.teredo:
        inner += address.teredo
    return inner


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    return address.is_global and not address.is_multicast and not address.is_reserved
