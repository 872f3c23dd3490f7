"""What the words of a script of Windows say, however they are put together: methods, and functions by their names."""

from __future__ import annotations

import re


_LONGEST = 100_000

# What .NET's methods do, wherever they stand in a statement. First what it cannot be without, in lower case: to look
# for that is many times sooner, and most statements have none of it.
_METHODS: tuple[tuple[tuple[str, ...], re.Pattern[str], str, str, tuple[str, ...]], ...] = tuple(
    (tuple(needed.split()), re.compile(pattern, re.IGNORECASE), act, target, traits)
    for needed, pattern, act, target, traits in (
        ("download", r"\.download(?:string|data)\s*\(", "download", "host", ()),
        ("downloadfile", r"\.downloadfile\s*\(", "download", "host", ()),
        ("upload", r"\.upload(?:file|string|data|values)\s*\(", "upload", "host", ("from_file",)),
        ("iex invoke-expression", r"(?:iex|invoke-expression)\b.*(?:downloadstring|iwr\b|irm\b|invoke-webrequest"
         r"|invoke-restmethod)"
         r"|(?:downloadstring|iwr\s|irm\s|invoke-webrequest|invoke-restmethod).*\|\s*(?:iex|invoke-expression)",
         "run_code", "host", ("from_network",)),
        ("frombase64string", r"(?:iex|invoke-expression)\b.*frombase64string|frombase64string.*\|\s*(?:iex"
         r"|invoke-expression)",
         "run_code", "unknown", ("decoded",)),
        ("assembly", r"assembly\]?\s*::\s*(?:unsafe)?load(?:file|from"
         r"|withpartialname)?\s*\(", "run_code", "unknown", ("hidden",)),
        ("virtualalloc createremotethread writeprocessmemory ntmapviewofsection rtlmovememory getdelegate"
         " queueuserapc",
         r"virtualalloc|createremotethread|writeprocessmemory|ntmapviewofsection|rtlmovememory|getdelegateforfunctionpointer"
         r"|queueuserapc", "write", "process", ()),
        ("sockets", r"sockets\.tcpclient|system\.net\.sockets", "run_process", "host", ("reverse",)),
        ("getasynckeystate setwindowshookex getkeyboardstate",
         r"getasynckeystate|setwindowshookex|getkeyboardstate", "read", "keyboard", ()),
        ("copyfromscreen", r"copyfromscreen", "read", "unknown", ()),
        ("history", r"clear-history|psreadlineoption.*savenothing"
         r"|remove-item.*consolehost_history", "hide", "history", ()),
        ("amsi etweventwrite psetwlogprovider", r"amsiutils|amsiinitfailed|amsiscanbuffer|etweventwrite"
         r"|psetwlogprovider", "configure", "security", ("disable",)),
        ("invoke- sekurlsa lsadump kerberos:: privilege:: token:: gpppassword powersploit nishang",
         r"invoke-(?:mimikatz|kerberoast|dcsync|reflectivepeinjection|shellcode|bloodhound|powerdump|smbexec|wmiexec|tokenmanip\w*"
         r"|allchecks|userhunter|sharefinder|psexec|bypassuac\w*|ninjacopy|credentialinjection|vaultcredential)|sekurlsa::|lsadump::"
         r"|kerberos::|privilege::debug|token::elevate|get-gpppassword|invoke-phant0m|powersploit|nishang",
         "run_process", "unknown", ("offensive",)),
        ("sekurlsa lsadump lsass ntds.dit pfxcertificate get-credential passwordvault unprotect vaultcmd",
         r"sekurlsa|lsadump|\blsass(?:\.exe|\.dmp)?\b.*(?:dump|-ma)|(?:dump|-ma)\b.*\blsass|\\ntds\.dit|export-pfxcertificate"
         r"|get-credential\b.*getnetworkcredential|passwordvault|protecteddata\]?::unprotect"
         r"|vaultcmd\s*/list", "read", "authority", ("offensive",)),
        ("bcdedit", r"bcdedit\b.*(?:recoveryenabled\s+no|ignoreallfailures)", "delete", "backup", ()),
        ("win32_shadowcopy", r"win32_shadowcopy.*(?:\.delete|remove-)", "delete", "backup", ("all",)),
        ("outlook", r"new-object\s+-com(?:object)?\s+['\"]?outlook\.application.*\.send",
         "send", "person", ("from_file",)),
        # Functions are called by what they do: verb and noun
        ("keystroke keylog", r"\b(?:get|start|invoke|set)-?\w{0,20}(?:keystroke|keylog)", "read", "keyboard", ()),
        ("screen", r"\b(?:get|invoke|take|start|new)-?\w{0,20}screen-?(?:shot|capture)"
         r"|copyfromscreen", "read", "keyboard", ()),
        ("upload exfil", r"\b(?:invoke|start|send)-\w{0,30}(?:upload|exfil)\w*\b.*-(?:infile|uri|path|url)\b",
         "upload", "host", ("from_elsewhere",)),
        ("persist", r"\b(?:invoke|start|new|install|add"
         r"|enable)-\w{0,20}persist", "configure", "startup", ("persistent",)),
        ("inject dnscat invoke-", r"\b(?:invoke-)?\w{0,20}(?:ps|dll|pe|shellcode|process)inject|start-dnscat"
         r"|invoke-\w*(?:bypass|elevat|privesc)",
         "run_process", "unknown", ("offensive",)),
        ("-recurse", r"(?:-include|-filter)\s+(?:\*?\.?\*?\.?\w{2,8}\s*,\s*){4,}.*-recurse"
         r"|-recurse.*-include\s+(?:[*.\w]{2,12}\s*,\s*){4,}",
         "list", "secret", ()),
        ("outlook mapi", r"outlook\.application.*(?:getdefaultfolder|\.items|\.folders)"
         r"|getnamespace\(.?mapi", "read", "secret", ()),
        ("$", r"\\\\[\w.-]+\\(?:c|admin|d)\$", "write", "system", ()),
        ("/dom nltest get-ad", r"\bnet1?(?:\.exe)?\s+(?:group|user|accounts|localgroup|view)\b[^|;\n]*/dom"
         r"|\bnltest\b.*/(?:domain_trusts|dclist)"
         r"|get-ad(?:user|computer|group\w*|domain\w*)\b.*-filter\s+\*", "list", "authority", ()),
        # What is no setting is kept where settings are
        ("reg", r"\breg(?:\.exe)?\s+add\b.*\s/d\s+['\"]?[A-Za-z0-9+/]{120,}", "hide", "file", ()),
        ("$_", r"\$_\.?(?:create|kill)\(\)", "kill", "process", ("bulk",)),
    )
)  # fmt: skip


def read_statement(text: str) -> list[tuple[str, str, tuple[str, ...]]]:
    """What the words of a whole text say, however they are put together: act, target and traits."""
    text = text[:_LONGEST]
    lower = text.lower()
    found = []
    for needed, pattern, act, target, traits in _METHODS:
        for word in needed:
            if word in lower:
                if pattern.search(text):
                    found.append((act, target, traits))
                break
    return found
