"""How many calls there may be in a time, in this process or in all that share a store."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from .decision import Reason
from .errors import PolicyError, Problem, excerpt, path_name
from .judge import called
from .layer_limits import Usage, is_high
from .names import NameList, keys_naming


if TYPE_CHECKING:
    from limits import RateLimitItem

    from .model import Policy


logger = logging.getLogger(__name__)

# How long a store may take to connect and to answer. A request is made twice at most, as a server that was started
# again leaves dead connections behind.
STORE_SECONDS = 1.0


class Windows(Protocol):
    """Moving windows: the calls that were made within the time of a rate, counted back from now."""

    def left(self, item: RateLimitItem, key: tuple[str, ...]) -> int:
        """How many further calls there may be now."""

    def take(self, item: RateLimitItem, key: tuple[str, ...]) -> bool:
        """Note a call. `False` if there may be none now."""


class Rates:
    """
    The rates of one policy.

    A call that was noted stays noted, also if it is not made after all: a store that others use cannot take it back.

    Args:
        policy ([`Policy`]): The policy.
        clock (`Callable[[], float]`): The time in seconds, for rates that only this process counts.

    Raises:
        `PolicyError`: If the store needs a library that is not installed.
    """

    def __init__(self, policy: Policy, clock: Callable[[], float]):
        # Only here, so that policies without rates do not wait for it
        from limits import parse

        limits = policy.limits
        self._counts = policy.mode == "enforce"
        self._names = NameList(limits.rates)
        self._items = {entry: parse(text) for entry, text in limits.rates.items()}
        self._texts = limits.rates
        self._called = called(policy)
        self._if_store_fails = limits.on_store_error
        # Who shares a store shares the count of a policy, by its name. Without a name, only the same policy does.
        self._owner = quote(policy.name, safe="") if policy.name else policy.digest
        self._windows: Windows = _Here(clock) if limits.store == "memory://" else _Shared(limits.store)
        self._lock = threading.Lock()
        self._warned: set[str] = set()

    def reached(self, name: str) -> list[Reason]:
        """Which rates leave no room for a call of the tool or agent `name` now. Notes nothing."""
        return self._check(name, take=False)[0]

    def reached_without_store(self, name: str) -> list[Reason]:
        """What is said of a call of the tool or agent `name` while the store does not answer."""
        return [self._store_failure()] if keys_naming(self._texts, self._names, name) else []

    def take(self, name: str) -> tuple[list[Reason], list[Usage]]:
        """Note a call, unless a rate leaves no room for it.

        Returns:
            `tuple[list[Reason], list[Usage]]`: The reasons against it, and the rates of which 80 % came to be used.
        """
        return self._check(name, take=True)

    def _check(self, name: str, *, take: bool) -> tuple[list[Reason], list[Usage]]:
        entries = keys_naming(self._texts, self._names, name)
        if not entries:
            return [], []
        try:
            # All are looked at first, so that one without room does not cost the others a call.
            left = {entry: self._windows.left(self._items[entry], self._key(entry)) for entry in entries}
            full = [entry for entry in entries if left[entry] <= 0]
            if take and not full:
                full = [entry for entry in entries if not self._windows.take(self._items[entry], self._key(entry))]
        except Exception as error:
            logger.warning("The store of limits.rates does not answer: %s: %s", type(error).__name__, error)
            return [self._store_failure()], []
        return [self._full(entry) for entry in full], self._newly_high(left) if take and not full else []

    def _key(self, entry: str) -> tuple[str, ...]:
        return "smolagents", self._owner, quote(entry, safe="")

    def _full(self, entry: str) -> Reason:
        text = self._texts[entry]
        message = f"{self._called} grants {excerpt(entry)} a rate of {text}, which is used up for now (limits.rates)"
        return Reason("deny", "limit_rate", _entry(entry), text, message, counts=self._counts)

    def _store_failure(self) -> Reason:
        if self._if_store_fails == "allow":
            message = f"the store in which {self._called} counts rates does not answer (limits.on_store_error: allow)"
            return Reason("warn", "limit_store", "limits.store", "allow", message, counts=self._counts)
        message = f"the store in which {self._called} counts rates does not answer (limits.store)"
        return Reason("deny", "limit_store", "limits.store", "deny", message, counts=self._counts)

    def _newly_high(self, left_before: dict[str, int]) -> list[Usage]:
        high = []
        with self._lock:
            for entry, left in left_before.items():
                limit = self._items[entry].amount
                used = limit - left + 1
                if not is_high(used, limit):
                    self._warned.discard(entry)
                elif entry not in self._warned:
                    self._warned.add(entry)
                    high.append(Usage(_entry(entry), used, limit))
        return high


def _entry(name: str) -> str:
    return path_name(("limits", "rates", name))


class _Here:
    """Windows of this process. (Those of `limits` read the computer's clock, and start a thread for a call.)"""

    def __init__(self, clock: Callable[[], float]):
        self._clock = clock
        self._lock = threading.Lock()
        self._windows: dict[tuple[str, ...], deque[float]] = {}

    def left(self, item: RateLimitItem, key: tuple[str, ...]) -> int:
        now = self._clock()
        with self._lock:
            return item.amount - len(self._window(item, key, now))

    def take(self, item: RateLimitItem, key: tuple[str, ...]) -> bool:
        now = self._clock()
        with self._lock:
            window = self._window(item, key, now)
            if len(window) >= item.amount:
                return False
            window.append(now)
            return True

    def _window(self, item: RateLimitItem, key: tuple[str, ...], now: float) -> deque[float]:
        window = self._windows.setdefault(key, deque())
        while window and window[0] <= now - item.get_expiry():
            window.popleft()
        return window


class _Shared:
    """Windows in a Redis server, exact for all processes that use it. Their clocks have to agree."""

    def __init__(self, url: str):
        from limits.storage import storage_from_string
        from limits.strategies import MovingWindowRateLimiter

        try:
            from redis.backoff import NoBackoff
            from redis.retry import Retry
        except ImportError:
            message = "This store needs the Redis client: pip install 'smolagents[policy-redis]'."
            raise PolicyError([Problem(message, "limits.store", "<policy>")]) from None
        options: dict[str, Any] = {
            "socket_connect_timeout": STORE_SECONDS,
            "socket_timeout": STORE_SECONDS,
            "retry": Retry(NoBackoff(), 1),
        }
        # No connection is made before the first call.
        self._limiter = MovingWindowRateLimiter(storage_from_string(url, **options))

    def left(self, item: RateLimitItem, key: tuple[str, ...]) -> int:
        return self._limiter.get_window_stats(item, *key).remaining

    def take(self, item: RateLimitItem, key: tuple[str, ...]) -> bool:
        return self._limiter.hit(item, *key)
