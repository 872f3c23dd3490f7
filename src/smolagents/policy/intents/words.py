"""Reads a text by its words alone: for what no parser understands. Never the first choice.

The families are those of the parsers' tables, each by the few words that hardly stand anywhere else.
"""

from __future__ import annotations

import re

from .facts import Fact


_LONGEST = 1_000_000
# What is too long to be read may be anything.
UNREAD = Fact("run_code", "unknown", frozenset(("unread",)))
_MOST_OF_A_FAMILY = 3


class _Family:
    """Words that speak of one thing."""

    def __init__(self, act: str, target: str, traits: str, needed: str, words: str):
        self.fact = Fact(act, target, frozenset(traits.split()))
        # One of these has to be there, in lower case: to look for them is many times sooner
        self.needed = tuple(needed.split())
        self.words = re.compile(words, re.IGNORECASE)


# No part of an expression can match without end, so that the time is linear in the text.
_FAMILIES = (
    _Family(
        "delete",
        "root",
        "recursive forced",
        "rm",
        r"\brm\s+(?:-\w{1,9}\s+){1,4}(?:--no-preserve-root\s+)?[\"']?(?:/|/\*)(?=[\s\"'`;)]|$)",
    ),
    _Family(
        "delete", "home", "recursive", "rm", r"\brm\s+(?:-\w{1,9}\s+){1,4}[\"']?(?:~|\$HOME)/?\*?(?=[\s\"'`;)]|$)"
    ),
    _Family(
        "delete",
        "system",
        "",
        "rm remove unlink",
        r"(?:\brm\s+(?:-\w{1,9}\s+){0,4}|\b(?:remove|unlink|rmtree)\s{0,4}\(\s{0,4})[\"']?/(?:etc"
        r"|usr|bin|boot|lib|var)/",
    ),
    _Family("mount", "device", "overwrite", "mkfs", r"\bmkfs(?:\.\w{1,9})?\s+(?:-\w{1,9}\s+){0,4}/dev/"),
    _Family(
        "write",
        "device",
        "overwrite",
        "/dev/",
        r"\bof=/dev/(?:sd|hd|vd|nvme|disk|mmcblk)|>\s?/dev/(?:sd|hd|vd|nvme)\w",
    ),
    _Family(
        "delete", "backup", "", "vssadmin wbadmin", r"\bvssadmin\b.{0,40}\bdelete\s+shadows|\bwbadmin\b.{0,20}\bdelete"
    ),
    _Family(
        "delete",
        "database",
        "all",
        "drop truncate",
        r"\bdrop\s+(?:table|database|schema)\s+(?!if\b)\w|\btruncate\s+table\s+\w",
    ),
    _Family(
        "run_process",
        "unknown",
        "from_network",
        "curl wget iex",
        r"\b(?:curl|wget)\b[^|;\n]{1,300}\|\s{0,3}(?:sudo\s+)?(?:ba|z|k|da)?sh\b|\biex\b.{0,80}\bdownloadstring",
    ),
    _Family(
        "run_code",
        "unknown",
        "decoded",
        "exec eval base64 -e",
        r"\b(?:exec|eval)\s{0,3}\(.{0,80}\b(?:b64decode|fromhex|unhexlify|decompress|rot_?13|marshal\.loads)"
        r"|\bbase64\s+(?:-d|--decode|-D)[^|\n]{0,80}\|\s{0,3}(?:ba|z)?sh\b|-e(?:nc"
        r"|ncodedcommand)\s+[A-Za-z0-9+/=]{40}",
    ),
    _Family(
        "run_code",
        "unknown",
        "from_network",
        "exec eval",
        r"\b(?:exec|eval)\s{0,3}\(.{0,60}\b(?:requests\.get|urlopen|recv)\b",
    ),
    _Family("run_code", "unknown", "dynamic", "exec eval", r"(?<![\w.])(?:exec|eval)\s{0,3}\(\s{0,3}\w"),
    _Family(
        "run_process",
        "unknown",
        "reverse",
        "/dev/ nc netcat",
        r"\b(?:ba|z|k|da)?sh\b[^\n]{0,80}/dev/(?:tcp|udp)/[\w.$]{1,80}/"
        r"|/dev/(?:tcp|udp)/[\w.$]{1,80}/[^\n]{0,200}(?:\b(?:ba|z|k|da)?sh\b|\beval\b|\bwhile\s{1,3}read\b)|\b(?:nc|ncat|netcat)\b[^"
        r"|;\n]{0,80}\s-[a-z]{0,3}[ec]\s{0,3}\S{0,20}(?:sh|cmd)",
    ),
    _Family(
        "escape",
        "runtime",
        "",
        "__ f_globals gi_frame",
        r"__(?:subclasses|globals|builtins|mro)__.{0,200}__|__import__\s{0,3}\(\s{0,3}['\"](?:os"
        r"|subprocess|pty|sys)['\"]"
        r"|\bf_globals\b|\bgi_frame\b",
    ),
    _Family(
        "run_process",
        "unknown",
        "",
        "os. subprocess",
        r"\bos\.(?:system|popen)\s{0,3}\(|\bsubprocess\.\w{3,12}\s{0,3}\(",
    ),
    _Family("read", "authority", "", "/etc/", r"/etc/(?:g?shadow|sudoers)\b"),
    _Family("read", "secret", "", ".ssh .aws", r"\.ssh/id_\w{2,8}\b|\.aws/credentials\b"),
    _Family(
        "write",
        "startup",
        "",
        ">",
        r">>?\s{0,3}\S{0,80}(?:\.bashrc|\.profile|\.zshrc|authorized_keys|/etc/cron|/etc/profile|\.bash_profile)",
    ),
    _Family(
        "configure",
        "security",
        "disable",
        "setenforce ufw iptables set-mppreference",
        r"\bsetenforce\s+0|\bufw\s+disable|\biptables\s+(?:-F|--flush)|\bset-mppreference\b.{0,60}\bdisable",
    ),
    _Family(
        "change_mode", "file", "setuid", "chmod", r"\bchmod\s+(?:[ugoa]{0,4}\+[rwx]{0,3}s|[0-7]?[4567][0-7]{3})\s"
    ),
    _Family("hide", "history", "", "hist", r"\bhistory\s+-c\b|\bunset\s+HISTFILE|HISTFILE=/dev/null"),
    _Family("exhaust", "process", "", "()", r":\s{0,2}\(\)\s{0,2}\{\s{0,2}:\s{0,2}\|\s{0,2}:"),
)


def read_words(text: str) -> list[Fact]:
    """What the words of a text speak of doing."""
    facts = [UNREAD._replace(text=text[_LONGEST : _LONGEST + 200])] if len(text) > _LONGEST else []
    text = text[:_LONGEST]
    lower = text.lower()
    for family in _FAMILIES:
        for word in family.needed:
            if word in lower:
                break
        else:
            continue
        for number, found in enumerate(family.words.finditer(text)):
            if number == _MOST_OF_A_FAMILY:
                break
            facts.append(family.fact._replace(text=found[0][:200], line=text.count("\n", 0, found.start()) + 1))
    return facts
