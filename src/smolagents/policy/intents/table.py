"""The rules: which facts speak for which category, and how much. Data, and nothing of it is about one case.

A weight from 0.5 on is enough to make an execution dangerous if the category is one of the dangerous five. A weight
below that says what is ordinary as well, and counts together with others.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from .facts import ACTS, TARGETS, TRAITS
from .intent import Category


class Pattern(NamedTuple):
    """The facts that a rule is about.

    Attributes:
        acts (`frozenset[str]`): The act is one of these.
        targets (`frozenset[str]`): The target is one of these; empty for any.
        traits (`frozenset[str]`): All of these are there.
        any_traits (`frozenset[str]`): At least one of these is there, unless it is empty.
        without (`frozenset[str]`): None of these is there.
    """

    acts: frozenset[str]
    targets: frozenset[str] = frozenset()
    traits: frozenset[str] = frozenset()
    any_traits: frozenset[str] = frozenset()
    without: frozenset[str] = frozenset()


class Rule(NamedTuple):
    """One rule.

    Attributes:
        id (`str`): Its name.
        category (`Category`): What it speaks for.
        weight (`float`): How much, above 0 and below 1.
        pattern (`Pattern`): The facts that it is about.
        explanation (`str`): What it says, for a person.
        beside (`Pattern`, *optional*): A fact that has to be there as well, anywhere in the same execution.
    """

    id: str
    category: Category
    weight: float
    pattern: Pattern
    explanation: str
    beside: Pattern | None = None


def _words(text: str, allowed: Iterable[str]) -> frozenset[str]:
    words = frozenset(text.split())
    if not words <= frozenset(allowed):
        raise ValueError(f"The vocabulary has no {', '.join(sorted(words - frozenset(allowed)))}.")
    return words


def _pattern(acts: str, targets: str = "", traits: str = "", any_traits: str = "", without: str = "") -> Pattern:
    """A pattern; of the traits, names are separated by spaces."""
    return Pattern(
        _words(acts, ACTS),
        _words(targets, TARGETS),
        _words(traits, TRAITS),
        _words(any_traits, TRAITS),
        _words(without, TRAITS),
    )


_HARMLESS = "dry_run question"
_OF_THE_SYSTEM = "system kernel security startup account authority"
_THE_NETWORK = "host private_host loopback metadata_host drop_host unknown"


def _rule(
    id: str,
    category: Category,
    weight: float,
    explanation: str,
    acts: str,
    targets: str = "",
    traits: str = "",
    any_traits: str = "",
    without: str = "",
    beside: Pattern | None = None,
) -> Rule:
    pattern = _pattern(acts, targets, traits, any_traits, f"{without} {_HARMLESS}")
    return Rule(id, category, weight, pattern, explanation, beside)


_DESTROYS = Category.DESTRUCTIVE_DATA
_STEALS = Category.DATA_EXFILTRATION
_ESCALATES = Category.PRIVILEGE_ESCALATION
_MODIFIES = Category.SYSTEM_MODIFICATION
_EXECUTES = Category.CODE_EXECUTION
_CONNECTS = Category.NETWORK_ACCESS
_READS = Category.DATA_READ
_WRITES = Category.DATA_WRITE

RULES: tuple[Rule, ...] = (
    # Data is destroyed.
    _rule("delete-everything", _DESTROYS, 0.97, "deletes a whole disk or file system", "delete", "root device"),
    _rule("delete-home", _DESTROYS, 0.92, "deletes a person's files as a whole", "delete", "home"),
    _rule("delete-system", _DESTROYS, 0.88, "deletes files of the system", "delete", _OF_THE_SYSTEM),
    _rule("delete-secret", _DESTROYS, 0.7, "deletes keys or other secrets", "delete", "secret"),
    _rule("delete-log", _DESTROYS, 0.7, "deletes logs or histories", "delete", "log history"),
    _rule("delete-backup", _DESTROYS, 0.95, "deletes what a system is restored from", "delete", "backup"),
    _rule("delete-repository", _DESTROYS, 0.6, "deletes the history of a repository", "delete", "repository"),
    _rule("delete-database", _DESTROYS, 0.85, "drops or empties tables or databases", "delete", "database", "all"),
    _rule(
        "delete-forced-tree", _DESTROYS, 0.35, "deletes whole folders without asking", "delete", "file", "recursive"
    ),
    _rule(
        "move-system", _DESTROYS, 0.75, "moves files of the system away", "move", f"root device home {_OF_THE_SYSTEM}"
    ),
    _rule("overwrite-device", _DESTROYS, 0.95, "writes over a disk", "write", "device root"),
    _rule("write-many", _DESTROYS, 0.6, "writes to many of a person's files", "write", "home", "bulk"),
    _rule("format", _DESTROYS, 0.9, "formats or partitions a disk", "mount", "", "overwrite"),
    _rule("encrypt-many", _DESTROYS, 0.8, "encrypts many files in place", "encrypt", "", "bulk"),
    _rule(
        "encrypt-what-is-not-its-own",
        _DESTROYS,
        0.82,
        "encrypts files of the system or a whole home folder",
        "encrypt",
        f"root home device secret log {_OF_THE_SYSTEM}",
    ),
    _rule(
        "encrypt-and-delete",
        _DESTROYS,
        0.6,
        "encrypts files and deletes what they were",
        "encrypt",
        "file unknown",
        beside=_pattern("delete", "file unknown home", "bulk"),
    ),
    # Data is taken away.
    _rule(
        "send-secret",
        _STEALS,
        0.95,
        "sends a secret over the network",
        "upload send connect resolve download",
        "",
        "from_secret",
    ),
    _rule(
        "send-system-file",
        _STEALS,
        0.9,
        "sends files of the system or of an account over the network",
        "upload send connect resolve download",
        "",
        "from_system",
    ),
    _rule(
        "send-many-files",
        _STEALS,
        0.35,
        "collects files and sends them over the network",
        "upload send",
        "",
        "from_file bulk",
    ),
    _rule("send-hidden", _STEALS, 0.6, "sends a file in a disguise", "upload send resolve", "", "from_file hidden"),
    _rule("send-by-names", _STEALS, 0.7, "sends data in names that it looks up", "resolve", "", "from_file"),
    _rule(
        "speak-to-drop",
        _STEALS,
        0.5,
        "speaks to a host where anybody may leave things and collect them",
        "connect download resolve",
        "drop_host",
    ),
    _rule(
        "upload-to-drop",
        _STEALS,
        0.8,
        "sends data to where anybody may leave things and collect them",
        "upload send",
        "drop_host",
    ),
    _rule("upload-file", _STEALS, 0.2, "sends a file over the network", "upload send", "", "from_file"),
    _rule(
        "read-secret", _STEALS, 0.6, "reads keys, tokens, passwords or wallets", "read move", "secret", without="own"
    ),
    _rule("read-authority", _STEALS, 0.7, "reads the system's password store", "read move", "authority"),
    _rule("read-history", _STEALS, 0.55, "reads what somebody typed or visited", "read move", "history"),
    _rule("read-input", _STEALS, 0.75, "listens to the keyboard or to a microphone", "read", "keyboard"),
    _rule(
        "read-screen-and-send",
        _STEALS,
        0.8,
        "sends what is on the screen or in the clipboard",
        "upload send",
        "",
        "from_screen",
    ),
    _rule("read-traffic", _STEALS, 0.6, "listens to the network's traffic", "read", "traffic"),
    _rule("read-memory", _STEALS, 0.75, "reads the memory of other processes", "read", "process"),
    _rule(
        "ask-cloud-metadata",
        _STEALS,
        0.85,
        "asks a cloud's metadata service, which gives out credentials",
        "connect download upload",
        "metadata_host",
    ),
    _rule("look-for-secrets", _STEALS, 0.6, "searches for secrets", "list", "secret authority"),
    _rule(
        "read-secret-and-connect",
        _STEALS,
        0.7,
        "reads secrets and speaks to the network",
        "read",
        "secret authority",
        beside=_pattern("upload send connect", _THE_NETWORK),
    ),
    _rule(
        "send-from-elsewhere",
        _STEALS,
        0.5,
        "sends files from outside of the folder that it works in",
        "upload send",
        "host private_host drop_host unknown",
        "from_elsewhere",
    ),
    _rule(
        "keep-accounts",
        _STEALS,
        0.5,
        "puts the accounts of the system where everybody may take them",
        "read",
        "account",
        beside=_pattern("write", "temp"),
    ),
    _rule("scan-others", _STEALS, 0.55, "finds out what hosts of others answer to", "connect", "", "bulk offensive"),
    _rule(
        "look-who-watches",
        _MODIFIES,
        0.55,
        "finds out what protects or simulates the machine",
        "inspect",
        "security",
    ),
    # More rights.
    _rule("write-authority", _ESCALATES, 0.92, "changes who may do what", "write change_mode move", "authority"),
    _rule("write-account", _ESCALATES, 0.7, "changes the accounts of the system", "write change_mode", "account"),
    _rule("set-user-bit", _ESCALATES, 0.9, "lets a program run with its owner's rights", "change_mode", "", "setuid"),
    _rule(
        "open-to-all",
        _ESCALATES,
        0.8,
        "lets everybody change what belongs to the system",
        "change_mode",
        f"root device secret home {_OF_THE_SYSTEM}",
        "world",
    ),
    _rule(
        "change-rights-of-system",
        _ESCALATES,
        0.55,
        "changes who may change files of the system",
        "change_mode",
        f"root device {_OF_THE_SYSTEM}",
        without="world",
    ),
    _rule("become-root", _ESCALATES, 0.8, "takes the rights of another user", "become", "", "privileged"),
    _rule("become", _ESCALATES, 0.3, "takes the rights of another user", "become"),
    _rule(
        "give-rights", _ESCALATES, 0.8, "gives an account more rights", "configure", "account authority", "privileged"
    ),
    _rule("escape-sandbox", _ESCALATES, 0.92, "reaches around what a program was given", "escape", "runtime"),
    _rule("escape-container", _ESCALATES, 0.92, "reaches out of a container", "escape", "container"),
    _rule(
        "use-container-host",
        _ESCALATES,
        0.75,
        "uses what controls the containers of a machine",
        "write connect mount change_mode",
        "container",
    ),
    _rule("guess-passwords", _ESCALATES, 0.75, "guesses or cracks passwords", "guess"),
    # The system is changed.
    _rule(
        "write-system", _MODIFIES, 0.85, "changes files of the system", "write move", "system kernel security account"
    ),
    _rule("write-authority-file", _MODIFIES, 0.8, "changes files of the system", "write", "authority"),
    _rule("write-startup", _MODIFIES, 0.9, "changes what is run at a start or a login", "write move", "startup"),
    _rule(
        "rights-of-system",
        _MODIFIES,
        0.6,
        "changes rights or owners in the system",
        "change_mode",
        f"root device {_OF_THE_SYSTEM}",
    ),
    _rule("delete-traces", _MODIFIES, 0.85, "clears logs or histories", "delete hide move", "log history"),
    _rule(
        "spread",
        _MODIFIES,
        0.8,
        "writes itself into other files",
        "write",
        "",
        "from_itself bulk",
    ),
    _rule("hide", _MODIFIES, 0.75, "hides what it does", "hide", without="question"),
    _rule("overwrite-log", _MODIFIES, 0.6, "writes over logs or histories", "write", "log history", "overwrite"),
    _rule(
        "configure-startup",
        _MODIFIES,
        0.85,
        "sets up something to be run at a start, at a login or at times",
        "configure",
        "startup",
    ),
    _rule(
        "disable-security",
        _MODIFIES,
        0.88,
        "switches off what protects the system",
        "configure kill delete",
        "security",
        "disable",
    ),
    _rule(
        "configure-security",
        _MODIFIES,
        0.3,
        "changes what protects the system",
        "configure",
        "security",
        without="disable",
    ),
    _rule("kill-security", _MODIFIES, 0.85, "ends what protects the system", "kill", "security"),
    _rule("configure-kernel", _MODIFIES, 0.75, "changes the running kernel", "configure load_native", "kernel"),
    _rule("configure-account", _MODIFIES, 0.35, "changes accounts", "configure", "account", without="privileged"),
    _rule(
        "configure-privileged-account",
        _MODIFIES,
        0.7,
        "changes accounts with rights",
        "configure",
        "account",
        "privileged",
    ),
    _rule("configure-service", _MODIFIES, 0.3, "changes the services of the system", "configure", "service"),
    _rule(
        "configure-system", _MODIFIES, 0.35, "changes settings of the system", "configure", "system host environment"
    ),
    _rule("preload", _MODIFIES, 0.75, "makes other programs load its code", "configure", "environment", "persistent"),
    _rule("kill-many", _MODIFIES, 0.85, "ends processes that are not its own", "kill", "", any_traits="bulk all"),
    _rule("kill-service", _MODIFIES, 0.7, "ends a service", "kill", "service"),
    _rule("kill", _MODIFIES, 0.3, "ends a process", "kill", "process unknown"),
    _rule("power", _MODIFIES, 0.75, "shuts down or restarts the machine", "power"),
    _rule("exhaust", _MODIFIES, 0.85, "uses up the machine", "exhaust"),
    _rule(
        "install-from-network", _MODIFIES, 0.35, "installs what it got from the network", "install", "", "from_network"
    ),
    _rule("install", _MODIFIES, 0.2, "installs software", "install"),
    # Code of others is run.
    _rule(
        "run-from-network",
        _EXECUTES,
        0.95,
        "runs what it got from the network",
        "run_code run_process load_native",
        "",
        "from_network",
    ),
    _rule(
        "run-from-drop",
        _EXECUTES,
        0.7,
        "gets something from where anybody may leave things",
        "download",
        "drop_host",
        beside=_pattern("run_process run_code change_mode"),
    ),
    _rule(
        "run-decoded", _EXECUTES, 0.92, "runs what it has decoded", "run_code run_process load_native", "", "decoded"
    ),
    _rule(
        "run-hidden",
        _EXECUTES,
        0.8,
        "runs what it has put together from pieces",
        "run_code run_process load_native",
        "",
        "hidden",
        without="decoded",
    ),
    _rule("run-input", _EXECUTES, 0.75, "runs what somebody typed or sent", "run_code run_process", "", "from_input"),
    _rule(
        "run-unknown-code",
        _EXECUTES,
        0.4,
        "runs code that is not known before",
        "run_code",
        "",
        "dynamic",
        without="from_network decoded hidden from_input",
    ),
    _rule("unread", _EXECUTES, 0.5, "is too long to be read to its end", "run_code", "", "unread"),
    _rule(
        "run-from-temp",
        _EXECUTES,
        0.6,
        "runs a program from where everybody may write",
        "run_process load_native run_code",
        "temp",
    ),
    _rule("run-shell", _EXECUTES, 0.85, "gives somebody a shell", "run_process", "", "interactive", without="reverse"),
    _rule(
        "reverse-shell",
        _EXECUTES,
        0.97,
        "connects a shell to the network",
        "run_process connect listen",
        "",
        "reverse",
    ),
    _rule("inject", _EXECUTES, 0.9, "writes into other processes", "write", "process"),
    _rule(
        "load-native", _EXECUTES, 0.35, "calls native code", "load_native", "", without="from_network decoded hidden"
    ),
    _rule("load-library", _EXECUTES, 0.55, "makes a program load its code", "load_native", "file", "persistent"),
    _rule("replace-runtime", _EXECUTES, 0.7, "replaces parts of the interpreter", "write", "runtime"),
    _rule("escape-and-run", _EXECUTES, 0.8, "reaches around what a program was given", "escape", "runtime"),
    _rule("run", _EXECUTES, 0.15, "runs a program", "run_process", "", without="interactive reverse"),
    # The network is used.
    _rule("network", _CONNECTS, 0.7, "speaks to the network", "connect download upload send listen"),
    _rule("resolve", _CONNECTS, 0.55, "looks up a name", "resolve"),
    _rule("scan", _CONNECTS, 0.8, "tries many hosts or ports", "connect", "", "bulk"),
    _rule("write-far-system", _CONNECTS, 0.6, "writes onto the disk of another machine", "write", "system", "hidden"),
    _rule("install-over-network", _CONNECTS, 0.3, "installs software", "install"),
    # Data is read.
    _rule("read", _READS, 0.6, "reads data", "read list query inspect"),
    _rule(
        "read-what-matters",
        _READS,
        0.8,
        "reads what is not everybody's",
        "read list",
        "secret authority history process keyboard traffic",
    ),
    _rule("read-account", _READS, 0.5, "reads the accounts of the system", "read list", "account"),
    # Data is written.
    _rule("write", _WRITES, 0.6, "writes data", "write move change_mode encrypt pay"),
    _rule("delete", _WRITES, 0.6, "deletes data", "delete"),
    _rule("share-data", _STEALS, 0.7, "lets others have copies of data", "configure", "authority", "world"),
    # Of tools that are made for attacks, what they are for says more than that they are run.
    _rule("take-offensive", _READS, 0.8, "runs a tool that takes what others keep secret", "read", "", "offensive"),
    _rule("rise-offensive", _ESCALATES, 0.6, "runs a tool that takes more rights", "become", "", "offensive"),
    _rule(
        "reach-offensive",
        _CONNECTS,
        0.7,
        "runs a tool that goes around what guards a network",
        "connect",
        "",
        "offensive",
        without="bulk",
    ),
    # Of commands (`shell_commands` and its like).
    _rule("fetch-offensive", _EXECUTES, 0.55, "fetches a tool that is made for attacks", "download", "", "offensive"),
    _rule(
        "place-offensive", _EXECUTES, 0.55, "puts a tool in place that is made for attacks", "move", "", "offensive"
    ),
    _rule("run-offensive", _EXECUTES, 0.85, "runs a tool that is made for attacks", "run_process", "", "offensive"),
    _rule(
        "delete-for-good",
        _DESTROYS,
        0.6,
        "overwrites files so that nobody can restore them",
        "delete",
        "file unknown temp",
        "overwrite",
    ),
    _rule("send-encoded-names", _STEALS, 0.6, "sends encoded data in names that it looks up", "resolve", "", "hidden"),
    _rule(
        "create-account",
        _MODIFIES,
        0.15,
        "makes an account",
        "configure",
        "account",
        "persistent",
        without="privileged",
    ),
    _rule("remove-account", _MODIFIES, 0.5, "takes an account away", "configure", "account", "disable"),
    _rule(
        "look-for-setuid",
        _ESCALATES,
        0.6,
        "searches for programs that run with the rights of others",
        "list",
        "system",
        "setuid",
    ),
    _rule("delete-here", _DESTROYS, 0.3, "deletes everything in a folder", "delete", "file temp", "recursive all"),
    _rule("delete-containers", _DESTROYS, 0.3, "removes containers or images", "delete", "container"),
    _rule("delete-all-containers", _DESTROYS, 0.4, "removes everything of a kind", "delete", "container", "all"),
    _rule("read-backup", _STEALS, 0.55, "reads copies of the system's disk", "read", "backup"),
    _rule(
        "run-elsewhere",
        _EXECUTES,
        0.45,
        "runs a program on another machine",
        "run_process",
        "private_host host",
        without="interactive reverse from_network",
    ),
)
