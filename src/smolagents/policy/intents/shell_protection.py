"""What protects a machine: the names of its programs, and the commands that change its settings."""

from __future__ import annotations

import re

from .shell_call import Call
from .shell_values import EMPTY, Value


_SECURITY = re.compile(
    r"(?i)(?:^|[\s/.\"'=|(])(?:auditd?|rsyslogd?|syslogd?|syslog-ng|systemd-journald|ufw|firewalld|iptables|ip6tables|nftables"
    r"|apparmor|selinux|fail2ban|clamav[\w-]*|clamd|freshclam|falcon(?:-sensor|d)?|crowdsec|ossec[\w-]*|wazuh[\w-]*"
    r"|osqueryd?|auditbeat|filebeat|aide|tripwire|rkhunter|sysmon\w*|cbdaemon|cbagentd|carbonblack|crowdstrike[\w-]*"
    r"|mdatp|esets?|sophos[\w-]*|mcafee\w*|symantec\w*|windefend|mpssvc|eventlog|securityhealthservice|wscsvc|wuauserv"
    r"|sense|msmpeng|defender|avast\w*|kaspersky\w*|pf|ipfw|santad?|littlesnitch\w*|little\ssnitch|lulu|blockblock"
    r"|opendirectoryd|com\.crowdstrike[\w.]*|com\.sophos[\w.]*|com\.carbonblack[\w.]*|syslogd_enable|auditd_enable"
    r"|aegis|aliyun(?:-service)?|cloudmonitor|qcloud|yunjing|ydservice|ydlive|barad_agent|hostguard|bcm-agent|falco|sysdig|lacework"
    r"|twistlock|qualys-cloud-agent|ds_agent|sentinel(?:one|d|ctl)|cybereason\w*|elastic-(?:agent|endpoint)|tanium\w*|xagt|splunkforwarder"
    r"|audispd|psacct|snoopy|chkrootkit|maldet|samhain|bdsec\w*|com\.opendns[\w.]*|umbrella\w*|jamf\w*"
    r"|pf_enable|firewall_enable)(?:\.service|\.socket|\.plist|d|_enable)?(?:$|[\s\"'=)|])"
)


def protects(words: str) -> bool:
    """Whether words name something that protects a machine, or that watches over it."""
    return _SECURITY.search(f" {words} ") is not None


_FIREWALL_OFF = re.compile(
    r"(?:^|\s)(?:-F|-X|--flush|--delete-chain|-P\s+(?:INPUT|OUTPUT|FORWARD)\s+ACCEPT|flush(?:\s|$)|disable|reset|-d(?:\s|$)"
    r"|delete\s+(?:table|ruleset|chain)|--panic-off|-f\s+flush)|logging\s+off|--setglobalstate\s+off|\soff$"
)


def firewall(call: Call) -> Value:
    words = " ".join(call.texts)
    if not words or re.match(r"^(?:-L|-S|-n|-v|--list|status|show|list|-sr|-s)", words) and " -F" not in words:
        return EMPTY
    off = _FIREWALL_OFF.search(words)
    if call.name == "ufw":
        removes = words.startswith(("delete", "--force delete"))
    else:
        removes = "tables" in call.name and re.search(r"(?:^|\s)(?:-D|--delete)\b", words) is not None
    opens = (
        call.name == "iptables"
        and re.search(r"-A.*-j\s+ACCEPT", words)
        and "--dport" not in words
        and "-s" not in words
    )
    call.fact("configure", "security", *(("disable",) if off or removes or opens else ()))
    return EMPTY


def audit(call: Call) -> Value:
    words = " ".join(call.texts)
    if call.name == "setenforce":
        off = words in ("0", "Permissive", "permissive")
    elif call.name == "auditctl":
        off = re.search(r"(?:^|\s)(?:-D|-e\s*0|-d|-W|-r\s*0)\b", words) is not None
        if words.startswith(("-l", "-s")):
            return EMPTY
    elif call.name in ("aa-disable", "aa-complain", "aa-teardown"):
        off = True
    else:
        off = re.search(r"disable|off\b|--master-disable|--global-disable|-d\s", words) is not None
        if not off and re.match(r"^(?:status|--status|list|-l|--list)", words):
            return EMPTY
    call.fact("configure", "security", *(("disable",) if off else ()))
    return EMPTY


def journal(call: Call) -> Value:
    if re.search(r"--(?:vacuum-(?:size|time)=?\s*(?:0|1\D)|rotate\b.*vacuum)", call.text) and re.search(
        r"vacuum-(?:time=?\s*[01]s|size=?\s*[01]\D?$)", call.text
    ):
        call.fact("delete", "log")
    return Value("$(journal)", False, frozenset(("from_system",)))


_HARDENING = re.compile(
    r"kernel\.(?:randomize_va_space|yama|kptr_restrict|dmesg_restrict|core_pattern|modprobe|sysrq|kexec|unprivileged\w*"
    r"|perf_event_paranoid|panic)|fs\.(?:suid_dumpable|protected_\w+)|net\.ipv4\.(?:conf\.\w+\.(?:rp_filter|accept_redirects"
    r"|send_redirects|log_martians)|tcp_syncookies|icmp_echo_ignore)|security\."
)


def weakens(settings: str) -> bool:
    """Whether settings of the kernel are among those that protect it."""
    return _HARDENING.search(settings) is not None


def sysctl(call: Call) -> Value:
    if "=" in call.text and any("=" in text for text in call.texts):
        off = weakens(call.text)
        call.fact("configure", "security" if off else "system", *(("disable",) if off else ()))
    return Value("$(sysctl)", False)


def trust(call: Call) -> Value:
    call.fact("configure", "security")
    return EMPTY


COMMANDS = {
    **dict.fromkeys(
        ("iptables", "ip6tables", "ufw", "nft", "pfctl", "firewall-cmd", "ipfw", "socketfilterfw", "ebtables"),
        firewall,
    ),
    **dict.fromkeys(("setenforce", "auditctl", "spctl", "csrutil", "fdesetup", "aa-disable", "aa-complain"), audit),
    **dict.fromkeys(("aa-teardown", "mdatp", "falconctl", "clamconf"), audit),
    "journalctl": journal,
    "sysctl": sysctl,
    **dict.fromkeys(("update-ca-certificates", "update-ca-trust", "certctl", "trust"), trust),
}
