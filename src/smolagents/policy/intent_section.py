"""What a policy says about intents: what is to be done about an execution that looks like one of the categories."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer

from .fields import Action, Items
from .section import FrozenMapping, Section


def _something_to_act_on(value: Any) -> Any:
    if value == "benign":
        raise ValueError("`benign` is what nothing speaks against, so nothing can be done about it. Remove it.")
    return value


# Those of `smolagents.policy.intents.Category`, which takes long to import.
CategoryName = Annotated[
    Literal[
        "destructive_data",
        "data_exfiltration",
        "privilege_escalation",
        "system_modification",
        "code_execution",
        "network_access",
        "data_read",
        "data_write",
    ],
    BeforeValidator(_something_to_act_on),
]
Confidence = Annotated[float, Field(gt=0, le=1)]

# The keys that list categories, the most severe first
_ACTIONS: tuple[Literal["stop", "deny", "ask", "warn"], ...] = ("stop", "deny", "ask", "warn")


class IntentEntry(NamedTuple):
    """A category in one of the lists.

    Attributes:
        action (`str`): The list's name.
        path (`str`): Where it is in the policy, such as `intents.deny[0]`.
        category (`str`): The category.
        threshold (`float`): The confidence from which on it counts.
    """

    action: Action
    path: str
    category: str
    threshold: float


class Intents(Section):
    """What is to be done about an execution that looks as if it were for one of these. The most severe list counts.

    Attributes:
        stop (`tuple[str, ...]`): Categories that end the run.
        deny (`tuple[str, ...]`): Categories that are refused.
        ask (`tuple[str, ...]`): Categories that a person decides about.
        warn (`tuple[str, ...]`): Categories that listeners are told of.
        min_confidence (`float`): How sure a category has to be, above 0 and at most 1.
        thresholds (`Mapping[str, float]`): How sure instead, for each category that is named.
    """

    stop: Items[CategoryName] = ()
    deny: Items[CategoryName] = ()
    ask: Items[CategoryName] = ()
    warn: Items[CategoryName] = ()
    # From where on an intent is `dangerous`, and what the measured figures are about
    min_confidence: Confidence = 0.5
    thresholds: Annotated[dict[CategoryName, Confidence], AfterValidator(FrozenMapping), PlainSerializer(dict)] = (
        Field(default_factory=dict, validate_default=True)
    )

    def entries(self) -> Iterator[IntentEntry]:
        """Every category that is listed, list by list."""
        for action in _ACTIONS:
            for index, category in enumerate(getattr(self, action)):
                threshold = self.thresholds.get(category, self.min_confidence)
                yield IntentEntry(action, f"intents.{action}[{index}]", category, threshold)
