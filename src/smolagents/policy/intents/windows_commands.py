"""Commands of Windows: of `cmd`, of PowerShell, and programs that come with the system."""

from __future__ import annotations

import base64
import binascii
import re

from .attack_tools import offensive
from .places import target_of_path, target_of_url
from .shell_call import Call
from .shell_programs import run_offensive
from .shell_values import EMPTY, Value, join


_NETWORK = frozenset(("from_network",))
_DECODED = frozenset(("decoded",))
SECURITY = re.compile(
    r"(?i)windefend|wdnissvc|mpssvc|securityhealth|sense\b|wscsvc|eventlog|sysmon|wuauserv|vss\b|sql|backup|veeam|sophos|mcafee|symantec"
    r"|kaspersky|carbonblack|crowdstrike|csagent|cylance|sentinel|eset|avast|avg|malwarebytes|msmpeng|defender|bits\b|swprv|exchange"
)
_URL = re.compile(r"(?i)\b(?:https?|ftp)://[^\s'\"()<>|]+")


def operands_of(call: Call) -> list[Value]:
    return [word for word in call.args if word.text[:1] not in "-/" or word.text.count("/") > 1]


def named(call: Call, *names: str) -> list[Value]:
    """Values of PowerShell's parameters, which may be cut short; positional ones count as well."""
    found = []
    args = call.args
    for place, word in enumerate(args[:-1]):
        name = word.text.lower().lstrip("-").rstrip(":")
        if word.text[:1] == "-" and name and any(full.startswith(name) for full in names):
            found.append(args[place + 1])
    return found


def paths_of(call: Call) -> list[Value]:
    """What may be paths: of parameters, or by position; lists are taken apart."""
    skip = False
    found = []
    for word in call.args:
        text = word.text
        if skip or text[:1] == "-":
            name = text.lower().lstrip("-")
            skip = text[:1] == "-" and name in (
                "include",
                "exclude",
                "filter",
                "erroraction",
                "ea",
                "itemtype",
                "type",
                "encoding",
                "value",
            )
            continue
        found += [word._replace(text=part.strip()) for part in text.split(",") if part.strip()]
    return found


# PowerShell and cmd themselves


def powershell(call: Call) -> Value:
    args = call.args
    for place, word in enumerate(args):
        name = word.text.lower().lstrip("-/")
        if word.text[:1] in "-/" and name:
            if "encodedcommand".startswith(name) and name[0] == "e" and name not in ("ep", "ex") or name == "ec":
                return _encoded(call, args[place + 1].text if place + 1 < len(args) else "")
            if ("command".startswith(name) or name == "c") and place + 1 < len(args):
                return call.shell.script(" ".join(value.text for value in args[place + 1 :]), call.stdin)
            if "file".startswith(name) and place + 1 < len(args):
                return _file(call, args[place + 1])
    rest: list[Value] = []
    skip = False
    for word in args:
        name = word.text.lower()
        if rest:  # What follows the first word of a command belongs to it
            rest.append(word)
        elif skip:
            skip = False
        elif word.text[:1] in "-/" and len(word.text) > 1:
            skip = (
                re.match(r"^[-/](?:ex\w*|ep|w\w*|version|psconsolefile|inputformat|outputformat)$", name) is not None
            )
        else:
            rest.append(word)
    if not rest:
        if call.stdin.traits:
            call.fact("run_process", "unknown", origin=call.stdin)
        return EMPTY
    if rest[0].text.lower().endswith(".ps1"):
        return _file(call, rest[0])
    return call.shell.script(" ".join(word.text for word in rest), call.stdin)


def _encoded(call: Call, text: str) -> Value:
    call.fact("run_code", "unknown", "decoded")
    try:
        script = base64.b64decode(text + "===").decode("utf-16-le", "replace")
    except (ValueError, binascii.Error):
        return EMPTY
    return call.shell.script(script)


def _file(call: Call, file: Value) -> Value:
    content = call.shell.files.get(file.text)
    name = file.text.replace("\\", "/").rpartition("/")[2].lower()
    if offensive(name):
        run_offensive(call, name)
    if content is not None and content.traits & _NETWORK:
        call.fact("run_process", "unknown", "from_network")
    elif target_of_path(file.text) == "temp" or re.search(r"(?i)\\(?:appdata|public|programdata)\\", file.text):
        call.fact("run_process", "temp", detail=file.text)
    return EMPTY


def command_line(call: Call) -> Value:
    for place, word in enumerate(call.args):
        if word.text.lower() in ("/c", "/k", "/r", "-c", "/s/c"):
            return call.shell.script(" ".join(value.text for value in call.args[place + 1 :]), call.stdin)
    return EMPTY


def expression(call: Call) -> Value:
    """`Invoke-Expression`."""
    words = join(call.args, " ") if call.args else call.stdin
    lowered = call.text.lower()
    if re.search(
        r"downloadstring|downloaddata|invoke-webrequest|\biwr\b|\bcurl\b|invoke-restmethod|\birm\b|https?://", lowered
    ):
        call.fact("run_code", "host", "from_network")
    elif "frombase64string" in lowered or words.traits & _DECODED:
        call.fact("run_code", "unknown", "decoded")
    elif words.traits & _NETWORK:
        call.fact("run_code", "host", "from_network")
    elif re.search(r"-join|\[char\]|\[array\]::reverse|-replace|\$env:\w+\[", lowered):
        call.fact("run_code", "unknown", "hidden")
    else:
        call.fact("run_code", "unknown", "dynamic")
    return EMPTY


def start(call: Call) -> Value:
    words = [
        word
        for word in call.args
        if word.text.lower() not in ("/b", "/min", "/wait", "/d", "") and word.text[:1] != "-"
    ]
    if re.search(r"(?i)-verb\s+['\"]?runas", call.text):
        call.fact("become", "account", "privileged")
    return call.run(words) if words else EMPTY


# Files


def delete(call: Call) -> Value:
    flags = " ".join(word.text.lower() for word in call.args if word.text[:1] in "-/")
    traits = {"recursive"} if re.search(r"/s\b|-r", flags) else set()
    traits |= {"forced"} if re.search(r"/q|/f|-fo", flags) else set()
    traits |= {"overwrite"} if call.name.startswith("sdelete") else set()  # So that nobody can restore it
    paths = [path for path in paths_of(call) if not re.fullmatch(r"(?i)/[a-z](?::\w+)?|[-/]accepteula", path.text)]
    if not paths and call.stdin.text:
        paths = [call.stdin]
    for path in paths:
        wild = {"all"} if path.text.endswith(("*", "*.*")) else set()
        target = target_of_path(path.text)
        if (
            target == "file"
            and re.search(r"(?i)\.(?:vhd|bac|bak|wbcat|bkf|win)\b", path.text)
            and "recursive" in traits
        ):
            target = "backup"
        if "PSReadline" in path.text or "ConsoleHost_history" in path.text:
            target = "history"
        call.fact("delete", target, *traits, *wild, detail=path.text)
    return EMPTY


def read(call: Call) -> Value:
    contents = []
    for path in paths_of(call)[:8]:
        target = target_of_path(path.text)
        call.fact("read", target, detail=path.text)
        contents.append(call.shell.content(path.text))
    return join(contents) if contents else EMPTY


def _note_attack_tools(call: Call, files: list[Value]) -> None:
    for file in files:
        name = file.text.replace("\\", "/").rpartition("/")[2].lower()
        if "." in name and offensive(name):
            call.fact("move", "file", "offensive", detail=name)


_IS_PROGRAM = re.compile(r"(?i)\.(?:exe|dll|scr|ps1|vbs|vbe|bat|cmd|hta|jse?|pif|com)$")
_IS_DOCUMENT = re.compile(r"(?i)\.(?:txt|png|jpe?g|gif|bmp|pdf|docx?|xlsx?|csv|log|dat|tmp|mp[34])$")
_WHERE_NO_PROGRAM_IS = re.compile(
    r"(?i)\\users\\public(?:\\|$)|\\windows\\(?:temp|tasks|debug|tracing)(?:\\|$)|\\perflogs(?:\\|$)"
)


def copy(call: Call) -> Value:
    paths = [path for path in paths_of(call) if not re.fullmatch(r"(?i)/[a-z-]+", path.text)]
    if len(paths) < 2:
        return EMPTY
    *sources, target = paths
    _note_attack_tools(call, sources)
    moved = "move" in call.name or call.name in ("mi", "ren")
    for source in sources:
        place = target_of_path(source.text)
        if moved and place != "system":
            call.fact("move", place, detail=source.text)
        else:
            call.fact("read", place, detail=source.text)
    is_far = re.match(r"\\\\(?![?.]\\)", target.text) is not None
    if is_far and re.match(r"(?i)\\\\[^\\]+\\(?:[a-z]|admin)\$", target.text):
        call.fact("write", "system", "hidden", detail=target.text)  # Onto another machine
    if _IS_PROGRAM.search(target.text) and any(_IS_DOCUMENT.search(source.text) for source in sources):
        call.fact("hide", "process", detail=target.text)  # What a program is was not to be seen
    elif (
        not is_far
        and _WHERE_NO_PROGRAM_IS.search(target.text)
        and any(_IS_PROGRAM.search(path.text) for path in paths)
    ):
        call.fact("hide", "file", detail=target.text)
    if is_far:
        content = call.shell.content(sources[0].text)
        call.fact("upload", "private_host", "from_file", origin=content, detail=target.text)
    else:
        call.fact("write", target_of_path(target.text), detail=target.text)
        call.shell.store(target.text, call.shell.content(sources[0].text))
    return EMPTY


def write(call: Call) -> Value:
    for path in paths_of(call)[:1]:
        call.fact("write", target_of_path(path.text), detail=path.text)
    return EMPTY


def listing(call: Call) -> Value:
    paths = paths_of(call)
    place = paths[0].text if paths else "."
    call.fact("list", "file", detail=place)
    documents = len(
        re.findall(r"(?i)\*?\.(?:docx?|xlsx?|pdf|pptx?|odt|txt|zip|rar|kdbx?|pem|ppk|key|csv|msg|pst)\b", call.text)
    )
    traits = frozenset(("bulk", "from_system") if documents > 2 else ("bulk",))
    if documents > 2 and re.search(r"(?i)-recurse|/s\b", call.text):
        call.fact("read", "home", "bulk")
    return Value(place, False, traits)


def attributes(call: Call) -> Value:
    if re.search(r"(?i)\+[hs]\b", call.text):
        call.fact("hide", "file")
    return EMPTY


# Backups, logs, security, services, tasks, accounts, registry


def management(call: Call) -> Value:
    """`wmic` and the cmdlets for WMI and CIM."""
    words = call.text.lower()
    if re.search(r"shadowcopy\s+delete|win32_shadowcopy.*(?:delete|remove)", words):
        call.fact("delete", "backup", "all")
    elif re.search(r"process\s+call\s+create|win32_process.*create|invoke-wmimethod|invoke-cimmethod", words):
        remote = "/node" in words or "-computer" in words
        call.fact("run_process", "private_host" if remote else "unknown", *(("interactive",) if remote else ()))
        command = re.search(r"create\s*,?\s*[\"'(]+([^\"']+)", call.text)
        if command:
            call.shell.script(command[1])
    elif re.search(r"__eventfilter|commandlineeventconsumer|__filtertoconsumer|activescripteventconsumer", words):
        if not call.name.startswith("get"):
            call.fact("configure", "startup", "persistent")
    elif re.search(r"\bdelete\b|terminate|uninstall", words):
        call.fact("kill", "security" if SECURITY.search(words) else "process")
    return Value("$(wmi)", False, frozenset(("from_system",)))


def task_kill(call: Call) -> Value:
    target = "security" if SECURITY.search(call.text) else "process"
    call.fact("kill", target)
    return EMPTY


# Programs of the system that run or get what others made


def proxy(call: Call) -> Value:
    """`rundll32`, `regsvr32`, `mshta` and their like: they run what they are given."""
    words = call.text
    lowered = words.lower()
    if _URL.search(words) or re.search(r"javascript:|vbscript:|scrobj", lowered):
        call.fact("run_code", "host", "from_network")
    elif "comsvcs" in lowered and ("minidump" in lowered or "#24" in lowered or "#+000024" in lowered):
        call.fact("read", "process")
    elif call.name == "msiexec":
        call.fact("install", "package")
    elif call.args:
        path = call.args[0].text.split(",")[0]
        inside = re.match(
            r"(?i)^(?:c:\\windows\\system32\\)?(?:shell32|user32|url|printui|keymgr|inetcpl|sysdm|powrprof|advapi32|zipfldr|ieframe|mshtml|setupapi)",
            path,
        )
        if not inside:
            call.fact("load_native", "unknown", "hidden")
    return EMPTY


def certificates(call: Call) -> Value:
    words = call.text.lower()
    if "urlcache" in words or "-verifyctl" in words or (_URL.search(words) and "urlfetch" not in words):
        call.fact("download", "host")
        call.fact("run_process", "unknown", "from_network")
    elif re.search(r"[-/](?:decode|decodehex)\b", words):
        call.fact("write", "file", "hidden")
        call.shell.store(call.args[-1].text, Value("$(certutil)", False, _DECODED))
    elif re.search(r"addstore|importpfx", words):
        call.fact("configure", "security", "disable")
    return EMPTY


def download(call: Call) -> Value:
    """`Invoke-WebRequest`, `Invoke-RestMethod`, `bitsadmin`, `Start-BitsTransfer`."""
    words = call.text
    url = _URL.search(words)
    where = target_of_url(url[0]) if url else "host"
    origin = join([*call.args, call.stdin]) if call.args else EMPTY
    sends = re.search(r"(?i)-infile|-body|-method\s+['\"]?(?:post|put)|/upload|-uploadtype", words)
    if sends:
        files = named(call, "infile", "body")
        content = join(
            [origin, *(call.shell.content(value.text) for value in files if re.search(r"[\\/.]", value.text))]
        )
        call.fact("upload", where, origin=content)
        return Value("$(web)", False, _NETWORK)
    call.fact("download", where)
    files = named(call, "outfile", "destination")
    if call.name == "bitsadmin" and len(call.args) > 2:
        files = call.args[-1:]
    for path in files:
        call.shell.store(path.text, Value("$(web)", False, _NETWORK))
        call.fact("write", target_of_path(path.text), detail=path.text)
    return Value("$(web)", False, _NETWORK)


# Secrets, and other people's machines


def secrets(call: Call) -> Value:
    if call.name == "cmdkey" and "/list" not in call.text.lower():
        call.fact("configure", "account")
    elif call.name == "procdump" or call.name == "procdump64":
        call.fact("read", "process")
    elif call.name == "ntdsutil":
        call.fact("read", "authority")
    elif call.name == "esentutl":
        call.fact("read", target_of_path(call.text.split()[-1]))
    else:
        call.fact("read", "secret")
    return EMPTY


def remote(call: Call) -> Value:
    """`psexec`, `Invoke-Command`, `Enter-PSSession`, `winrs`."""
    if call.name.startswith("psexec") or call.name in ("paexec", "winrs"):
        call.fact("run_process", "private_host", "interactive")
        if re.search(r"(?i)\s-s\b", call.text):
            call.fact("become", "account", "privileged")
    elif re.search(r"(?i)-(?:computer\w*|session)|\s-cn\b", call.text):
        call.fact("run_process", "private_host", "interactive")
    return EMPTY


def archive(call: Call) -> Value:
    paths = paths_of(call)
    content = call.stdin
    for path in paths[:-1]:
        call.fact("read", target_of_path(path.text), detail=path.text)
        content = join([content, call.shell.content(path.text)])
    if paths:
        call.shell.store(paths[-1].text, content._replace(traits=content.traits | {"from_file", "bulk"}))
        call.fact("write", target_of_path(paths[-1].text), detail=paths[-1].text)
    return EMPTY


def format_disk(call: Call) -> Value:
    if any(re.fullmatch(r"[a-zA-Z]:", text) for text in call.texts):
        call.fact("mount", "device", "overwrite")
    return EMPTY


def restart(call: Call) -> Value:
    call.fact("power", "unknown")
    return EMPTY


COMMANDS = {
    **dict.fromkeys(("powershell", "pwsh", "powershell_ise"), powershell),
    "cmd": command_line,
    **dict.fromkeys(("iex", "invoke-expression"), expression),
    **dict.fromkeys(("start", "start-process", "saps", "call", "runas", "forfiles", "invoke-item", "ii"), start),
    **dict.fromkeys(
        ("del", "erase", "rd", "remove-item", "ri", "clear-content", "clear-item", "sdelete", "sdelete64"), delete
    ),
    **dict.fromkeys(("type", "get-content", "gc", "get-clipboard", "select-string", "sls"), read),
    **dict.fromkeys(
        ("copy", "xcopy", "robocopy", "copy-item", "cpi", "move", "move-item", "mi", "ren", "rename-item"), copy
    ),
    **dict.fromkeys(("set-content", "add-content", "out-file", "tee-object"), write),
    **dict.fromkeys(("get-childitem", "gci", "childitem"), listing),
    "attrib": attributes,
    **dict.fromkeys(("format", "format-volume", "clear-disk"), format_disk),
    **dict.fromkeys(
        ("wmic", "invoke-wmimethod", "set-wmiinstance", "new-ciminstance", "invoke-cimmethod"), management
    ),
    **dict.fromkeys(("get-wmiobject", "gwmi", "get-ciminstance"), management),
    **dict.fromkeys(("taskkill", "stop-process", "spps"), task_kill),
    **dict.fromkeys(
        ("rundll32", "regsvr32", "mshta", "cscript", "wscript", "msiexec", "installutil", "regasm", "regsvcs"), proxy
    ),
    **dict.fromkeys(("odbcconf", "cmstp", "control", "pcalua", "mavinject", "hh"), proxy),
    "certutil": certificates,
    **dict.fromkeys(
        ("invoke-webrequest", "iwr", "invoke-restmethod", "irm", "bitsadmin", "start-bitstransfer"), download
    ),
    **dict.fromkeys(
        ("procdump", "procdump64", "ntdsutil", "esentutl", "cmdkey", "vaultcmd", "export-pfxcertificate"), secrets
    ),
    **dict.fromkeys(
        ("psexec", "psexec64", "paexec", "winrs", "invoke-command", "icm", "enter-pssession", "new-pssession"), remote
    ),
    **dict.fromkeys(("compress-archive",), archive),
    **dict.fromkeys(("restart-computer", "stop-computer", "logoff"), restart),
}
