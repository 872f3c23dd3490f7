"""Commands that change Windows: its services, accounts, protections, recovery and registry."""

from __future__ import annotations

import re

from .places import target_of_path
from .shell_call import Call
from .shell_values import EMPTY, Value
from .windows_commands import SECURITY, operands_of, write


def rights(call: Call) -> Value:
    """`icacls`, `takeown`, `cacls`, `Set-Acl`."""
    target = next((target_of_path(path.text) for path in operands_of(call)[:1]), "file")
    everybody = re.search(r"(?i)everyone|\*S-1-1-0|users:\(?f|grant\s+\S+:\(?[\w,()]*f\b", call.text)
    call.fact("change_mode", target, *(("world",) if everybody else ()))
    return EMPTY


def cipher(call: Call) -> Value:
    if re.search(r"(?i)/w", call.text):
        call.fact("delete", "device", "overwrite")
    elif re.search(r"(?i)/e", call.text):
        call.fact("encrypt", "file", *(("bulk",) if "/s" in call.text.lower() else ()))
    return EMPTY


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


def service(call: Call) -> Value:
    """`sc`, `net stop`, `Stop-Service`, `Set-Service`."""
    words = call.text.lower()
    if re.search(r"\bcreate\b|new-service", words):
        call.fact("configure", "startup", "persistent")
    elif re.search(r"\bconfig\b.*binpath|failure\b.*command", words):
        call.fact("configure", "startup", "persistent")
    elif re.search(r"\bstop\b|stop-service|disabled|\bdelete\b|remove-service", words):
        off = SECURITY.search(words)
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


COMMANDS = {
    **dict.fromkeys(("icacls", "cacls", "takeown", "set-acl", "xcacls"), rights),
    "cipher": cipher,
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
}
