"""Which host a text names, and whether that is one of a policy's.

Clients read odd URLs differently: a backslash, a tab, a second `@`, `0x7f.1`. So only what all of them read alike is
taken for a host, and everything else is unknown, which a policy never allows.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

from .errors import excerpt


Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_LONGEST_NAME = 253
_LONGEST_HOST_AND_PORT = _LONGEST_NAME + len(".:65535")
# WHATWG's URL standard, "ends in a number": clients take such a name for an IPv4 address in some notation.
_ENDS_IN_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)", re.DOTALL)
_URL = re.compile(r"([a-z][a-z0-9+.-]*)://([^/?#\\]*)([^/]*)", re.IGNORECASE)
_USER = re.compile(r"[A-Za-z0-9._~!$&'()*+,;=:%-]*")
_HOST_AND_PORT = re.compile(r"(\[[0-9a-fA-F:.]+\]|[^\[\]:@]*)(?::([0-9]*))?")
# `http:80` is no host with a port to clients that know these schemes.
_SCHEMES = ("http", "https", "ws", "wss", "ftp", "file")
# NAT64 (RFC 6052), 6to4 (RFC 3056), Teredo (RFC 4380) and IPv4-compatible addresses stand for IPv4 addresses.
STANDS_FOR_IPV4 = tuple(map(IPv6Network, ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96")))
LOOPBACK: tuple[Address, ...] = (IPv4Address("127.0.0.1"), IPv6Address("::1"))


def host_of(text: str) -> str | Address | None:
    """The host that a text names, which is a host, a host and port, or a URL.

    Returns:
        `str`, `IPv4Address`, `IPv6Address` or `None`: The name in lower case without a dot at its end, or the address.
            `None` if clients may disagree on what it is.
    """
    if not text.isprintable():
        return None
    url = _URL.match(text)
    if url is None:
        if text.count(":") > 1 and not text.startswith("["):
            return _ipv6(text)
        return _host_and_port(text, is_url=False)
    authority, after = url.group(2), url.group(3)
    # Where the host ends is a matter of opinion if one of these comes before the path.
    if "\\" in after or "@" in after:
        return None
    user, has_user, place = authority.rpartition("@")
    if has_user and not _USER.fullmatch(user):
        return None
    return _host_and_port(place, is_url=True)


def _host_and_port(text: str, *, is_url: bool) -> str | Address | None:
    parts = _HOST_AND_PORT.fullmatch(text) if len(text) <= _LONGEST_HOST_AND_PORT else None
    # Not all clients map other letters alike, and lower() turns some of them into ASCII.
    if parts is None or not text.isascii():
        return None
    host, port = parts.group(1).lower(), parts.group(2)
    if port is not None:
        if len(port) > 5 or int(port or "0") > 65535:
            return None
        if not is_url and (not port or host in _SCHEMES):
            return None
    return _ipv6(host[1:-1]) if host.startswith("[") else _name_or_ipv4(host)


def _ipv6(text: str) -> Address | None:
    try:
        address = IPv6Address(text)
    except ValueError:
        return None
    # A zone says on which interface, which no entry can say.
    return None if address.scope_id else address.ipv4_mapped or address


def _name_or_ipv4(text: str) -> str | Address | None:
    try:
        # No leading zeros, four decimal parts: what every client reads alike
        return IPv4Address(text)
    except ValueError:
        name = text.removesuffix(".")
    if len(name) > _LONGEST_NAME or not _NAME.fullmatch(name) or _ENDS_IN_NUMBER.fullmatch(name):
        return None
    return name


def addresses_of(name: str) -> frozenset[Address]:
    """The addresses that a host's name has now, as the system says; empty if it says none."""
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return frozenset()
    addresses = (_address(str(address[0])) for *_, address in found)
    return frozenset(address for address in addresses if address is not None)


def _address(text: str) -> Address | None:
    host = host_of(text)
    return None if isinstance(host, str) else host


def check(entry: str) -> None:
    """Make sure that a text can stand in a policy's list of hosts.

    Raises:
        `ValueError`: With a sentence on what to write instead.
    """
    if network_of(entry) is not None:
        return
    shown = excerpt(entry)
    if not entry.isascii():
        raise ValueError(f"The host {shown} is not ASCII. Write it as DNS has it, with xn--.")
    if "/" in entry and not entry.strip("0123456789abcdefABCDEF:./"):
        raise ValueError(f"{shown} is not a network. Write one such as 10.0.0.0/8, with no bits after its length.")
    if _ENDS_IN_NUMBER.fullmatch(entry.removesuffix(".")):
        raise ValueError(f"{shown} is not an IP address. Write one such as 192.0.2.1, in four decimal numbers.")
    if _name_or_ipv4(entry.lower().removeprefix("*.")) is None:
        raise ValueError(
            f"{shown} is not a host. Write a name such as api.example.com, *.example.com for every name below it, an "
            "IP address or a network such as 10.0.0.0/8: no scheme, port or path."
        )


def network_of(entry: str) -> Network | None:
    text = entry[1:-1] if entry.startswith("[") and entry.endswith("]") else entry
    try:
        network = ip_network(text)
    except ValueError:
        return None
    mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
    return network if mapped is None or network.prefixlen < 96 else IPv4Network((mapped, network.prefixlen - 96))


class HostSet:
    """The hosts of a policy's list: names, `*.` and a name for all names below it, addresses and networks.

    Names are compared as names. They are not looked up, unless `addresses_of` is given: then an address is in the set
    as well if a name in the list has it now.

    Args:
        entries (`Iterable[str]`): The list, each entry as `check` accepts it.
        addresses_of (`Callable`, *optional*): Gives the addresses of a name.
    """

    def __init__(self, entries: Iterable[str], addresses_of: Callable[[str], frozenset[Address]] | None = None):
        self._names: list[str] = []
        suffixes: list[str] = []
        self._networks: list[Network] = []
        self._addresses_of = addresses_of
        for entry in entries:
            network = network_of(entry)
            if network is not None:
                self._networks.append(network)
            elif entry.startswith("*."):
                suffixes.append(entry[1:].lower().removesuffix("."))
            else:
                self._names.append(entry.lower().removesuffix("."))
        self._suffixes = tuple(suffixes)

    def has(self, text: str) -> bool | None:
        """Whether a host, a host and port or a URL is of one of these hosts; `None` if that cannot be said."""
        host = host_of(text)
        if host is None:
            return None
        return self._has_name(host) if isinstance(host, str) else self._has_address(host)

    def _has_name(self, name: str) -> bool | None:
        if name in self._names or name.endswith(self._suffixes):
            return True
        # By RFC 6761 such a name is the loopback interface, by whichever of its addresses.
        is_loopback = name == "localhost" or name.endswith(".localhost")
        return None if is_loopback and any(self._is_in_network(address) for address in LOOPBACK) else False

    def _has_address(self, address: Address) -> bool | None:
        if self._is_in_network(address):
            return True
        if self._addresses_of is not None and any(address in self._addresses_of(name) for name in self._names):
            return True
        # To connect to 0.0.0.0 is to connect to oneself.
        stands_for_another = address.is_unspecified or (
            isinstance(address, IPv6Address)
            and address not in LOOPBACK
            and any(address in network for network in STANDS_FOR_IPV4)
        )
        return None if stands_for_another else False

    def _is_in_network(self, address: Address) -> bool:
        return any(address in network for network in self._networks)
