"""Tools that exist to attack: they find weaknesses, take passwords, or control the machines of others."""

from __future__ import annotations

import re
from functools import lru_cache


@lru_cache(maxsize=1024)
def is_for_attacks(url: str) -> bool:
    """Whether the address of a repository or of a file ends in the name of such a tool."""
    name = url.rstrip("/").rpartition("/")[2].lower().removesuffix(".git")
    return "/" in url and (offensive(name) or guesses(name))


_OFFENSIVE = re.compile(
    r"^(?:weevely\d*|p0wny\w*|phpbash|gs-netcat|gsocket|evilginx\d*|mitm6|amicontained|linux-smart-enumeration|mimikatz|mimipenguin|lazagne|linpeas|winpeas|peass?|linenum|linux-exploit-suggester|lse|pspy\d*|responder|msfconsole"
    r"|msfvenom|meterpreter|empire|sliver\w*|bloodhound|sharphound|azurehound|crackmapexec|cme|netexec|nxc|evil-winrm"
    r"|kerbrute|rubeus|certipy|impacket-\w+|secretsdump|psexec\.py|wmiexec\w*|smbexec\w*|atexec|dcomexec|getuserspns|getnpusers"
    r"|sqlmap|commix|beef\w*|setoolkit|xmrig|minerd|cpuminer|ccminer|ethminer|procdump\d*|pwdump\d*|fgdump|gsecdump|wce|quarks\w*"
    r"|nanodump|pypykatz|swaphunt|3snake|truffleproc|keyscan|logkeys|traitor|deepce|stratus|pacu|cloudfox|peirates|kdigger"
    r"|[\w-]*(?:keylog|ransomware|rootkit|exploit|backdoor|(?:reverse|bind|web)_?-?shell|malware|trojan|stealer|steal_?(?:token|creds?|pass)"
    r"|privesc|shellcode|cryptominer|botnet|exfil|(?:process|dll|code)_?inject|uac-?_?bypass|bypass_?-?uac|cred(?:ential)?_?dump|\wkatz"
    r"|timestomp|ransom)[\w-]*|dnscat2?|iodine|psexec\w*|plink|pscp"
    r"|cobaltstrike|beacon|havoc|covenant|koadic|merlin|poshc2|dumpert|safetykatz|seatbelt|sharpup|powerup|powerview|adfind)"
    r"(?:\.(?:py|sh|rb|exe|pl|elf|ps1|swift|go|js|c|jar|php|bat))?$"
)


_GUESSES = re.compile(
    r"^(?:hydra|xhydra|medusa|ncrack|john|hashcat|patator|crowbar|brutespray|brutus|fcrackzip|pdfcrack|aircrack-ng|hcxdumptool|reaver"
    r"|cewl|thc-hydra|sudo_bruteforce|rarcrack|sucrack|go\w*spray|\w*spray(?:er)?|\w*brute(?:force)?)(?:\.(?:py|sh|rb|exe|pl|ps1))?$"
)


@lru_cache(maxsize=1024)
def offensive(name: str) -> bool:
    """Whether a tool is made for attacks."""
    return _OFFENSIVE.match(name) is not None


@lru_cache(maxsize=1024)
def guesses(name: str) -> bool:
    """Whether a tool guesses passwords."""
    return _GUESSES.match(name) is not None
