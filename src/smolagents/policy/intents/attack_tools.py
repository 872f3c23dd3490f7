"""Tools that exist to attack: they find weaknesses, take passwords, or control the machines of others."""

from __future__ import annotations

import re
from functools import lru_cache


# By what they are for. Families of names with numbers or parts of their own are in `_NAMED_LIKE`.
_CREDENTIALS = frozenset(
    "3snake dumpert fgdump gsecdump lazagne mimikatz mimipenguin nanodump pwdump pwdump6 pwdump7 pypykatz quarkspwdump"
    " safetykatz secretsdump swaphunt truffleproc wce getuserspns getnpusers procdump procdump64 sharpdump sharpkatz"
    " sharpchrome sharpdpapi hekatomb firefox_decrypt hackbrowserdata donpapi keychaindump chainbreaker dumpcreds"
    " webbrowserpassview mailpassview".split()
)
_LISTENERS = frozenset("keyscan logkeys keysniffer xspy".split())
_TUNNELS = frozenset("iodine plink pscp ptunnel icmptunnel revsocks".split())
_SEARCHES = frozenset(
    "adfind amicontained azurehound bloodhound certipy cloudfox deepce kdigger kubehound lse linenum linpeas"
    " linux-exploit-suggester linux-smart-enumeration linuxprivchecker peass peirates powerup powerview seatbelt"
    " sharphound sharpup snaffler sharpview autosuid suid3num suidenum traitor unix-privesc-check winpeas"
    " kube-hunter botb".split()
)
_OTHERS = frozenset(
    "atexec azorult beacon brc4 ccminer cme cobaltstrike commix covenant cpuminer crackmapexec dcomexec empire"
    " ethminer"
    " evil-winrm havoc kerbrute koadic lolminer merlin meterpreter minerd mitm6 mythic msfconsole msfvenom"
    " netexec nbminer"
    " nxc pacu phpbash phoenixminer poshc2 psexec responder rubeus setoolkit sqlmap stratus t-rex traitor"
    " villain xmrig xmr-stak xmrigdaemon inveigh coercer petitpotam printspoofer godpotato juicypotato gs-netcat"
    " gsocket"
    " sweetpotato roguepotato smbexec wmiexec wmic-evil diamorphine kinsing kdevtmpfsi".split()
)
_ALL = _CREDENTIALS | _LISTENERS | _TUNNELS | _SEARCHES | _OTHERS
_NAMED_LIKE = re.compile(
    r"^(?:weevely|evilginx|pspy|dnscat|beef|sliver|psexec|wmiexec|p0wny|impacket-|quarks)[\w.-]*$"
    # What says in its name what it is for
    r"|keylog|ransom|rootkit|exploit|backdoor|malware|trojan|stealer|privesc|shellcode|cryptominer|botnet|exfil|timestomp"
    r"|(?:reverse|bind|web|_?php)[_-]?shell|steal_?(?:token|creds?|pass)|(?:process|dll|code)_?inject|\wkatz"
    r"|uac-?_?bypass|bypass_?-?uac|(?:cred(?:ential)?s?|pass(?:word)?s?|hash|lsass)_?dump|dump_?(?:\w{0,12}_?)?(?:creds?|hash(?:es)?|lsass)(?![a-z])"
)
_TAKES = re.compile(
    r"(?:cred(?:ential)?s?|pass(?:word)?s?)_?dump|hash_?dump|lsass|dump_?\w{0,12}_?(?:creds?|hash)|stealer|steal_?(?:cred|pass)|\wkatz"
)
_RISES = re.compile(r"privesc|uac-?_?bypass|bypass_?-?uac|steal_?token|potato$|printspoofer|petitpotam|getsystem")
_SUFFIX = re.compile(r"\.(?:py|sh|rb|exe|pl|elf|ps1|psm1|swift|go|js|c|jar|php|bat|vbs|ko|so|dll|zip)$")
_SIZED = re.compile(r"[_-]?(?:x?64|x?86|32|amd64|arm64|linux|windows|static)$")

# Nobody but a miner of coins is told such things
_MINES = re.compile(
    r"stratum\+(?:tcp|ssl|tls|udp)|--donate-level|--randomx-|(?:^|\s)(?:--algo|-a)[= ](?:rx/|cn/|cn-|randomx"
    r"|cryptonight|ethash|kawpow)"
    r"|\b(?:pool\.)?(?:minexmr|supportxmr|moneroocean|hashvault|nanopool|minergate|c3pool|xmrpool|2miners|ethermine)\.(?:com|pro|stream|org|eu|net)"
)

_SIGNS_OF_MINING = (
    "stratum+",
    "--donate",
    "randomx",
    "rx/",
    "cryptonight",
    "cn/",
    "ethash",
    "kawpow",
    "pool",
    "mine",
    "xmr",
)

_GUESSES = re.compile(
    r"^(?:hydra|xhydra|medusa|ncrack|john|hashcat|patator|crowbar|brutespray|brutus|fcrackzip|pdfcrack|aircrack-ng|hcxdumptool|reaver"
    r"|cewl|thc-hydra|sudo_bruteforce|rarcrack|sucrack|go\w*spray|\w*spray(?:er)?|\w*brute(?:force)?)(?:\.(?:py|sh|rb|exe|pl|ps1))?$"
)


_REPOSITORY = re.compile(
    r"(?i)^(?:\w+://)?(?:raw\.githubusercontent|github|gitlab|bitbucket|codeberg)\.(?:com|org)/[^/?#]+/([^/?#]+)"
)


@lru_cache(maxsize=1024)
def is_for_attacks(url: str) -> bool:
    """Whether an address is one of such a tool: of its repository, or of a program that has its name."""
    path = url.partition("?")[0].rstrip("/").lower().removesuffix(".git")
    if "/" not in path:
        return False
    name = path.rpartition("/")[2]
    names = [name] if _SUFFIX.search(name) or "." not in name else []
    if repository := _REPOSITORY.match(path):
        names.append(repository[1])
    return any(offensive(name) or guesses(name) for name in names)


@lru_cache(maxsize=1024)
def _plain(name: str) -> str:
    """A name without the end that says what kind of file it is, and for which machines."""
    return _SIZED.sub("", _SUFFIX.sub("", name.lstrip(".")))


@lru_cache(maxsize=1024)
def offensive(name: str) -> bool:
    """Whether a tool is made for attacks."""
    plain = _plain(name)
    return plain in _ALL or "." not in plain and _NAMED_LIKE.search(plain) is not None


@lru_cache(maxsize=1024)
def guesses(name: str) -> bool:
    """Whether a tool guesses passwords."""
    return _GUESSES.match(name) is not None


def mines(words: str) -> bool:
    """Whether a program is told to mine coins for somebody."""
    for sign in _SIGNS_OF_MINING:
        if sign in words:
            return _MINES.search(words) is not None
    return False


@lru_cache(maxsize=1024)
def purpose(name: str) -> tuple[str, ...]:
    """What a tool that is made for attacks is for: an act, a target and traits; nothing if its name does not say."""
    plain = _plain(name)
    if plain in _CREDENTIALS or _TAKES.search(plain):
        return ("read", "authority", "offensive")
    if plain in _LISTENERS or "keylog" in plain:
        return ("read", "keyboard", "offensive")
    if _RISES.search(plain):
        return ("become", "account", "privileged", "offensive")
    return ("connect", "host", "offensive") if plain in _TUNNELS or plain.startswith("dnscat") else ()
