"""What a classification says: categories, each with its own score, and the evidence for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Category(str, Enum):
    """What something that is about to be executed is for. The first five are dangerous."""

    DESTRUCTIVE_DATA = "destructive_data"
    DATA_EXFILTRATION = "data_exfiltration"
    PRIVILEGE_ESCALATION = "privilege_escalation"
    SYSTEM_MODIFICATION = "system_modification"
    CODE_EXECUTION = "code_execution"
    NETWORK_ACCESS = "network_access"
    DATA_READ = "data_read"
    DATA_WRITE = "data_write"
    BENIGN = "benign"


DANGEROUS = frozenset(
    (
        Category.DESTRUCTIVE_DATA,
        Category.DATA_EXFILTRATION,
        Category.PRIVILEGE_ESCALATION,
        Category.SYSTEM_MODIFICATION,
        Category.CODE_EXECUTION,
    )
)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that speaks for a category.

    Attributes:
        rule (`str`): The rule of the table that says so.
        category (`Category`): The category.
        weight (`float`): How much it says, above 0 and at most 1.
        explanation (`str`): The rule in words.
        where (`str`): The part of the arguments that was read, such as `arguments.code`.
        text (`str`): What was found there, cut to a readable length.
        line (`int`, *optional*): Its line in that text, from 1, if the text is a program.
    """

    rule: str
    category: Category
    weight: float
    explanation: str
    where: str
    text: str
    line: int | None = None


@dataclass(frozen=True, slots=True)
class Intent:
    """What an execution is for.

    Attributes:
        category (`Category`): The category with the highest score; `benign` if none has any. Of equal ones the more
            dangerous comes first, in the order of [`Category`].
        dangerous (`bool`): Whether one of the five dangerous categories reaches 0.5.
        confidence (`float`): The score of `category`, from 0 to 1; for `benign`, what the highest score leaves.
        categories (`Mapping[Category, float]`): Every category that has a score, so that one never hides another.
        evidence (`tuple[Evidence, ...]`): What the scores come from, in the order in which it was found.
    """

    category: Category
    dangerous: bool
    confidence: float
    categories: Mapping[Category, float]
    evidence: tuple[Evidence, ...] = ()
