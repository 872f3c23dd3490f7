"""Hosts and folders of conditions as cells: texts of one cell are alike to all the lists of hosts or folders at hand.

Each cell comes with texts that are in it, and the answers that the policy's own `HostSet` and `FolderSet` give. Lists
of folders also have cells for paths that two readings put in different places; those have no texts.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address

from ..hosts import LOOPBACK, STANDS_FOR_IPV4, Address, HostSet, network_of
from ..paths import FolderSet
from .undecided import NotDecided


# Combinations of answers, and lists of names of which any may be the names of one address.
_MAX_CELLS = 4096
_MOST_STEMS = 6

Answers = tuple[bool | None, ...]


@dataclass(frozen=True, slots=True)
class Cell:
    """
    Attributes:
        answers (`tuple`): What each list says: it has the text, has it not, or that cannot be known.
        stems (`tuple[str, ...]`): What texts of the cell are made from: hosts, or paths.
    """

    answers: Answers
    stems: tuple[str, ...] = ()

    def ways(self) -> list[str]:
        """To the paths of the cell, from a folder in the current one."""
        up = os.pardir + os.sep
        up_to_root = up * (os.getcwd().count(os.sep) + 1)
        return [up_to_root + stem.strip(os.sep) for stem in self.stems if stem.startswith(os.sep)]


@lru_cache(maxsize=1024)
def host_cells(lists: tuple[tuple[tuple[str, ...], bool], ...]) -> tuple[Cell, ...]:
    """The cells of some lists of hosts, each with whether it looks names up."""
    sets = [HostSet(entries) for entries, _ in lists]
    found: dict[Answers, list[str]] = {}
    for host in _hosts(entry for entries, _ in lists for entry in entries):
        found.setdefault(tuple(each.has(host) for each in sets), []).append(host)
    cells = [Cell(answers, tuple(hosts[:_MOST_STEMS])) for answers, hosts in found.items()]
    return (*_and_unknown(cells, len(sets), r"any\host"), *_looked_up(lists, found))


def _hosts(entries: Iterable[str]) -> Iterator[str]:
    """A host of each kind that the entries tell apart."""
    names: set[str] = {"localhost", "any.localhost", "any.invalid"}
    points: set[Address] = {IPv4Address(0), IPv6Address(0), *LOOPBACK}
    networks = [*STANDS_FOR_IPV4]
    for entry in sorted(set(entries)):
        network = network_of(entry)
        if network is not None:
            networks.append(network)  # type: ignore[arg-type]
        elif entry.startswith("*."):
            parent = entry[2:].lower().removesuffix(".")
            names |= {f"any.{parent}", parent}
        else:
            names.add(entry.lower().removesuffix("."))
    for network in networks:
        points.add(network.network_address)
        points.add(network.network_address + (network.num_addresses // 2))
        if int(network.broadcast_address) + 1 < 1 << network.max_prefixlen:
            points.add(network.broadcast_address + 1)
    for address in LOOPBACK:
        points.add(address + 1)
    points.add(IPv4Address("192.0.2.1"))
    yield from sorted(names)
    for point in sorted(points, key=lambda point: (point.version, int(point))):
        yield str(point) if point.version == 4 else f"[{point}]"


def _looked_up(lists: tuple[tuple[tuple[str, ...], bool], ...], found: dict[Answers, list[str]]) -> Iterator[Cell]:
    """Addresses that names of the lists have: which ones, nobody knows here."""
    names = sorted(
        {entry for entries, looks_up in lists if looks_up for entry in entries if network_of(entry) is None}
    )
    singles = {tuple(looks_up and name in entries for entries, looks_up in lists) for name in names}
    sums: set[tuple[bool, ...]] = set()
    for single in singles:
        sums |= {tuple(a or b for a, b in zip(single, other)) for other in sums} | {single}
        if len(sums) > _MAX_CELLS:
            raise NotDecided("there are too many hosts in its lists")
    addresses = [answers for answers, hosts in found.items() if any(not _is_name(host) for host in hosts)]
    if len(sums) * len(addresses) > _MAX_CELLS:
        raise NotDecided("there are too many hosts in its lists")
    for named in sorted(sums):
        for answers in addresses:
            yield Cell(tuple(True if is_named else answer for is_named, answer in zip(named, answers)))


def _is_name(host: str) -> bool:
    return not (host.startswith("[") or host.replace(".", "").isdigit())


@lru_cache(maxsize=1024)
def path_cells(lists: tuple[tuple[str, ...], ...]) -> tuple[Cell, ...]:
    """The cells of some lists of folders, as they are on this machine now."""
    sets = [FolderSet(roots) for roots in lists]
    found: dict[Answers, list[str]] = {}
    for path in _paths(root for roots in lists for root in roots):
        found.setdefault(tuple(each.has(path) for each in sets), []).append(path)
    cells = [Cell(answers, tuple(paths[:_MOST_STEMS])) for answers, paths in found.items()]
    if len(cells) ** 2 > _MAX_CELLS:
        raise NotDecided("there are too many folders in its lists")
    known = [cell.answers for cell in cells]
    # With `..` a path may be in either of two places, and what they have in common is known.
    both = {tuple(a if a == b else None for a, b in zip(one, other)) for one in known for other in known} - set(known)
    return _and_unknown([*cells, *map(Cell, sorted(both, key=repr))], len(sets), "$any")


def _paths(roots: Iterable[str]) -> Iterator[str]:
    """A path of each kind that the roots tell apart."""
    resolved = sorted({os.path.realpath(os.path.expanduser(root)) for root in roots})
    yield os.path.join(os.sep, "any", "file")
    for root in (os.sep, *resolved):
        yield os.path.join(root, "any")
        yield root
        yield os.path.join(root, os.pardir, "any")
        # In other folders than these, if case counts
        parts = root.split(os.sep)
        for index, part in enumerate(parts):
            if part.swapcase() != part:
                yield os.path.join(os.sep.join([*parts[:index], part.swapcase(), *parts[index + 1 :]]), "any")


def _and_unknown(cells: list[Cell], count: int, text: str) -> tuple[Cell, ...]:
    nothing: Answers = (None,) * count
    return (*(cell for cell in cells if cell.answers != nothing), Cell(nothing, (text,)))
