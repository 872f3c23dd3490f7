"""Policies as people write them, with 20 to 100 rules, and what the next revision of one may look like.

Made up from a seed: tools with their arguments, folders, hosts, secrets and commands as they occur in real policies.
A revision has one to five edits, each of which people make: an entry more or less, another bound, another action,
another pattern; or it is another policy altogether.
"""

from __future__ import annotations

import copy
import random
from typing import Any

from ..strategies import Data


TOOLS = {
    "web_search": {"query": "text"},
    "visit_webpage": {"url": "url"},
    "http_request": {"url": "url", "method": "choice", "body": "text"},
    "read_file": {"path": "path"},
    "write_file": {"path": "path", "content": "text"},
    "delete_file": {"path": "path"},
    "list_files": {"path": "path"},
    "shell": {"command": "command"},
    "run_sql": {"query": "sql", "limit": "number"},
    "send_mail": {"to": "mail", "subject": "text", "body": "text"},
    "send_message": {"channel": "choice", "text": "text"},
    "create_ticket": {"project": "choice", "priority": "number"},
    "pay_invoice": {"amount": "number", "account": "account"},
    "refund": {"amount": "number", "order": "account"},
    "deploy": {"environment": "choice", "version": "text"},
    "calendar_add": {"guests": "mail", "title": "text"},
    "translate": {"text": "text", "language": "choice"},
    "read_calendar": {"day": "text"},
    "read_mail": {"folder": "choice"},
    "kubectl": {"arguments": "command"},
}
AGENTS = ("researcher", "writer", "reviewer")
NAMES = (*TOOLS, *AGENTS, "read_*", "send_*", "*_file", "list_*", "web_*")
CHOICES = ("GET", "POST", "PUT", "DELETE", "production", "staging", "test", "general", "alerts", "inbox", "en", "de")
DOMAINS = ("example.com", "example.org", "api.example.com", "internal.example.com", "partner.net", "files.partner.net")
HOSTS = (*DOMAINS, "*.example.com", "*.partner.net", "localhost", "*.internal", "10.0.0.0/8", "192.168.0.0/16")
HOSTS += ("127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "::1", "fc00::/7", "metadata.google.internal")
FOLDERS = (
    "./out",
    "./data",
    "./notes",
    "/tmp",
    "/srv/agent",
    "/srv/agent/cache",
    "/home/agent/work",
    "/var/log/agent",
)
COMMANDS = ("git ", "git status", "git push", "ls ", "cat ", "curl ", "pip install", "docker ", "make ", "npm ")
WORDS = ("secret", "password", "token", "internal only", "confidential", "salary", "ssn", "api_key", "draft", "urgent")
DANGEROUS = (
    *("destructive_data", "data_exfiltration", "privilege_escalation", "system_modification", "code_execution"),
)
MODULES = ("json", "math", "re", "datetime", "csv", "random", "statistics", "pathlib", "os", "requests", "socket")
PATTERNS: tuple[Any, ...] = (
    *(
        "rm -rf",
        "DROP TABLE",
        "-----BEGIN",
        "/etc/passwd",
        "/etc/shadow",
        ".ssh/",
        "169.254.169.254",
        "eval(",
        "exec(",
    ),
    *("chmod 777", "sudo ", "| sh", "| bash", "base64 -d", "nc -e", "/dev/tcp/", "shutdown", "mkfs", "dd if="),
    {"regex": r"(?i)drop\s+(table|database)"},
    {"regex": r"(?i)\bdelete\s+from\b"},
    {"regex": r"\b(AKIA|ASIA)[0-9A-Z]{16}\b"},
    {"regex": r"\bgh[pousr]_[0-9A-Za-z]{36}"},
    {"regex": r"\b(sk|hf)[-_][0-9A-Za-z_-]{20,}"},
    {"regex": r"\b\d{3}-\d{2}-\d{4}\b"},
    {"regex": r"\b(?:\d[ -]?){13,16}\b"},
    {"regex": r"(?i)ignore (all )?previous instructions"},
    {"regex": r"rm\s+-[a-z]*r[a-z]*f"},
    {"regex": r"curl\s+[^|]*\|\s*(ba)?sh"},
    {"regex": r"^sudo\b"},
    {"regex": r"(?i)password\s*[:=]"},
    {"glob": "*.pem"},
    {"glob": "id_rsa*"},
    {"glob": "*.key"},
    {"glob": ".env"},
    {"glob": "*.sqlite"},
)


class Author:
    """Writes policies. The same seed gives the same ones."""

    def __init__(self, seed: int):
        self._random = random.Random(seed)

    def policy(self, rules: int | None = None) -> Data:
        """A policy with 20 to 100 rules, or as many as are asked for."""
        pick = self._random
        count = pick.randint(20, 100) if rules is None else rules
        names = pick.sample(NAMES, pick.randint(6, 14))
        data: Data = {
            "version": 1,
            "name": "office",
            "default": pick.choice(["deny", "deny", "allow"]),
            "tools": {"allow": names, "deny": pick.sample(list(TOOLS), pick.randint(0, 3))},
            "patterns": pick.sample(PATTERNS, pick.randint(3, 25)),
            "rules": [self._rule(number) for number in range(count)],
            "limits": self._limits(),
        }
        if pick.random() < 0.7:
            data["operations"] = self._operations()
        if pick.random() < 0.3:
            data["approvals"] = {"wait_seconds": pick.choice([60, 300, 600])}
        if pick.random() < 0.2:
            data["opaque"] = "deny"
        if pick.random() < 0.4:
            data["intents"] = self._intents()
        if pick.random() < 0.3:
            data["audit"] = {"path": "audit.jsonl", "on_audit_error": pick.choice(["deny", "deny", "allow"])}
        if pick.random() < 0.2:
            data["checkpoints"] = {"path": "checkpoints", "on_error": pick.choice(["continue", "stop"])}
        return data

    def pair(self, rules: int | None = None) -> tuple[Data, Data]:
        """A policy and its next revision, or, once in a while, another policy."""
        old = self.policy(rules)
        if self._random.random() < 0.15:
            return old, self.policy(rules)
        new = copy.deepcopy(old)
        for _ in range(self._random.randint(1, 5)):
            self._edit(new)
        return old, new

    def _rule(self, number: int) -> Data:
        pick = self._random
        tool = pick.choice(list(TOOLS))
        arguments = TOOLS[tool]
        when: Data = {"name": tool if pick.random() < 0.85 else pick.choice(["send_*", "read_*", "*_file", "http_*"])}
        chosen = pick.sample(list(arguments), 1 if pick.random() < 0.85 else min(2, len(arguments)))
        when["arguments"] = {name: self._condition(arguments[name]) for name in chosen}
        if pick.random() < 0.1:
            del when["arguments"]
        if pick.random() < 0.1:
            when["kind"] = "tool"
        if pick.random() < 0.05:
            when["agent"] = pick.choice(AGENTS)
        return {
            "id": f"rule-{number}",
            "when": when,
            "action": pick.choice(["ask", "ask", "deny", "deny", "deny", "allow", "warn", "stop"]),
        }

    def _condition(self, kind: str) -> Data:
        pick = self._random
        condition: Data
        if kind == "url":
            condition = pick.choice(
                [
                    {"host_in": pick.sample(HOSTS, pick.randint(1, 6))},
                    {"not": {"host_in": pick.sample(HOSTS, pick.randint(1, 6))}},
                    {"not": {"regex": "(?i)^https?://"}},
                    {"prefix": f"https://{pick.choice(DOMAINS)}/"},
                    {"not": {"max_length": pick.choice([200, 500, 1000])}},
                ]
            )
        elif kind == "path":
            condition = pick.choice(
                [
                    {"path_within": pick.sample(FOLDERS, pick.randint(1, 3))},
                    {"not": {"path_within": pick.sample(FOLDERS, pick.randint(1, 3))}},
                    {"suffix": pick.choice([".pem", ".key", ".env", ".py"])},
                    {"regex": r"\.\./"},
                    {"glob": pick.choice(["*.pem", "/etc/*", "*.key"])},
                ]
            )
        elif kind == "number":
            bound = pick.choice([10, 50, 100, 500, 1000, 5000])
            condition = {"range": pick.choice([{"min": bound}, {"max": bound}, {"min": 1, "max": bound}])}
            if pick.random() < 0.3:
                condition = {"not": condition}
        elif kind == "mail":
            ends = [{"suffix": f"@{domain}"} for domain in pick.sample(DOMAINS, pick.randint(1, 3))]
            condition = ends[0] if len(ends) == 1 else {"any": ends}
            if pick.random() < 0.7:
                condition = {"not": condition}
        elif kind == "command":
            condition = pick.choice(
                [
                    {"prefix": pick.choice(COMMANDS)},
                    {"not": {"any": [{"prefix": command} for command in pick.sample(COMMANDS, 3)]}},
                    {"regex": pick.choice([r"\bsudo\b", r"\brm\b.*-r", r"[;&|]", r"^(git|ls|cat)\b", r">\s*/"])},
                    {"contains": pick.choice(["--force", "push", "| sh", "delete", "/etc"])},
                ]
            )
        elif kind == "sql":
            condition = pick.choice(
                [
                    {"regex": r"(?i)\b(insert|update|delete|drop|alter)\b"},
                    {"not": {"regex": r"(?i)^\s*select\b"}},
                    {"regex": r"(?i)\b(users|salaries)\b"},
                    {"not": {"max_length": 2000}},
                ]
            )
        elif kind == "choice":
            chosen = pick.sample(CHOICES, pick.randint(1, 4))
            condition = {"one_of": chosen} if len(chosen) > 1 else {"equals": chosen[0]}
            if pick.random() < 0.4:
                condition = {"not": condition}
        elif kind == "account":
            condition = pick.choice(
                [{"regex": r"^[A-Z]{2}\d{6}$"}, {"not": {"regex": r"^[A-Z]{2}\d{4,8}$"}}, {"prefix": "TEST"}]
            )
        else:
            condition = pick.choice(
                [
                    {"contains": pick.choice(WORDS)},
                    {"regex": rf"(?i)\b{pick.choice(WORDS)}\b"},
                    {"not": {"max_length": pick.choice([300, 1000, 2000])}},
                    {"any": [{"contains": word} for word in pick.sample(WORDS, 3)]},
                ]
            )
        return condition

    def _operations(self) -> Data:
        pick = self._random
        data: Data = {"default": pick.choice(["deny", "deny", "allow"])}
        for name in ("file.read", "file.write", "dir.list"):
            if pick.random() < 0.7:
                data[name] = {"path_within": pick.sample(FOLDERS, pick.randint(1, 3))}
        if pick.random() < 0.6:
            data["module.import"] = {"one_of": pick.sample(MODULES, pick.randint(2, 8))}
        if pick.random() < 0.5:
            data["net.connect"] = {"host_in": pick.sample(DOMAINS, pick.randint(1, 3))}
        if pick.random() < 0.4:
            data["process.run"] = pick.choice(["deny", "ask", {"prefix": "git "}, {"regex": r"^(git|ls) "}])
        return data

    def _intents(self) -> Data:
        pick = self._random
        data: Data = {"deny": pick.sample(DANGEROUS, pick.randint(1, 5))}
        if pick.random() < 0.4:
            data["ask"] = pick.sample((*DANGEROUS, "network_access", "data_write"), 2)
        if pick.random() < 0.5:
            data["min_confidence"] = pick.choice([0.6, 0.7, 0.8, 0.9])
        if pick.random() < 0.2:
            data["thresholds"] = {pick.choice(DANGEROUS): pick.choice([0.6, 0.9])}
        return data

    def _limits(self) -> Data:
        pick = self._random
        limits: Data = {"tool_calls": pick.choice([50, 100, 200])}
        if pick.random() < 0.7:
            limits["per_tool"] = {
                name: pick.choice([5, 10, 20, 60]) for name in pick.sample(NAMES, pick.randint(1, 4))
            }
        if pick.random() < 0.5:
            limits["rates"] = {
                name: pick.choice(["10/minute", "30/minute", "100/hour"]) for name in pick.sample(list(TOOLS), 2)
            }
        if pick.random() < 0.5:
            limits["tokens"] = pick.choice([100_000, 200_000, 1_000_000])
        if pick.random() < 0.5:
            limits["run_seconds"] = pick.choice([600, 1800, 3600])
        if pick.random() < 0.5:
            limits["call_seconds"] = pick.choice([30, 60, 120])
        if pick.random() < 0.5:
            limits["identical_denials"] = pick.choice([3, 5])
        return limits

    def _edit(self, data: Data) -> None:
        pick = self._random
        rules = data["rules"]
        what = pick.randrange(12)
        if what == 0:
            rules.insert(pick.randint(0, len(rules)), self._rule(len(rules) + pick.randint(1000, 10**9)))
        elif what == 1:
            rules.pop(pick.randrange(len(rules)))
        elif what == 2:
            pick.choice(rules)["action"] = pick.choice(["ask", "deny", "stop", "allow", "warn"])
        elif what in (3, 4):
            self._edit_rule(pick.choice(rules))
        elif what == 5:
            data["patterns"].append(pick.choice(PATTERNS))
        elif what == 6:
            data["patterns"].pop(pick.randrange(len(data["patterns"])))
        elif what == 7:
            data["limits"].update(self._limits())
        elif what == 8:
            key = pick.choice(["allow", "deny"])
            names = data["tools"][key]
            data["tools"][key] = names[1:] if names and pick.random() < 0.5 else [*names, pick.choice(NAMES)]
        elif what == 9 and "intents" in data:
            data["intents"].update(self._intents())
        elif what == 10:
            self._switch(data, pick.choice(["audit", "checkpoints"]))
        elif "operations" in data:
            data["operations"].update(self._operations())

    def _switch(self, data: Data, section: str) -> None:
        if section in data:
            del data[section]
        else:
            data[section] = {"path": section}

    def _edit_rule(self, rule: Data) -> None:
        tool = rule["when"].get("name")
        if tool not in TOOLS or "arguments" not in rule["when"]:
            return
        name = self._random.choice(sorted(rule["when"]["arguments"]))
        rule["when"]["arguments"][name] = self._condition(TOOLS[tool].get(name, "text"))
