import time

import pytest
from hypothesis import settings

from smolagents.policy.account import Account


# How long an example takes says more about the machine than about the code.
settings.register_profile("policy", deadline=None)
settings.load_profile("policy")


class _GivingWay(dict):
    """Lets other threads go on after each look at a count: the worst moment, if nothing but luck kept them away."""

    def get(self, *args):
        value = super().get(*args)
        time.sleep(0)
        return value


@pytest.fixture
def counting_gives_way(monkeypatch):
    """Without it a race hardly ever shows, as threads take turns every few milliseconds only."""

    class Accounts(Account):
        def __init__(self):
            super().__init__()
            self.calls = _GivingWay()

    monkeypatch.setattr("smolagents.policy.budgets.Account", Accounts)
