"""What a path, a host or a URL is, in the words of `facts.TARGETS`.

For all readers, and for Unix, macOS and Windows alike: nothing is looked up on this machine, so the answer does not
depend on where it is asked.
"""

from __future__ import annotations

import posixpath
import re
import socket
from functools import lru_cache
from ipaddress import AddressValueError, IPv4Address, IPv6Address


_LONGEST_PATH = 4096
_LONGEST_HOST = 255

_HOME = re.compile(
    r"^(?:~[\w.-]*|\$\{?home\}?|%userprofile%|%homepath%|\$env:userprofile|/root|/home/[^/]+|/users/(?!public(?:/|$))[^/]+)(?=/|$)"
)
_DRIVE = re.compile(r"^(?:[a-z]:(?=/|$)|%systemdrive%|\$env:systemdrive)")
_NAMED_FOLDERS = (
    (re.compile(r"^(?:%(?:systemroot|windir)%|\$env:(?:systemroot|windir))"), "/windows"),
    (re.compile(r"^(?:%(?:temp|tmp)%|\$env:(?:temp|tmp)|\$\{?tmpdir\}?)"), "/tmp"),
    (re.compile(r"^(?:%(?:local)?appdata%|\$env:(?:local)?appdata)"), "~/appdata"),
    (re.compile(r"^(?:%programdata%|\$env:programdata)"), "/programdata"),
    (re.compile(r"^(?:%programfiles(?:\(x86\))?%|\$env:programfiles)"), "/program files"),
)

# Each is looked for in a path in lower case with `/` between its parts, in which a home folder is `~` and a drive is
# nothing. The first that fits says what the path is.
_PATHS: tuple[tuple[str, str], ...] = (
    ("harmless", r"/dev/(?:null|zero|full|u?random|stdin|stdout|stderr|fd(?:/.*)?|tty|ptmx|pts/\d+)$ | ^nul$"),
    ("network_device", r"/dev/(?:tcp|udp)/"),
    (
        "device",
        r"""
        /dev/(?:[shv]d[a-z]|xvd|nvme|mmcblk|disk|rdisk|md\d|dm-|mapper/|loop\d|sg\d|sr\d|mem$|kmem$|port$|ad\d
            |da\d)
        | ^//[.?]/(?:physicaldrive|[a-z]:$|harddisk)
        """,
    ),
    ("process", r"^/proc/[^/]+/(?:mem|maps|syscall)$"),
    ("root", r"^/(?:\*|\.\*)?$ | ^/\.\.?(?:/\*)?$"),
    (
        "history",
        r"""
        /\.?\w*_history$ | /\.history$ | /\.(?:lesshst|viminfo|wget-hsts)$ | consolehost_history\.txt$
        | /(?:google/chrome|chromium|microsoft/edge|brave-browser)/.*/history$ | /places\.sqlite$
        """,
    ),
    (
        "startup",
        r"""
        /authorized_keys2?$ | /\.ssh/(?:rc|environment)$
        | ^~/\.(?:bash(?:rc|_profile|_login|_logout|_aliases)|profile|z(?:shrc|shenv|profile|login|logout)
            |kshrc|cshrc|tcshrc|login|logout|xinitrc|xsession|xprofile|inputrc|vimrc|emacs|pam_environment|shrc
            |pythonstartup)$
        | /(?:bash|zsh|csh|ksh)\.?(?:rc|shrc|\.bashrc|_profile)$
        | ^/etc/(?:profile|environment|bash\.bashrc|bashrc|zshrc|zshenv|csh\.cshrc|rc\.local|inittab|crontab
            |anacrontab|ld\.so\.preload|ld\.so\.conf)
        | ^/etc/(?:profile\.d|cron[.\w-]*|init\.d|rc\d?\.d|systemd|init|update-motd\.d|xdg/autostart|skel
            |udev/rules\.d|modules-load\.d|xinetd\.d|security/limits\.d|emond\.d|apt/apt\.conf\.d|periodic
            |rc\.d|rc\.conf)(?:/|$)
        | ^/(?:usr/(?:local/)?)?lib/systemd/ | ^/var/spool/(?:cron|at) | ^/var/at/
        | /\.config/(?:autostart|systemd|fish)(?:/|$)
        | /library/(?:launchagents|launchdaemons|startupitems|scriptingadditions)
        | /com\.apple\.loginwindow | /backgrounditems\.btm | ^/etc/motd
        | /start[ ]?menu/programs/startup | /\.git/hooks/(?!.*\.sample$) | /(?:site|user)customize\.py$
        | /autorun\.inf$
        | /site-packages/[^/]+\.pth$ | /windows/(?:system32|sysnative)/tasks(?:/|$)
        | ^(?:hk\w+:?|registry)/.*(?:/run(?:once)?|/winlogon|/services|/image[ ]file)
        | /windowspowershell/.*profile\.ps1$ | /powershell/.*profile\.ps1$ | /\.config/powershell/
        """,
    ),
    (
        "authority",
        r"""
        ^/etc/(?:g?shadow|sudoers|security/opasswd|master\.passwd|spwd\.db|doas\.conf|krb5\.keytab)
        | ^/(?:usr/)?local/etc/(?:sudoers|doas) | ^/etc/polkit | /share/polkit | /base-passwd/ | /tcb/
        | /private/etc/master\.passwd | /windows/(?:system32/config|repair)/(?:sam|system|security)
        | /ntds(?:/|\.dit) | lsass | ^/var/db/dslocal | ^(?:hklm|hkey_local_machine):?/(?:sam|security)
        """,
    ),
    (
        "account",
        r"""
        ^/(?:private)?/?etc/(?:passwd|group|subuid|subgid|login\.defs|shells)-?$ | ^/etc/(?:passwd|group)\b
        """,
    ),
    (
        "secret",
        r"""
        /\.ssh(?:/(?!known_hosts|config$|.*\.pub$).*)?$
        | /(?:id_(?:rsa|dsa|ecdsa|ed25519)|ssh_host_\w+_key)(?:_\w+)?$ | ^id_(?:rsa|dsa|ecdsa|ed25519)$
        | /local[ ]storage/leveldb(?:/.*)?$
        | /\.(?:aws|azure|gnupg|password-store|config/gcloud|local/share/keyrings|docker/config\.json
            |kube/config|vault-token|netrc|pgpass|my\.cnf|git-credentials|pypirc|npmrc|boto|s3cfg|electrum
            |bitcoin|ethereum|monero|oci|mozilla|thunderbird
            |config/(?:google-chrome|chromium|brave[\w-]*|signal|discord|slack)
            |local/share/telegramdesktop|ssh-agent)(?:/.*)?$
        | (?:^|/)(?:\.env(?:\.(?!example|sample|template|dist)\w+)?|\.netrc|_netrc|\.pgpass|\.htpasswd
            |\.git-credentials|wallet\.dat|login[ ]?data|cookies(?:\.sqlite|\.binarycookies)?|key[34]\.db
            |logins\.json|signons\.sqlite|local[ ]state|web[ ]data|credentials(?:\.db|\.xml|\.json|\.ya?ml)?
            |secrets?\.(?:json|ya?ml|toml|env|xml)|master\.key|unattend\.xml|groups\.xml|(?:service[_-]?account
            |client_secret)[\w.-]*\.json|(?:access_)?tokens?\.db)$
        | \.(?:kdbx?|keytab|ppk|keystore|jks|p12|pfx|ovpn|keychain(?:-db)?)$
        | (?:^|/)[\w.-]*(?:private|server|ssl|rsa|key)[\w.-]*\.(?:pem|key)$
        | /etc/(?:ssl/private|ssh/ssh_host|ipsec\.secrets|ppp/(?:chap|pap)-secrets|kubernetes/(?:pki
            |admin\.conf)|wireguard|openvpn)
        | /proc/(?:self|\d+|\*|[^/]*\$[^/]*)/environ$ | ^/(?:var/)?run/secrets
        | /library/(?:mail|messages|cookies|safari|group[ ]containers/[^/]*notes
            |application[ ]support/(?:addressbook|google
            |firefox|com\.apple\.tcc|mobilesync|signal|telegram))(?:/|$)
        | (?:^|/)notestore\.sqlite | /(?:outlook|mail)/.*\.(?:pst|ost|olm)$
        | /serviceaccount | /keychains(?:/|$) | /appdata/.*/(?:credentials|protect|vault)(?:/|$)
        | (?:/appdata(?:/roaming|/local)?|/application[ ]support|/\.config)/(?:exodus|electrum|atomic|coinomi|guarda
            |armory|bytecoin|zcash|solana|metamask|ledger[ ]live|jaxx)(?:/|$)
        | ^/etc/(?:networkmanager/system-connections|wpa_supplicant/.*\.conf|wpa_supplicant\.conf
            |mysql/debian\.cnf|rancher/k3s/k3s\.yaml)
        | ^/var/lib/(?:kubelet/(?:kubeconfig|pki/)|rancher/k3s/server/(?:token|cred|tls))
            | /\.config/(?:gh/hosts\.ya?ml|rclone/rclone\.conf
            |filezilla/|remmina/|hub$) | /\.(?:purple/accounts\.xml|terraform\.d/credentials|cargo/credentials
                |gem/credentials|remmina/
            |filezilla/) | (?:^|/)(?:sitemanager|recentservers)\.xml$
        | /discord/local[ ]storage | /(?:firefox|thunderbird)/profiles
        """,
    ),
    (
        "container",
        r"""
        /docker\.sock$ | /containerd\.sock$ | /crio\.sock$ | /\.dockerenv$ | /release_agent$
        """,
    ),
    (
        "security",
        r"""
        ^/etc/(?:iptables|nftables|ufw|firewalld|selinux|apparmor|audit|pam\.(?:d|conf)|hosts\.(?:deny|allow)|fail2ban|pf\.conf
            |ipfw|crowdsec|sysctl|security|ssh/sshd_config|rsyslog|syslog|ssl/certs|ca-certificates|libaudit
            |auditbeat|falco|clamav)
        | /windows[ ]defender | /symantec | /crowdstrike | /carbonblack | /var/ossec | /sys/fs/selinux
        | /tcc\.db$ | ^/usr/(?:local/)?share/(?:ca-certificates|certs)(?:/|$)
        """,
    ),
    (
        "log",
        r"""
        ^/(?:private/)?var/log(?:/|$) | ^/var/(?:run|adm)/(?:utmp|wtmp|lastlog)
        | /(?:wtmp|btmp|utmp|lastlog|audit\.log|auth\.log|syslog)$ | /winevt/ | \.evtx?$ | ^/library/logs
        | ^~/library/logs | /var/audit | ^/var/spool/mail | ^/var/mail | /containers/.*-json\.log$
        """,
    ),
    (
        "kernel",
        r"""
        ^/proc(?:/|$) | ^/sys(?:/|$) | ^/(?:usr/)?lib/modules | \.ko(?:\.xz)?$ | /windows/system32/drivers
        """,
    ),
    (
        "temp",
        r"""
        ^/(?:private/)?(?:var/)?tmp(?:/|$) | ^/dev/shm(?:/|$) | ^/var/folders/ | /appdata/local/temp
        | ^/windows/temp | ^/(?:var/)?run/user/ | ^/users/public(?:/|$) | ^/perflogs/ | ^/\$recycle\.bin
        """,
    ),
    ("repository", r"(?:^|/)\.(?:git|hg|svn)$"),
    (
        "home",
        r"""
        ^~(?:/(?:\*|\.\*|\.)?)?$
        | ^~/(?:documents|desktop|pictures|downloads|music|videos|movies|library)(?:/\*?)?$
        | ^/(?:home|users)(?:/\*?)?$
        """,
    ),
    (
        "system",
        r"""
        ^/(?:etc|usr|bin|sbin|lib\w*|boot|var(?!/www/)|run|dev|snap|private|library|windows|efi|recovery|bootmgr
            |pagefile)(?:/|$)
        | ^/system/(?:library|applications|volumes|drivers|app|priv-app|bin|lib\w*|etc|framework)(?:/|$)
        | ^/(?:opt|srv|mnt|media|applications|program[ ]files[^/]*|programdata|var/www|nix|app)(?:/\*?)?$
        | ^(?:hk(?:lm|cu|cr|u)|hkey_\w+|registry):?/ | ^/(?:vmlinuz|initrd) | /system32/ | \.(?:sys|efi)$
        """,
    ),
)
_PATH = tuple((target, re.compile(pattern, re.DOTALL | re.VERBOSE)) for target, pattern in _PATHS)
_HAS_PLACE = re.compile(r"[/~\\$%.:]|^nul$|^id_|cred|secret|token|cookie|wallet|login|key|\*|lsass", re.IGNORECASE)


@lru_cache(maxsize=4096)
def target_of_path(path: str) -> str:
    """What a path leads to: one of `facts.TARGETS`, `file` if it is nothing in particular."""
    if len(path) > _LONGEST_PATH or not _HAS_PLACE.search(path):
        return "file"
    plain = _plain(path)
    for target, pattern in _PATH:
        if pattern.search(plain):
            return {"harmless": "temp", "network_device": "host"}.get(target, target)
    return "file"


def _plain(path: str) -> str:
    """The path as `_PATHS` has it."""
    plain = path.strip().strip("\"'").replace("\\", "/").lower()
    plain = plain.removeprefix("file://localhost").removeprefix("file://")
    while plain.startswith("//") and not plain.startswith(("//./", "//?/")):
        plain = plain[1:]
    for folder, name in _NAMED_FOLDERS:
        plain = folder.sub(name, plain, count=1)
    plain = _DRIVE.sub("", plain, count=1) or "/"
    if plain.startswith("//") and not plain.startswith(("//./", "//?/")) and "//" in plain[2:]:
        plain = plain.replace("//", "/")
    if plain.startswith(("//./", "//?/")):
        return plain
    is_folder = plain.endswith("/") and plain != "/"
    plain = posixpath.normpath(plain)
    # However many folders up, it ends at the root.
    if plain.startswith("../../.."):
        plain = "/" + plain.lstrip("./")
    plain = _HOME.sub("~", plain, count=1).removeprefix("/private") or "/"
    return plain + "/" if is_folder and plain not in ("/", "~") else plain


_ORDINARY = re.compile(
    r"^/(?:opt|srv|mnt|media|run|usr/local/(?:s?bin|share|lib|src|include|man|go|opt|var)|usr/src|Applications"
    r"|var/(?:www|lib|cache|tmp|opt|backups))/(?!.*\*)[^/]"
)


def target_of_data(path: str) -> str:
    """As `target_of_path`, but where software and data of users are put in the course of things is a `file`.

    What is installed below `/opt`, or served from `/var/www`, is nothing that the system itself needs.
    """
    target = target_of_path(path)
    return "file" if target == "system" and _ORDINARY.match(path) else target


# What packages bring and take away again: their settings, their data and what they have cached
_OF_PACKAGES = re.compile(
    r"^/(?:etc/(?!(?:ssh|ssl|security|systemd|network|netplan|default|apt|cron[.\w]*|init\.d|rc\d?\.d|profile\.d)/)[^/*]+/[^/]"
    r"|usr/(?:share|lib|lib64|libexec|include|local)/[^/*]+/[^/]|var/(?:lib|cache|spool|tmp|run|opt|backups)/[^/*]+)"
)


# One thing of many that the system starts
_ONE_OF_STARTUP = re.compile(
    r"^/(?:etc|(?:usr/)?lib)/systemd/(?:system|user)/(?:[\w.@-]+\.(?:wants|requires|d)/)?[\w.@-]+"
    r"\.(?:service|socket|timer|path|mount|target|conf)$"
    r"|^/etc/(?:profile\.d|cron\.(?:d|daily|hourly|weekly|monthly)|init\.d|udev/rules\.d|apt/apt\.conf\.d)/[\w.@${}\"-]+$"
)


def target_of_deleted(path: str) -> str:
    """As `target_of_data`, for what is deleted: what belongs to one package is a `file`."""
    target = target_of_data(path)
    if ".." in path or target not in ("system", "startup"):
        return target
    if target == "startup":
        return "file" if _ONE_OF_STARTUP.match(path) else target
    return "file" if _OF_PACKAGES.match(path) else target


# What administrators write for programs: their settings, and what the programs make for themselves
_FOR_PROGRAMS = re.compile(
    r"^/etc/(?!(?:ssh|ssl|pki|security|systemd|network|netplan|NetworkManager|apt|yum[\w.]*|dnf|cron[.\w]*|init\.d|rc\d?\.d"
    r"|profile\.d|ld\.so\.conf\.d|modprobe\.d|sudoers\.d|pam\.d|polkit-1|dbus-1|udev|sysctl\.d|X11|xdg|selinux"
    r"|ca-certificates\w*|update-motd\.d|kernel|grub\.d|initramfs-tools|dpkg|alternatives|default|skel|passwd|sudo"
    r"|kubernetes|docker|openvpn|wireguard|ppp|rsyslog\.d|logrotate\.d|audit)/)[\w.-]+/[^/]"
    r"|^/etc/(?:locale\.gen|locale\.conf|timezone|localtime|vconsole\.conf|papersize|motd|issue(?:\.net)?|nologin(?:\.txt)?)$"
    r"|^/(?:var/)?run/(?:reboot-required|[\w.-]+\.(?:pid|lock|sock)|[\w-]+/)|^/usr/share/[^/*]+/[^/]"
)


def target_of_written(path: str) -> str:
    """As `target_of_data`, for what is written: the settings of a program that is no part of the system are a"
    " `file`."""
    target = target_of_data(path)
    return "file" if target == "system" and ".." not in path and _FOR_PROGRAMS.match(path) else target


_HIDDEN = re.compile(
    r"^/(?:private/)?(?:var/)?tmp/(?:[^/]+/)*\.(?!X11-unix|X\d+-lock|ICE-unix|font-unix|XIM-unix|cache|git|\.|/)[\w-]|^/dev/shm/(?:[^/]+/)*\.[\w-]|/\.\.\."
)


def is_hidden(path: str) -> bool:
    """Whether something is put where nobody looks: with a dot before its name, where everybody may write."""
    return _HIDDEN.search(path) is not None


_METADATA = (
    "169.254.169.254",
    "169.254.170.2",
    "169.254.169.253",
    "100.100.100.200",
    "168.63.129.16",
    "fd00:ec2::254",
)
_METADATA_NAMES = ("metadata.google.internal", "metadata.goog", "metadata.azure.com", "instance-data")

# Where whoever takes data away has it sent, by what they are: pastes, file drops, request bins, tunnels.
_DROPS = frozenset(
    (
        *("pastebin.com", "hastebin.com", "paste.ee", "ix.io", "sprunge.us", "termbin.com", "dpaste.org"),
        *("ghostbin.com", "rentry.co", "controlc.com", "justpaste.it", "privatebin.net", "0bin.net", "paste.rs"),
        *("transfer.sh", "file.io", "0x0.st", "gofile.io", "anonfiles.com", "catbox.moe", "temp.sh", "bashupload.com"),
        *("filebin.net", "oshi.at", "tmpfiles.org", "uguu.se", "mega.nz", "sendspace.com", "keep.sh"),
        *("webhook.site", "requestbin.com", "requestbin.net", "requestcatcher.com", "pipedream.net", "hookbin.com"),
        *("beeceptor.com", "postb.in", "ptsv2.com", "ptsv3.com", "mocky.io", "requestrepo.com", "typedwebhook.tools"),
        *("burpcollaborator.net", "oastify.com", "interact.sh", "oast.fun", "oast.pro", "oast.live", "oast.site"),
        *("oast.online", "oast.me", "dnslog.cn", "ceye.io", "canarytokens.com", "xss.ht", "bxss.me"),
        *("ngrok.io", "ngrok.com", "ngrok.app", "ngrok-free.app", "ngrok.dev", "serveo.net", "localhost.run"),
        *("loca.lt", "localtunnel.me", "trycloudflare.com", "portmap.io", "portmap.host", "pagekite.me", "bore.pub"),
        *("duckdns.org", "no-ip.org", "no-ip.com", "ddns.net", "hopto.org", "zapto.org", "dyndns.org", "sytes.net"),
        *("onion", "i2p", "onion.ly", "onion.ws", "tor2web.org"),
        *("grabify.link", "iplogger.org", "iplogger.com", "2no.co"),
        # What people who write about attacks call the host that they send things to
        *("attacker.com", "evil.com", "attacker.example", "evil.example", "attacker.test", "evil.test", "hacker.com"),
    )
)
_DROP_URL = re.compile(
    r"discord(?:app)?\.com/api/(?:v\d+/)?webhooks/|api\.telegram\.org/bot|hooks\.slack\.com/"
    r"|script\.google\.com/macros",
    re.IGNORECASE,
)
_DROP_WORD = re.compile(
    r"(?:^|[.-])(?:attacker|evil|exfil\w*|c2|c2server|hacker|malicious|malware|phish\w*)(?:[.-]|$)"
)
_PRIVATE_NAMES = ("internal", "local", "lan", "intranet", "corp", "home.arpa", "svc", "cluster.local")

_URL = re.compile(r"^\s*([a-z][a-z0-9+.-]{0,30}):/{1,3}([^/?#\s]*)", re.IGNORECASE)


def host_in_url(url: str) -> str | None:
    """The host of a URL, without user and port; `None` if it is no URL with a host."""
    parts = _URL.match(url)
    if parts is None or parts[1].lower() == "file":
        return None
    return host_without_port(parts[2].replace("\\", "/").split("/")[0].rpartition("@")[2]) or None


def host_without_port(place: str) -> str:
    """The host in `host:port`, `[v6]:port` or just a host."""
    if place.startswith("["):
        return place[1:].partition("]")[0]
    return place if place.count(":") > 1 else place.partition(":")[0]


def target_of_url(url: str) -> str:
    """What a URL leads to: a kind of host, or of a path if it is a `file:` URL; `unknown` if it is no URL."""
    if url[:5].lower() == "file:":
        return target_of_path(url[5:])
    host = host_in_url(url[:_LONGEST_PATH])
    if host is None:
        return "unknown"
    return "drop_host" if _DROP_URL.search(url[:_LONGEST_PATH]) else target_of_host(host)


@lru_cache(maxsize=4096)
def target_of_host(host: str) -> str:
    """What a host's name or address stands for: `loopback`, `private_host`, `metadata_host`, `drop_host` or `host`."""
    name = host_without_port(host.strip()[:_LONGEST_HOST].lower()).rstrip(".")
    if not name:
        return "unknown"
    if name in _METADATA_NAMES:
        return "metadata_host"
    address = _address(name)
    if address is not None:
        return _target_of_address(address)
    if name == "localhost" or name.endswith(".localhost"):
        return "loopback"
    labels = name.split(".")
    suffixes = {".".join(labels[start:]) for start in range(max(0, len(labels) - 4), len(labels))}
    if suffixes & _DROPS or _DROP_WORD.search(name):
        return "drop_host"
    return "private_host" if suffixes & set(_PRIVATE_NAMES) or "." not in name else "host"


def _address(name: str) -> IPv4Address | IPv6Address | None:
    try:
        if ":" in name:
            address = IPv6Address(name.partition("%")[0])
            return address.ipv4_mapped or address
        # As the C library reads it: 0x7f.1 and 2130706433 are addresses as well
        return IPv4Address(socket.inet_aton(name)) if name[0].isdigit() and name.isascii() else None
    except (AddressValueError, OSError, ValueError):
        return None


def _target_of_address(address: IPv4Address | IPv6Address) -> str:
    if str(address) in _METADATA:
        return "metadata_host"
    if address.is_loopback or address.is_unspecified:
        return "loopback"
    return "private_host" if address.is_private or address.is_link_local else "host"
