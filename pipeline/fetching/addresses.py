"""Which URLs and which addresses may be requested: what strangers name must not reach our own networks."""

import re
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from msgspec import Struct
from yarl import URL

from pipeline.fetching.errors import FetchRefused

__all__ = ["AddressRules", "check_address", "check_url"]

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_LONGEST_URL: Final = 8000
"""Characters; RFC 9110 asks servers to support this many."""
_AUTHORITY_END: Final = re.compile("[/?#]")
_DEFAULT_PORTS: Final = frozenset({80, 443})
_NEVER_PUBLIC: Final = tuple(
    ip_network(network)
    for network in (
        "168.63.129.16/32",  # Azure: a public number that reaches the host of a virtual machine
        "192.0.0.0/24",  # assignments of protocols, RFC 6890; a service of Oracle's cloud among them
        "192.88.99.0/24",  # relays of 6to4, withdrawn by RFC 7526
        "fec0::/10",  # site-local, deprecated by RFC 3879 and still routed by some
        "5f00::/16",  # segment routing, RFC 9602
    )
)
_WRAPPING: Final = (
    # Networks whose addresses hold an IPv4 address, and the bits behind it.
    (IPv6Network("::ffff:0:0/96"), 0),  # mapped, RFC 4291
    (IPv6Network("::ffff:0:0:0/96"), 0),  # translated, RFC 2765
    (IPv6Network("::/96"), 0),  # compatible, RFC 4291
    (IPv6Network("64:ff9b::/96"), 0),  # NAT64, RFC 6052
    (IPv6Network("64:ff9b:1::/48"), 0),  # NAT64 of a site, RFC 8215; its operator chooses the place of the address
    (IPv6Network("2002::/16"), 80),  # 6to4, RFC 3056
)
_TEREDO: Final = IPv6Network("2001::/32")


class AddressRules(Struct, frozen=True, kw_only=True):
    """What may be requested beside public addresses on the usual ports.

    Attributes:
        ports: TCP ports.
        own_networks: Networks that are allowed although they are private, for sites of one's own.
    """

    ports: frozenset[int] = _DEFAULT_PORTS
    own_networks: tuple[Network, ...] = ()


def check_url(url: str, rules: AddressRules) -> URL:
    """Return a URL that may be resolved and then connected to.

    Raises:
        FetchRefused: Its scheme, port, credentials, form, or the address that stands in it is not allowed.
    """
    if len(url) > _LONGEST_URL or "\\" in url or any(not char.isprintable() or char.isspace() for char in url):
        raise FetchRefused("malformed", "the URL is too long, or has spaces, backslashes or control characters")
    try:
        parsed = URL(url)
        host, port = parsed.raw_host, parsed.port
    except ValueError as error:
        raise FetchRefused("malformed", "the URL cannot be read") from error
    if parsed.scheme not in {"http", "https"}:
        raise FetchRefused("scheme", "only http and https are requested")
    if "@" in _AUTHORITY_END.split(url.partition("//")[2], maxsplit=1)[0]:
        raise FetchRefused("credentials", "the URL has a user or a password")
    if not host or "%" in host or len(host) > 253:
        raise FetchRefused("malformed", "the URL has no host, or not a usual one")
    if port not in rules.ports:
        raise FetchRefused("port", f"port {port} is not in the list of ports")
    literal = _literal(host)
    if literal is not None:
        check_address(literal, rules)
    return parsed.with_fragment(None)


def check_address(address: str | Address, rules: AddressRules) -> None:
    """Check an address before a connection to it is opened.

    Raises:
        FetchRefused: It is not one of the public internet, wraps one that is not, or has a zone.
    """
    try:
        ip = ip_address(address) if isinstance(address, str) else address
    except ValueError as error:
        raise FetchRefused("address", "the address cannot be read") from error
    if _is_within(ip, rules.own_networks):
        return
    if not _is_public(ip) or not all(_is_within(part, rules.own_networks) or _is_public(part) for part in _wrapped(ip)):
        raise FetchRefused("address", f"{ip} is not an address of the public internet")


def _is_within(ip: Address, networks: Iterable[Network]) -> bool:
    return any(ip in network for network in networks if network.version == ip.version)


def _is_public(ip: Address) -> bool:
    if isinstance(ip, IPv6Address) and ip.scope_id is not None:
        return False
    if ip.is_multicast or ip.is_unspecified or ip.is_reserved or not ip.is_global:
        return bool(_wrapped(ip))  # which decide instead
    return not _is_within(ip, _NEVER_PUBLIC)


def _wrapped(ip: Address) -> list[Address]:
    """Return the IPv4 addresses that an IPv6 address stands for."""
    if not isinstance(ip, IPv6Address):
        return []
    number = int(ip)
    if ip in _TEREDO:  # the server, and the client with inverted bits
        return [IPv4Address(number >> 64 & 0xFFFFFFFF), IPv4Address(~number & 0xFFFFFFFF)]
    return [IPv4Address(number >> shift & 0xFFFFFFFF) for network, shift in _WRAPPING if ip in network]


def _literal(host: str) -> Address | None:
    try:
        return ip_address(host)
    except ValueError:
        pass
    last = host.rstrip(".").rpartition(".")[2]
    if last.isdigit() or last.lower().startswith("0x"):
        # Resolvers read `127.1`, `0x7f000001` and `017700000001` as addresses; no top-level domain is a number.
        raise FetchRefused("address", "the host is a number that is not an address in the usual form")
    return None
