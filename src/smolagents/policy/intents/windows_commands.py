"""Commands of Windows: of `cmd`, of PowerShell, and programs that come with the system."""

from __future__ import annotations

import base64
import binascii
import re

from .places import target_of_path, target_of_url
from .shell_call import Call
from .shell_values import EMPTY, Value, join


_NETWORK = frozenset(("from_network",))
_DECODED = frozenset(("decoded",))
_URL = re.compile(r"(?i)\b(?:https?|ftp)://[^\s'\"()<>|]+")


def _operands(call: Call) -> list[Value]:
    return [word for word in call.args if word.text[:1] not in "-/" or word.text.count("/") > 1]


def _named(call: Call, *names: str) -> list[Value]:
    """Values of PowerShell's parameters, which may be cut short; positional ones count as well."""
    found = []
    args = call.args
    for place, word in enumerate(args[:-1]):
        name = word.text.lower().lstrip("-").rstrip(":")
        if word.text[:1] == "-" and name and any(full.startswith(name) for full in names):
            found.append(args[place + 1])
    return found


def _paths(call: Call) -> list[Value]:
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
    rest = []
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
    paths = [path for path in _paths(call) if not re.fullmatch(r"(?i)/[a-z](?::\w+)?", path.text)]
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
    for path in _paths(call)[:8]:
        target = target_of_path(path.text)
        call.fact("read", target, detail=path.text)
        contents.append(call.shell.content(path.text))
    return join(contents) if contents else EMPTY


def copy(call: Call) -> Value:
    paths = [path for path in _paths(call) if not re.fullmatch(r"(?i)/[a-z-]+", path.text)]
    if len(paths) < 2:
        return EMPTY
    *sources, target = paths
    moved = "move" in call.name or call.name in ("mi", "ren")
    for source in sources:
        place = target_of_path(source.text)
        if moved and place != "system":
            call.fact("move", place, detail=source.text)
        else:
            call.fact("read", place, detail=source.text)
    if re.match(r"(?i)\\\\[^?.\\]+\\(?:[a-z]|admin)\$", target.text):
        call.fact("write", "system", "hidden", detail=target.text)  # Onto another machine
    if re.match(r"\\\\[^?.]", target.text):
        content = call.shell.content(sources[0].text)
        call.fact("upload", "private_host", "from_file", origin=content, detail=target.text)
    else:
        call.fact("write", target_of_path(target.text), detail=target.text)
        call.shell.store(target.text, call.shell.content(sources[0].text))
    return EMPTY


def write(call: Call) -> Value:
    for path in _paths(call)[:1]:
        call.fact("write", target_of_path(path.text), detail=path.text)
    return EMPTY


def listing(call: Call) -> Value:
    paths = _paths(call)
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


def rights(call: Call) -> Value:
    """`icacls`, `takeown`, `cacls`, `Set-Acl`."""
    target = next((target_of_path(path.text) for path in _operands(call)[:1]), "file")
    everybody = re.search(r"(?i)everyone|\*S-1-1-0|users:\(?f|grant\s+\S+:\(?[\w,()]*f\b", call.text)
    call.fact("change_mode", target, *(("world",) if everybody else ()))
    return EMPTY


def cipher(call: Call) -> Value:
    if re.search(r"(?i)/w", call.text):
        call.fact("delete", "device", "overwrite")
    elif re.search(r"(?i)/e", call.text):
        call.fact("encrypt", "file", *(("bulk",) if "/s" in call.text.lower() else ()))
    return EMPTY


# Backups, logs, security, services, tasks, accounts, registry


def recovery(call: Call) -> Value:
    words = call.text.lower()
    if call.name == "bcdedit" and re.search(
        r"recoveryenabled\s+no|bootstatuspolicy|safeboot|testsigning\s+on|nointegritychecks\s+on", words
    ):
        call.fact("delete", "backup")
    elif re.search(r"\bdelete\b|resize\s+shadowstorage|disable", words) and call.name != "bcdedit":
        call.fact("delete", "backup", "all")
    elif re.search(r"\bcreate\b.*shadow|shadow.*\bcreate\b", words):
        call.fact("read", "backup")
    return EMPTY


def event_log(call: Call) -> Value:
    if re.search(r"(?i)\b(?:cl|clear-log)\b|sl\b.*/e:false|clear-eventlog|remove-eventlog|limit-eventlog", call.text):
        call.fact("delete", "log", "all")
    return EMPTY


def defender(call: Call) -> Value:
    if re.search(
        r"(?i)disable\w*\s+(?:\$?true|1)|exclusion|submitsamplesconsent|-disable|mapsreporting|signaturefallback",
        call.text,
    ):
        call.fact("configure", "security", "disable")
    return EMPTY


def firewall(call: Call) -> Value:
    words = call.text.lower()
    off = re.search(
        r"state\s+off|opmode\s+(?:mode=)?disable|-enabled\s+(?:false|\$false)|disable-netfirewall|delete\s+rule|\breset\b",
        words,
    )
    if off:
        call.fact("configure", "security", "disable")
    elif "portproxy" in words and "add" in words:
        call.fact("configure", "host")
        call.fact("listen", "host")
    elif re.search(r"wlan\s+show\s+profiles?.*key=clear", words):
        call.fact("read", "secret")
    elif re.search(r"firewall.*(?:\badd\b|set)|new-netfirewallrule", words):
        call.fact("configure", "security")
    elif "trace start" in words:
        call.fact("read", "traffic")
    return EMPTY


_SECURITY = re.compile(
    r"(?i)windefend|wdnissvc|mpssvc|securityhealth|sense\b|wscsvc|eventlog|sysmon|wuauserv|vss\b|sql|backup|veeam|sophos|mcafee|symantec"
    r"|kaspersky|carbonblack|crowdstrike|csagent|cylance|sentinel|eset|avast|avg|malwarebytes|msmpeng|defender|bits\b|swprv|exchange"
)


def service(call: Call) -> Value:
    """`sc`, `net stop`, `Stop-Service`, `Set-Service`."""
    words = call.text.lower()
    if re.search(r"\bcreate\b|new-service", words):
        call.fact("configure", "startup", "persistent")
    elif re.search(r"\bconfig\b.*binpath|failure\b.*command", words):
        call.fact("configure", "startup", "persistent")
    elif re.search(r"\bstop\b|stop-service|disabled|\bdelete\b|remove-service", words):
        off = _SECURITY.search(words)
        call.fact("configure", "security" if off else "service", "disable")
    elif re.search(r"\bstart\b|start-service|restart|set-service", words):
        call.fact("configure", "service")
    return EMPTY


def net(call: Call) -> Value:
    words = [word.text.lower() for word in call.args]
    verb = words[0] if words else ""
    adds = "/add" in words or "/active:yes" in words
    if verb in ("user", "localgroup", "group"):
        if adds:
            master = re.search(r"(?i)admin|remote desktop", call.text)
            call.fact("configure", "account", *(("privileged",) if master and verb != "user" else ()))
            if verb == "user" and "/domain" not in words:
                call.fact("configure", "account", "persistent")
        elif "/delete" in words or "/del" in words or len([word for word in words if word[:1] != "/"]) > 2:
            call.fact("configure", "account", "disable")
        return Value("$(net)", False)
    if verb in ("stop", "start", "pause"):
        return service(call)
    if verb == "use" and any(word.startswith("\\\\") for word in words):
        call.fact("connect", "private_host")
        if re.search(r"(?i)(?:admin|c|ipc)\$", call.text) and len(words) > 2:
            call.fact("become", "account")
    elif verb == "share" and "=" in call.text:
        call.fact("configure", "host")
    return EMPTY


def task(call: Call) -> Value:
    """Scheduled tasks."""
    if re.search(r"(?i)/create|register-scheduledtask|new-scheduledtask|/change", call.text):
        call.fact("configure", "startup", "persistent")
    elif re.search(r"(?i)/delete|unregister", call.text):
        call.fact("delete", "service")
    elif re.search(r"(?i)/run|start-scheduledtask", call.text):
        call.fact("run_process", "unknown")
    return EMPTY


def local_account(call: Call) -> Value:
    master = re.search(r"(?i)admin|remote desktop", call.text) and "member" in call.name
    call.fact("configure", "account", *(("privileged",) if master else ()))
    return EMPTY


_AUTORUN = re.compile(
    r"(?i)\\(?:run(?:once)?(?:ex)?|winlogon|image file execution|appinit_dlls|services\\|shell folders"
    r"|active setup|lsa\b|userinitmprlogonscript|inprocserver32|shell\\open\\command)"
)
_GUARDS = re.compile(
    r"(?i)disableantispyware|disablerealtime|enablelua|consentprompt|windows defender|disabletaskmgr"
    r"|localaccounttokenfilter|fdenytsconnections|uselogoncredential|disablerestrictedadmin|securityhealth"
    r"|scriptblocklogging|amsi|vbawarnings|firewall|smartscreen|security center"
)


def registry(call: Call) -> Value:
    """`reg`, `Set-ItemProperty` and others on keys."""
    words = call.text
    lowered = words.lower()
    if call.name in ("reg", "regedit"):
        verb = call.texts[0].lower() if call.args else ""
        if verb in ("save", "export"):
            if re.search(r"(?i)hklm\\+(?:sam|system|security)|hkey_local_machine\\+(?:sam|system|security)", words):
                call.fact("read", "authority")
            return EMPTY
        if verb == "query":
            secret = re.search(r"(?i)password|putty\\sessions|defaultpassword|vnc|/f\s+\"?pass", words)
            call.fact("read", "secret" if secret else "system")
            return EMPTY
        if verb == "delete":
            call.fact("delete", "startup" if _AUTORUN.search(words) else "system")
            return EMPTY
        if verb not in ("add", "import", "load", "restore", "copy") and call.name == "reg":
            return EMPTY
    elif not re.search(r"(?i)hk(?:lm|cu|cr|u)\b|hkey_|registry::", lowered):
        return write(call) if call.name in ("new-item", "ni", "set-item") else EMPTY
    if _GUARDS.search(words):
        call.fact("configure", "security", "disable")
    elif _AUTORUN.search(words + "\\"):
        call.fact("configure", "startup", "persistent")
    elif re.search(r"(?i)ms-settings\\|mscfile\\|\\shell\\open|exefile", words):
        call.fact("become", "account", "privileged")
    else:
        call.fact("configure", "system")
    return EMPTY


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
        call.fact("kill", "security" if _SECURITY.search(words) else "process")
    return Value("$(wmi)", False, frozenset(("from_system",)))


def task_kill(call: Call) -> Value:
    target = "security" if _SECURITY.search(call.text) else "process"
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
        files = _named(call, "infile", "body")
        content = join(
            [origin, *(call.shell.content(value.text) for value in files if re.search(r"[\\/.]", value.text))]
        )
        call.fact("upload", where, origin=content)
        return Value("$(web)", False, _NETWORK)
    call.fact("download", where)
    files = _named(call, "outfile", "destination")
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
    paths = _paths(call)
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


# What .NET's methods do, wherever they stand in a statement
_METHODS: tuple[tuple[re.Pattern[str], str, str, tuple[str, ...]], ...] = tuple(
    (re.compile(pattern, re.IGNORECASE), act, target, traits)
    for pattern, act, target, traits in (
        (r"\.download(?:string|data)\s*\(", "download", "host", ()),
        (r"\.downloadfile\s*\(", "download", "host", ()),
        (r"\.upload(?:file|string|data|values)\s*\(", "upload", "host", ("from_file",)),
        (r"(?:iex|invoke-expression)\b.*(?:downloadstring|iwr\b|irm\b|invoke-webrequest|invoke-restmethod)"
         r"|(?:downloadstring|iwr\s|irm\s|invoke-webrequest|invoke-restmethod).*\|\s*(?:iex|invoke-expression)",
         "run_code", "host", ("from_network",)),
        (r"(?:iex|invoke-expression)\b.*frombase64string|frombase64string.*\|\s*(?:iex|invoke-expression)",
         "run_code", "unknown", ("decoded",)),
        (r"assembly\]?\s*::\s*(?:unsafe)?load(?:file|from|withpartialname)?\s*\(", "run_code", "unknown", ("hidden",)),
        (r"virtualalloc|createremotethread|writeprocessmemory|ntmapviewofsection|rtlmovememory|getdelegateforfunctionpointer"
         r"|queueuserapc", "write", "process", ()),
        (r"sockets\.tcpclient|system\.net\.sockets", "run_process", "host", ("reverse",)),
        (r"getasynckeystate|setwindowshookex|getkeyboardstate", "read", "keyboard", ()),
        (r"copyfromscreen", "read", "unknown", ()),
        (r"clear-history|psreadlineoption.*savenothing|remove-item.*consolehost_history", "hide", "history", ()),
        (r"amsiutils|amsiinitfailed|amsiscanbuffer|etweventwrite"
         r"|psetwlogprovider", "configure", "security", ("disable",)),
        (r"invoke-(?:mimikatz|kerberoast|dcsync|reflectivepeinjection|shellcode|bloodhound|powerdump|smbexec|wmiexec|tokenmanip\w*"
         r"|allchecks|userhunter|sharefinder|psexec|bypassuac\w*|ninjacopy|credentialinjection|vaultcredential)|sekurlsa::|lsadump::"
         r"|kerberos::|privilege::debug|token::elevate|get-gpppassword|invoke-phant0m|powersploit|nishang",
         "run_process", "unknown", ("offensive",)),
        (r"sekurlsa|lsadump|\blsass(?:\.exe|\.dmp)?\b.*(?:dump|-ma)|(?:dump|-ma)\b.*\blsass|\\ntds\.dit|export-pfxcertificate"
         r"|get-credential\b.*getnetworkcredential|passwordvault|protecteddata\]?::unprotect"
         r"|vaultcmd\s*/list", "read", "authority", ()),
        (r"bcdedit\b.*(?:recoveryenabled\s+no|ignoreallfailures)", "delete", "backup", ()),
        (r"win32_shadowcopy.*(?:\.delete|remove-)", "delete", "backup", ("all",)),
        (r"new-object\s+-com(?:object)?\s+['\"]?outlook\.application.*\.send", "send", "person", ("from_file",)),
        # Functions are called by what they do: verb and noun
        (r"\b(?:get|start|invoke|set)-?\w{0,20}(?:keystroke|keylog)", "read", "keyboard", ()),
        (r"\b(?:get|invoke|take|start|new)-?\w{0,20}screen-?(?:shot|capture)|copyfromscreen", "read", "keyboard", ()),
        (r"\b(?:invoke|start|send)-\w{0,30}(?:upload|exfil)\w*\b.*-(?:infile|uri|path|url)\b", "upload", "host", ("from_elsewhere",)),
        (r"\b(?:invoke|start|new|install|add|enable)-\w{0,20}persist", "configure", "startup", ("persistent",)),
        (r"\b(?:invoke-)?\w{0,20}(?:ps|dll|pe|shellcode|process)inject|start-dnscat|invoke-\w*(?:bypass|elevat|privesc)",
         "run_process", "unknown", ("offensive",)),
        (r"(?:-include|-filter)\s+(?:\*?\.?\*?\.?\w{2,8}\s*,\s*){4,}.*-recurse|-recurse.*-include\s+(?:[*.\w]{2,12}\s*,\s*){4,}",
         "list", "secret", ()),
        (r"outlook\.application.*(?:getdefaultfolder|\.items|\.folders)|getnamespace\(.?mapi", "read", "secret", ()),
        (r"\\\\[\w.-]+\\(?:c|admin|d)\$", "write", "system", ()),
        (r"\bnet1?(?:\.exe)?\s+(?:group|user|accounts|localgroup|view)\b[^|;\n]*/dom|\bnltest\b.*/(?:domain_trusts|dclist)"
         r"|get-ad(?:user|computer|group\w*|domain\w*)\b.*-filter\s+\*", "list", "authority", ()),
        (r"\$_\.?(?:create|kill)\(\)", "kill", "process", ("bulk",)),
    )
)  # fmt: skip


def read_statement(text: str) -> list[tuple[str, str, tuple[str, ...]]]:
    """What the words of a whole text say, however they are put together: act, target and traits."""
    return [(act, target, traits) for pattern, act, target, traits in _METHODS if pattern.search(text[:100_000])]


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
    **dict.fromkeys(("icacls", "cacls", "takeown", "set-acl", "xcacls"), rights),
    "cipher": cipher,
    **dict.fromkeys(("format", "format-volume", "clear-disk"), format_disk),
    **dict.fromkeys(("vssadmin", "wbadmin", "bcdedit", "diskshadow", "disable-computerrestore", "reagentc"), recovery),
    **dict.fromkeys(("wevtutil", "clear-eventlog", "remove-eventlog", "limit-eventlog", "auditpol"), event_log),
    **dict.fromkeys(("set-mppreference", "add-mppreference", "mpcmdrun", "uninstall-windowsfeature"), defender),
    **dict.fromkeys(("netsh", "set-netfirewallprofile", "disable-netfirewallrule", "new-netfirewallrule"), firewall),
    **dict.fromkeys(
        ("sc", "stop-service", "set-service", "new-service", "start-service", "remove-service", "restart-service"),
        service,
    ),
    **dict.fromkeys(("net", "net1"), net),
    **dict.fromkeys(("schtasks", "register-scheduledtask", "new-scheduledtask", "unregister-scheduledtask"), task),
    **dict.fromkeys(
        ("new-localuser", "add-localgroupmember", "add-adgroupmember", "new-aduser", "set-adaccountpassword"),
        local_account,
    ),
    **dict.fromkeys(
        ("reg", "regedit", "set-itemproperty", "new-itemproperty", "sp", "new-item", "ni", "set-item"), registry
    ),
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
