"""Commands that change the system: services, what it starts, its kernel, disks, processes, traces, packages."""

from __future__ import annotations

import re

from .attack_tools import is_for_attacks
from .places import target_of_path
from .shell_call import Call
from .shell_protection import protects
from .shell_values import EMPTY, Value


_PERIODS = re.compile(r"on-(?:calendar|boot|startup|unit-active|active)|timer-property")


# Ways for somebody to reach a machine, or to be reached by it, unseen
_ANONYMOUS = re.compile(r"^(?:tor|i2pd?|ngrok|cloudflared|frpc|chisel)(?:@\w+)?(?:\.service)?$")


def service(call: Call) -> Value:
    """`systemctl`, `service` and their like."""
    options = call.options("t p o H M n s state type property job-mode")
    words = [value.text for value in options.operands]
    text = " ".join(words)
    verbs = {word.lower() for word in words} | {flag for flag in options.flags if flag in ("del", "off")}
    if (
        verbs & {"poweroff", "reboot", "halt", "kexec", "rescue", "emergency", "suspend", "hibernate"}
        and len(words) == 1
    ):
        if not verbs & {"suspend", "hibernate"}:
            call.fact("power", "unknown")
        return EMPTY
    stops = verbs & {"stop", "disable", "mask", "kill", "off", "del", "remove", "onestop", "delete", "forcestop"}
    if call.name == "sysrc":
        stops = {"stop"} if re.search(r"(?i)=\W?no", text) else set()
    if stops and protects(text):
        call.fact("configure", "security", "disable")
    elif stops and re.search(
        r"(?:^|\s)(?:cron|crond|atd|sshd?|dbus|NetworkManager|systemd-\w+)(?:\.service)?(?:\s|$)", text
    ):
        call.fact("kill", "service")
    elif stops:
        call.fact("configure", "service", "disable")
    elif verbs & {
        "start",
        "restart",
        "enable",
        "reload",
        "unmask",
        "edit",
        "daemon-reload",
        "link",
        "add",
        "defaults",
        "onestart",
    }:
        call.fact("configure", "service")
        if any(_ANONYMOUS.match(word) for word in words):
            call.fact("connect", "drop_host")
        for word in words:
            if "/" in word and target_of_path(word) == "temp":
                call.fact("configure", "startup", "persistent", detail=word)
    return EMPTY


def crontab(call: Call) -> Value:
    options = call.options("u c")
    if options.has("l", "e"):
        return Value("$(crontab -l)", False, frozenset(("from_system",)) if options.has("l") else frozenset())
    if options.has("r"):
        call.fact("delete", "startup")
    elif options.operands or call.stdin.text or call.stdin.traits:
        call.fact("configure", "startup", "persistent")
    return EMPTY


def at(call: Call) -> Value:
    options = call.options("q t f")
    if options.has("l", "r", "d", "c") or not (options.all("f") or call.stdin.text or options.operands):
        return EMPTY
    if call.stdin.text and not call.stdin.text.startswith("$("):
        call.fact("configure", "startup", "persistent")
        call.shell.script(call.stdin.text)
    elif options.all("f"):
        call.fact("configure", "startup", "persistent")
    return EMPTY


def systemd_run(call: Call) -> Value:
    if any(_PERIODS.search(text) for text in call.texts):
        call.fact("configure", "startup", "persistent")
    words = call.options("u p E M unit property on-calendar on-boot on-active slice uid gid", stop=True).operands
    return call.run(words) if words else EMPTY


# Kernel, disks, power


def load_module(call: Call) -> Value:
    words = " ".join(call.texts)
    if "configure-boot" in words:
        call.fact("configure", "kernel")
        return EMPTY
    if call.name in ("kmutil", "kextutil") and "load" not in words and call.name == "kmutil":
        return EMPTY
    if (
        call.name == "kldstat"
        or re.match(r"^(?:-l|--list|--show|-c|--showconfig|-n|--dry-run|-D|--version)", words)
        or not words
    ):
        return EMPTY
    call.fact("configure", "kernel")
    return EMPTY


def make_file_system(call: Call) -> Value:
    if call.options("t L U b N i T E O m s l c").operands and not re.search(r"\s-n\b", call.text):
        place = [call.place(value) for value in call.options("t L U b N i T E O m s l c").operands]
        call.fact("mount", "device" if "device" in place else "file", *(("overwrite",) if "file" not in place else ()))
    return EMPTY


def partition(call: Call) -> Value:
    words = " ".join(call.texts)
    if re.search(r"(?:^|\s)(?:-l|--list|print|-s\s+\S+\s+print|list|info|-p)(?:\s|$)", words):
        return EMPTY
    if call.name == "wipefs" and not re.search(r"-\w*a|--all|-o", words):
        return EMPTY
    if (
        call.name in ("fdisk", "cfdisk", "gdisk", "parted", "gparted", "cgdisk")
        and len(call.args) < 2
        and not call.stdin.text
    ):
        return EMPTY
    if call.name in ("parted", "hdparm") and not re.search(
        r"mk(?:label|table|part|fs)|\brm\b|resizepart|--security-erase|--trim", words
    ):
        return EMPTY
    if call.name == "diskutil" and not re.search(r"(?i)erase|partitionDisk|zero|random|secureErase|delete", words):
        return EMPTY
    call.fact("mount", "device", "overwrite")
    return EMPTY


def mount(call: Call) -> Value:
    options = call.options("t o L U types options")
    operands = [value.text for value in options.operands]
    if options.has("B", "bind", "rbind") or "bind" in "".join(value.text for value in options.all("o")):
        if any(path.startswith("/proc/") for path in operands):
            call.fact("hide", "process")
            return EMPTY
    if any(value.text.startswith("cgroup") for value in options.all("t", "types")):
        call.fact("mount", "container")
    elif operands and operands[0].startswith("/dev/dm-"):
        call.fact("escape", "container")
    elif operands:
        call.fact("mount", target_of_path(operands[0]))
    return EMPTY


def power(call: Call) -> Value:
    options = call.options("t")
    words = [value.text for value in options.operands]
    if (
        options.has("c", "w", "wtmp-only", "k")
        or call.name in ("init", "telinit")
        and not set(words) & {"0", "6", "1"}
    ):
        return EMPTY
    call.fact("power", "unknown")
    return EMPTY


_IS_BACKUP = re.compile(r"(?i)backup|bkp|\bbak\b|snap|archive|@")


def volumes(call: Call) -> Value:
    """What takes away volumes and file systems, of which those that others are restored from count for more."""
    words = " ".join(call.texts)
    if call.name in ("zfs", "zpool", "btrfs", "restic", "borg", "snapper") and not re.search(
        r"\b(?:destroy|delete|forget|prune)\b", words
    ):
        return EMPTY
    if re.search(r"(?:^|\s)(?:-n|--dry-run|--test|-t)(?:\s|$)", words):
        return EMPTY
    if _IS_BACKUP.search(words) and re.search(r"(?:^|\s)-\w*[rRfy]|--(?:force|yes|recursive)|all", words):
        call.fact("delete", "backup")
    else:
        call.fact("delete", "file")
    return EMPTY


def virtual_machines(call: Call) -> Value:
    """`esxcli`, `vim-cmd`, `virsh`: of a host, what stops machines and takes their snapshots away."""
    words = " ".join(call.texts)
    many = "$" in words or call.shell.loops > 0
    if "snapshot.removeall" in words:
        call.fact("delete", "backup", "all")
    elif re.search(r"vm process kill|vmsvc/power\.off|vmsvc/destroy", words):
        call.fact("kill", "process", *(("bulk",) if many else ()))
    elif re.search(r"system settings.*execInstalledOnly|firewall set.*false|syslog.*loglevel", words, re.IGNORECASE):
        call.fact("configure", "security", "disable")
    return EMPTY


# Processes


def kill(call: Call) -> Value:
    args = call.args
    words = call.texts
    harmless = {
        "-l",
        "-L",
        "-0",
        "--list",
        "-HUP",
        "-SIGHUP",
        "-1" if len(words) > 1 else "",
        "-CONT",
        "-USR1",
        "-USR2",
        "-WINCH",
    }
    if not args or words[0] in harmless:
        return EMPTY
    text = " ".join(words)
    if protects(text) or protects(call.text):
        call.fact("kill", "security")
        return EMPTY
    everything = (
        words[-1] == "-1"
        and len(words) > 1
        or call.name == "killall5"
        or call.name in ("pkill", "killall")
        and re.search(r"-u\s*(?:root|0)\b|^-9\s+-1|\s\.\*?$", text) is not None
    )
    if re.search(r"(?:^|[\s(^])(?:cron|crond|sshd|systemd\w*|init|dbus-daemon|login|NetworkManager)\$?\)?$", text):
        call.fact("kill", "service")
        return EMPTY
    target = "process" if not re.search(r"^\$\$|%\d", words[-1]) else "runtime"
    call.fact("kill", target, *(("all",) if everything else ()))
    return EMPTY


# Traces


def history(call: Call) -> Value:
    options = call.options("d a n r w")
    if options.has("r"):  # What is in a file is put among what was typed, and shown
        for operand in options.operands:
            call.fact("read", target_of_path(call.path(operand)), detail=operand.text)
    if options.has("c", "d") or any(value.text == "/dev/null" for value in options.all("w", "a")):
        call.fact("hide", "history")
        return EMPTY
    return Value("$(history)", False, frozenset(("from_system",)))


def unset(call: Call) -> Value:
    if any(text.startswith("HIST") for text in call.texts):
        call.fact("hide", "history")
    for text in call.texts:
        call.shell.variables.pop(text, None)
    return EMPTY


def set_options(call: Call) -> Value:
    if call.texts[:2] == ["+o", "history"]:
        call.fact("hide", "history")
    elif call.args and call.texts[0][:1] not in "-+":
        for place, value in enumerate(call.args[:9], 1):
            call.shell.variables[str(place)] = value
    return EMPTY


# Packages


_RUNS_PACKAGE = frozenset(("npx", "uvx", "pipx"))


_REMOVES = re.compile(r"^(?:-e\w*|--erase|-r|-P|--purge|--remove|-R\w*)$")


def packages(call: Call) -> Value:
    words = call.texts
    verbs = {word for word in words[:4] if word[:1] != "-"} | {"install"} & {word.lstrip("-") for word in words[:1]}
    installs = (
        verbs & {"install", "add", "i", "in", "-S", "-i", "-U", "get", "localinstall"}
        or call.name in ("dpkg", "rpm")
        and (words[:1] and re.match(r"^-(?:i|U|ivh|Uvh)", words[0]))
    )
    if not installs:
        if call.name in ("rpm", "dpkg", "pacman") and words and _REMOVES.match(words[0]):
            verbs |= {"remove"}
        if verbs & {"remove", "purge", "uninstall", "erase", "autoremove", "delete"}:
            security = protects(" ".join(words))
            call.fact("configure", "security" if security else "package", *(("disable",) if security else ()))
        return EMPTY
    remote = any(re.match(r"(?:https?|git\+|git|ftp)[:+]", word) for word in words)
    source = any(
        content is not None and "from_network" in content.traits
        for content in (call.shell.files.get(call.path(Value(word))) for word in words)
    )
    call.fact("install", "package", *(("from_network",) if remote or source else ()))
    return EMPTY


def repository(call: Call) -> Value:
    """`git`."""
    words = call.texts
    verb = next((word for word in words if word[:1] != "-" and "=" not in word), "")
    if verb == "clone" and any(is_for_attacks(word) for word in words):
        call.fact("download", "host", "offensive")
    if verb in ("clone", "fetch", "pull", "ls-remote", "submodule"):
        call.fact("download", "host")
    elif verb == "push":
        call.fact("upload", "host")
    config = re.search(
        r"(?:core\.(?:sshCommand|pager|editor|fsmonitor|hooksPath)|alias\.\w+)[=\s]+(.+)", " ".join(words)
    )
    if config and re.search(r"\b(?:ba)?sh\b|curl|wget|\bnc\b", config[1]):
        call.fact("run_process", "unknown", "interactive")
    return Value("$(git)", False)


# Screen and clipboard


def screen(call: Call) -> Value:
    words = call.texts
    if call.shell.in_loop or call.name in ("imagesnap", "fswebcam") or "-root" in words or "root" in words:
        call.fact("read", "keyboard")  # What somebody does, again and again or as a whole
    elif call.name == "screencapture" and any(re.fullmatch(r"-\w*x\w*", word) for word in words):
        call.fact("read", "keyboard")  # Without the sound that tells of it
    names = [value for value in call.options("t T l R D d w").operands]
    value = Value(f"$({call.name})", False, frozenset(("from_screen",)))
    for name in names[-1:]:
        call.shell.store(name.text, value)
    return value


def keyboard(call: Call) -> Value:
    if call.name == "xinput" and not {"test", "test-xi2"} & set(call.texts):
        return EMPTY
    call.fact("read", "keyboard")
    return EMPTY


def stress(call: Call) -> Value:
    call.fact("exhaust", "process")
    return EMPTY


def settings_of_network(call: Call) -> Value:
    words = " ".join(call.texts)
    if re.search(
        r"(?i)-set\w*proxy|proxyautodiscovery|-setdnsservers|\b(?:add|del|delete|set|down|-s|replace|change|flush)\b",
        words,
    ):
        call.fact("configure", "host")
    return Value(f"$({call.name})", False)


COMMANDS = {
    **dict.fromkeys(
        ("systemctl", "service", "rc-service", "initctl", "chkconfig", "update-rc.d", "sysrc", "rc-update"), service
    ),
    "crontab": crontab,
    **dict.fromkeys(("at", "batch"), at),
    "systemd-run": systemd_run,
    **dict.fromkeys(
        ("insmod", "modprobe", "kextload", "kextunload", "kmutil", "kldload", "kldunload", "rmmod"), load_module
    ),
    **dict.fromkeys(
        (
            *(
                f"mkfs.{kind}"
                for kind in ("ext2", "ext3", "ext4", "xfs", "btrfs", "vfat", "fat", "ntfs", "exfat", "f2fs")
            ),
            "mkfs",
        ),
        make_file_system,
    ),
    **dict.fromkeys(("mke2fs", "newfs", "mkswap"), make_file_system),
    **dict.fromkeys(
        ("wipefs", "fdisk", "sfdisk", "gdisk", "sgdisk", "cfdisk", "parted", "diskutil", "hdparm", "blkdiscard"),
        partition,
    ),
    "mount": mount,
    **dict.fromkeys(("shutdown", "reboot", "halt", "poweroff", "init", "telinit"), power),
    **dict.fromkeys(("kill", "pkill", "killall", "skill", "killall5", "xkill"), kill),
    **dict.fromkeys(("lvremove", "vgremove", "zfs", "zpool", "restic", "borg", "snapper"), volumes),
    **dict.fromkeys(("esxcli", "vim-cmd"), virtual_machines),
    "history": history,
    "unset": unset,
    "set": set_options,
    **dict.fromkeys(
        (
            "apt",
            "apt-get",
            "yum",
            "dnf",
            "zypper",
            "brew",
            "pip",
            "pip3",
            "npm",
            "yarn",
            "pnpm",
            "gem",
            "cargo",
            "snap",
        ),
        packages,
    ),
    **dict.fromkeys(("apk", "dpkg", "rpm", "pacman", "pkg", "port", "flatpak", "go", "conda", "uv", "pipx"), packages),
    "git": repository,
    **dict.fromkeys(
        ("screencapture", "scrot", "xwd", "gnome-screenshot", "spectacle", "grim", "maim", "xclip", "pbpaste"), screen
    ),
    **dict.fromkeys(("xsel", "wl-paste", "imagesnap", "arecord", "fswebcam", "import"), screen),
    **dict.fromkeys(("xinput", "logkeys", "xspy", "showkey"), keyboard),
    **dict.fromkeys(("ifconfig", "ip", "route", "networksetup", "nmcli", "arp", "scutil"), settings_of_network),
}
