"""Commands that read, write, copy, move and delete files."""

from __future__ import annotations

import re

from .attack_tools import offensive
from .foreign_code import read_foreign
from .places import is_hidden, target_of_data, target_of_deleted, target_of_path, target_of_written
from .shell_call import Call, Options
from .shell_escapes import SHELLS, is_shell
from .shell_protection import protects
from .shell_values import EMPTY, ORIGINS, Value, join
from .sql_reader import read_sql


_WILD = ("*", "?", "[")
_SECRET_NAMES = re.compile(r"passw|pwd|secret|api.?key|token|credential|private.?key|BEGIN.*PRIVATE|aws_|AKIA", re.I)


def read_files(call: Call, operands: list[Value]) -> Value:
    """Reads files, and gives what is in them: what comes in if there are none."""
    if not operands:
        return call.stdin
    contents = []
    for operand in operands:
        if operand.text == "-":
            contents.append(call.stdin)
            continue
        # A file that was made by the script itself is known better than by its place
        content = call.shell.content(operand.text)
        call.fact("read", target_of_path(call.path(operand)), detail=call.path(operand), origin=operand)
        contents.append(content._replace(traits=content.traits | operand.traits & ORIGINS))
    return join(contents)


def cat(call: Call) -> Value:
    return read_files(call, call.options("n c b s w A B C m f t k d F o j N S T l i x y").operands)


_WATCHERS = re.compile(
    r"(?i)virtual\s?box|vmware|parallels|qemu|hyper-?v|falcon|crowdstrike|cbdaemon|carbon\s?black|defender|mdatp|osquery"
    r"|little\s?snitch|sentinel(?:one|d)?|sophos|symantec|mcafee|eset|kaspersky|ossec|wazuh|clamav|cylance|tanium|auditbeat"
)


def _looks_who_watches(pattern: str) -> bool:
    """Whether several that protect or simulate machines are looked for at once."""
    return len({name.lower() for name in _WATCHERS.findall(pattern[:2000])}) > 1


def _filter(call: Call) -> Value:
    """A filter whose first operand is no file."""
    options = call.options("e f A B C m d D regexp file v F include exclude exclude-dir max-count context")
    patterns = options.all("e", "regexp")
    operands = options.operands
    if not options.has("e", "f", "regexp", "file") and operands:
        patterns, operands = operands[:1], operands[1:]
    if call.name in ("awk", "gawk", "mawk", "nawk") and patterns:
        read_foreign(call, patterns[0].text)
    if any(_looks_who_watches(value.text) for value in patterns):
        call.fact("inspect", "security")
    if options.has("r", "R", "recursive") and call.name in ("grep", "egrep", "fgrep", "rg", "ag", "ack"):
        where = [call.place(value) for value in operands]
        if any(_SECRET_NAMES.search(value.text) for value in patterns) and set(where) & {"root", "home", "system"}:
            call.fact("list", "secret")
        for target in where:
            call.fact("read", "file" if target in ("root", "home") else target)
        return call.through(Value(traits=frozenset(("from_file",))))
    if operands:
        content = read_files(call, operands)
        return content._replace(text=f"$({call.name})", known=False)
    return call.through()


_SED_RUNS = re.compile(r"(?:^|[;\n{])\s*(?:\d+|\$|/[^/]*/)?\s*e(?:\s+(\S[^\n;]*))?$")


def sed(call: Call) -> Value:
    options = call.options("e f l expression file")
    for script in [*options.all("e", "expression"), *options.operands[:1]]:
        if command := _SED_RUNS.search(script.text):
            call.fact("run_process", "unknown", "from_input")
            call.shell.script(command[1] or "")
    operands = options.operands if options.has("e", "f", "expression", "file") else options.operands[1:]
    if any(flag[:1] == "i" or flag == "in-place" for flag in options.flags) or options.has("in-place"):
        for operand in operands:
            if operand.text:
                place = target_of_written(call.path(operand))
                call.fact("write", place, "in_place", detail=call.path(operand))
                if place in ("log", "history"):
                    call.fact("hide", place, detail=call.path(operand))  # What was noted there is noted no more
        return EMPTY
    return read_files(call, operands)._replace(text="$(sed)", known=False) if operands else call.through()


def rm(call: Call) -> Value:
    options = call.options()
    delete(call, options.operands, options)
    return EMPTY


def delete(call: Call, operands: list[Value], options: Options, *more: str) -> None:
    """Notes that files are deleted."""
    traits = set(more)
    if options.has("r", "R", "recursive", "recurse", "s"):
        traits.add("recursive")
    if options.has("f", "force", "q"):
        traits.add("forced")
    for operand in operands:
        wild = {"all"} if operand.text.strip("./") in ("*", "") else set()
        if call.path(operand).startswith("/tmp/tmp."):  # of mktemp
            continue
        if protects(operand.text) and call.place(operand) in ("startup", "system", "security"):
            call.fact("configure", "security", "disable", detail=operand.text)
        call.fact(
            "delete", target_of_deleted(call.path(operand)), *traits, *wild, detail=call.path(operand), origin=operand
        )


def shred(call: Call) -> Value:
    options = call.options("n s iterations size random-source")
    delete(call, options.operands, options, "forced", "overwrite")
    return EMPTY


def truncate(call: Call) -> Value:
    options = call.options("s r size reference")
    for operand in options.operands:
        call.fact("write", call.place(operand), "overwrite", detail=call.path(operand))
    return EMPTY


def copy(call: Call) -> Value:
    options = call.options("t S m o g target-directory suffix mode owner group")
    operands = [*options.operands]
    into = options.all("t", "target-directory")
    if call.name == "install" and options.has("d", "directory"):
        return EMPTY
    if len(operands) < 2 and not into:
        return EMPTY
    target = into[0] if into else operands.pop()
    content = read_files(call, operands)
    source = operands[0].text if operands else ""
    is_shell = source.rpartition("/")[2] in SHELLS and ("/bin" in source or "$(" in source or source in SHELLS)
    if is_shell and target.text.rpartition("/")[2] not in SHELLS | {""} or is_shell and "/." in target.text:
        call.fact("hide", "process", detail=target.text)
    call.shell.write(target.text, content, call.text)
    if operands:
        call.shell.store(f"{target.text.rstrip('/')}/{source.rpartition('/')[2]}", content)
    if call.name == "install" and any(
        _OWNERS_RIGHTS.match(value.text) or re.fullmatch(r"[ugoa]*[=+][rwx]*s[rwx]*", value.text)
        for value in options.all("m", "mode")
    ):
        call.fact("change_mode", "file", "setuid")
    return EMPTY


_OLD_OR_NEW = re.compile(r"\.(?:bak|orig|old|save|dpkg-\w+|rpm\w+|ucf-\w+|legacy|update-old|new|tmp|disabled)$")


def _stays(source: str, target: str) -> bool:
    """Whether settings stay in their folder, under a name that says that they are old or new."""
    if not source.startswith("/etc/") or source.rpartition("/")[0] != target.rpartition("/")[0]:
        return False
    return target_of_path(source) == "system" and any(_OLD_OR_NEW.search(path) for path in (source, target))


def move(call: Call) -> Value:
    options = call.options("t S target-directory suffix")
    operands = [*options.operands]
    into = options.all("t", "target-directory")
    if len(operands) < 2 and not into:
        return EMPTY
    target = into[0] if into else operands.pop()
    if any(offensive(operand.text.rpartition("/")[2].lower()) for operand in operands if "." in operand.text):
        call.fact("move", "file", "offensive")
    gone = target.text in ("/dev/null", "/dev/null/")
    stays = False
    for operand in operands:
        if gone:
            call.fact("delete", call.place(operand), detail=call.path(operand))
        else:
            path = call.path(operand)
            stays = stays or _stays(path, call.path(target))
            call.fact("move", "file" if stays else target_of_deleted(path), detail=path)
            content = call.shell.files.get(call.path(operand))
            if content is not None:
                call.shell.store(target.text, content)
    written = target_of_written(call.path(target))
    if not gone and not stays and written not in ("temp", "home", "file", "root"):
        call.fact("write", written, detail=call.path(target))
    return EMPTY


def link(call: Call) -> Value:
    operands = call.options("t S").operands
    if len(operands) < 2:
        return EMPTY
    source, target = operands[0], operands[-1]
    if is_shell(source.text) and not is_shell(target.text) and "bin/" in source.text and target.text[-1:] != "/":
        call.fact("hide", "process", detail=target.text)  # A shell under another name
    read = target_of_path(call.path(source))
    if read in ("secret", "authority", "root", "account"):
        call.fact("read", read, detail=source.text)
    place = target_of_written(call.path(target))
    place = "file" if place == "root" else place
    call.fact("write", place, *(("overwrite",) if source.text == "/dev/null" else ()), detail=target.text)
    if call.place(target) == "history" or target.text.endswith("_history"):
        call.fact("hide", "history")
    return EMPTY


def tee(call: Call) -> Value:
    options = call.options()
    for operand in options.operands:
        call.shell.write(operand.text, call.stdin, call.text, options.has("a", "append"))
    return call.stdin


def dd(call: Call) -> Value:
    settings = {name: value for name, _, value in (text.partition("=") for text in call.texts)}
    source, target = settings.get("if"), settings.get("of")
    content = call.stdin
    if source:
        call.fact("read", target_of_path(call.path(Value(source))), detail=source)
        content = call.shell.content(source)
    if target:
        call.shell.write(target, content, call.text)
        return EMPTY
    return content


def touch(call: Call) -> Value:
    options = call.options("t d r date reference time")
    if any(call.place(value) in ("system", "account", "authority") for value in options.all("r", "reference")):
        call.fact("hide", "file")  # An age that is not its own
    elif len({"a", "m"} & options.flags) == 1 and options.all("t", "d", "date"):
        call.fact("hide", "file")  # Only one of its times, which nobody needs who makes a file
    for operand in options.operands:
        place = target_of_written(call.path(operand))
        if is_hidden(call.path(operand)):
            call.fact("hide", "file", detail=operand.text)
        call.fact("write", place if place not in ("log", "history") else "file", detail=call.path(operand))
    return EMPTY


def make_pipe(call: Call) -> Value:
    """`mkfifo`, `mknod`: who writes into a pipe with a name is not known, and may be far away."""
    for operand in call.options("m mode").operands:
        if operand.text not in ("p", "b", "c", "u"):
            call.shell.store(operand.text, Value("$(pipe)", False, frozenset(("from_network",))))
            call.fact("write", call.place(operand), detail=operand.text)
    return EMPTY


def make_folder(call: Call) -> Value:
    for operand in call.options("m mode").operands:
        # A folder alone changes nothing, unless it is one that nobody sees
        call.fact("hide" if is_hidden(call.path(operand)) else "write", "file", detail=operand.text)
    return EMPTY


_RIGHTS_OF_ALL = re.compile(r"^(?:[0-7]?[0-7]{2}[2367]|[ug]*[oa][ugoa]*[+=][rxXst]*w[rwxXst]*|\+[rx]*w[rwx]*)$")
_OWNERS_RIGHTS = re.compile(r"^(?:0?[4-7][0-7]{3}|[go]*[ua][ugoa]*[+=][rwxX]*s[rwxX]*|g\+xs|\+[rwx]*s[rwx]*)$")
_ORDINARY_MODE = re.compile(r"^(?:[ugoa]*[+=][rxX]+|0?[4567][045][045]|g\+[rwxX]+|0?[67][67][045]|[ugoa]*-[rwxX]+)$")


def chmod(call: Call) -> Value:
    # A mode may begin with a hyphen
    operands = [
        word for word in call.args if not re.match(r"^-(?:[RvfcHLP]+|-\w+.*)$", word.text) or word.text == "-x"
    ]
    if not operands:
        return EMPTY
    mode, files = operands[0].text.split(","), operands[1:]
    traits: set[str] = set()
    if any(_RIGHTS_OF_ALL.match(part) for part in mode):
        traits.add("world")
    if any(_OWNERS_RIGHTS.match(part) for part in mode):
        traits.add("setuid")
    ordinary = not traits and all(_ORDINARY_MODE.match(part) for part in mode)
    for file in files:
        place = call.place(file)
        if place == "system":
            place = target_of_data(call.path(file).rstrip("/") + "/inside")
        if ordinary and place not in ("authority",):
            place = "file"
        call.fact("change_mode", place, *traits, detail=call.path(file))
    return EMPTY


def chown(call: Call) -> Value:
    options = call.options("from reference")
    for file in options.operands[1:]:
        place = call.place(file)
        if place == "system":  # /srv, /opt, /app: whose they are is for who installs something there
            place = target_of_data(call.path(file).rstrip("/") + "/inside")
        call.fact("change_mode", place, detail=call.path(file))
    return EMPTY


def getcap(call: Call) -> Value:
    if call.options().has("r") and "/" in call.texts:
        call.fact("list", "system", "setuid")
    return EMPTY


def setcap(call: Call) -> Value:
    words = " ".join(call.texts)
    if re.search(
        r"cap_(?:setuid|setgid|sys_admin|dac_override|dac_read_search|sys_ptrace|sys_module)|=ep|\ball\b", words
    ):
        call.fact("change_mode", "file", "setuid")
    return EMPTY


def access_list(call: Call) -> Value:
    """`setfacl`."""
    for file in call.options("m x M X set modify").operands:
        call.fact("change_mode", call.place(file), detail=call.path(file))
    return EMPTY


def chattr(call: Call) -> Value:
    for word in call.args:
        if word.text[:1] not in "-+=":
            place = call.place(word)
            # That nobody can change them any more is what somebody wants who has changed them
            kept = place if place in ("authority", "account", "startup", "security", "log", "secret") else "file"
            call.fact("change_mode", kept if "+" in call.text else place, detail=word.text)
    return EMPTY


def chflags(call: Call) -> Value:
    if any(text in ("hidden", "uchg", "schg") for text in call.texts):
        call.fact("hide" if "hidden" in call.texts else "change_mode", "file")
    return EMPTY


def editor(call: Call) -> Value:
    """`ed`, `ex`: their commands come in."""
    read_files(call, [word for word in call.args if word.text[:1] != "-"])
    for command, path in re.findall(r"(?m)^\s*([erwEW])\w*\s+(/\S+)", call.stdin.text[:4096]):
        call.fact("write" if command in "wW" else "read", target_of_path(path), detail=path)
    return call.through()


def which(call: Call) -> Value:
    operands = call.options("v V").operands
    # Found or not: the first one that is asked for stands for it
    return Value(operands[0].text + "\n") if operands else EMPTY


def change_folder(call: Call) -> Value:
    operands = [word for word in call.args if word.text[:1] != "-"]
    folder = operands[0].text if operands else "~"
    call.shell.folder = call.shell.path(folder).rstrip("/") or "/"
    if folder.startswith("..") or not folder:
        call.shell.folder = ""
    return EMPTY


def mktemp(call: Call) -> Value:
    return Value("/tmp/tmp.file")


def sqlite(call: Call) -> Value:
    operands = call.options("separator cmd init").operands
    for operand in operands[:1]:
        path = operand.text.removeprefix("file:").partition("?")[0]
        call.fact("read", target_of_path(path), detail=path)
        for text in operands[1:]:
            dot, _, command = text.text.partition(" ")
            if dot in (".shell", ".system"):
                call.shell.script(command)
        call.shell.facts += [fact for text in operands[1:] for fact in read_sql(text.text)]
        return call.shell.content(path)
    return EMPTY


COMMANDS = {
    **dict.fromkeys(
        ("cat", "tac", "less", "more", "head", "tail", "nl", "strings", "od", "hexdump", "hd", "sort", "uniq", "cut"),
        cat,
    ),
    **dict.fromkeys(
        ("bat", "view", "most", "pr", "fold", "column", "paste", "comm", "diff", "fmt", "expand", "iconv", "dos2unix"),
        cat,
    ),
    **dict.fromkeys(
        ("vim", "vi", "nano", "emacs", "ee", "pico", "plutil", "file", "stat", "md5sum", "sha256sum"), cat
    ),
    **dict.fromkeys(
        ("grep", "egrep", "fgrep", "zgrep", "rg", "ag", "ack", "awk", "gawk", "mawk", "nawk", "jq", "yq"), _filter
    ),
    **dict.fromkeys(("sed", "gsed"), sed),
    **dict.fromkeys(("rm", "unlink", "rmdir", "grm", "srm", "trash"), rm),
    **dict.fromkeys(("shred", "wipe", "scrub"), shred),
    "truncate": truncate,
    **dict.fromkeys(("cp", "install", "ditto", "gcp", "rcp"), copy),
    **dict.fromkeys(("mv", "gmv"), move),
    "ln": link,
    **dict.fromkeys(("tee", "sponge"), tee),
    **dict.fromkeys(("dd", "dcfldd", "gdd"), dd),
    "touch": touch,
    "mkdir": make_folder,
    **dict.fromkeys(("mkfifo", "mknod"), make_pipe),
    "chmod": chmod,
    **dict.fromkeys(("chown", "chgrp"), chown),
    "setcap": setcap,
    "getcap": getcap,
    "setfacl": access_list,
    "chattr": chattr,
    "chflags": chflags,
    **dict.fromkeys(("ed", "ex"), editor),
    **dict.fromkeys(("which", "whereis"), which),
    **dict.fromkeys(("cd", "pushd", "chdir"), change_folder),
    "mktemp": mktemp,
    **dict.fromkeys(("sqlite3", "sqlite"), sqlite),
}
