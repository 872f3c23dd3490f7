"""Commands that speak to the network."""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

from .attack_tools import is_for_attacks
from .places import host_in_url, target_of_host, target_of_path, target_of_url
from .shell_call import Call
from .shell_values import EMPTY, ORIGINS, Value, join


NETWORK = frozenset(("from_network",))
_CURL = (
    "o d F T X H A b e u x U m E c w C r D K y Y z t h data data-binary data-raw data-urlencode data-ascii form json "
    "form-string upload-file output request header user-agent cookie referer user proxy cert key cacert max-time "
    "connect-timeout url write-out retry retry-delay resolve interface limit-rate cookie-jar config range "
    "max-filesize "
    "cert-type key-type pass ciphers dump-header output-dir socks5 socks5-hostname unix-socket url-query"
)
_WGET = (
    "O o a i P U e t T w Q B l A R D post-file post-data body-file body-data output-document method header user-agent "
    "directory-prefix user password tries timeout input-file output-file certificate private-key referer"
)
_REMOTE = re.compile(r"^(?![a-zA-Z]:[\\/])(?:[\w.$@{}-]+@)?[\w.$\[\]{}-]+:(?!//)|^(?:rsync|sftp|scp|ftp|s3|gs|ssh)://")


# Of the interface of a container's engine
_PRIVILEGED_CONTAINER = re.compile(r"\"Privileged\"\s*:\s*true|\"Binds\"\s*:\s*\[\s*\"/:", re.IGNORECASE)


def _url(value: Value) -> str:
    return value.text if "://" in value.text else f"http://{value.text}"


def _place(value: Value) -> str:
    text = _url(value)
    host = host_in_url(text)
    if host and "$" in host and host[0].isdigit():  # `http://127.0.0.1$path`
        return target_of_host(host.partition("$")[0])
    return "host" if host is None or "$" in host else target_of_url(text)


def _sent_file(call: Call, value: Value, mark: str = "@") -> Value:
    """What is sent if a file is named after a mark."""
    before, at, path = value.text.partition(mark)
    if not at or (mark == "@" and before and not before.endswith("=")):
        return value
    path = path.partition(";")[0]
    if path in ("-", "/dev/stdin", ""):
        return call.stdin._replace(traits=call.stdin.traits | value.traits)
    target = target_of_path(call.path(Value(path)))
    call.fact("read", target, detail=path)
    content = call.shell.content(path)
    elsewhere = {"from_elsewhere"} if path[:1] in ("/", "~") or path.startswith("$HOME") else frozenset()
    traits = content.traits | value.traits | {"from_file"} | ({"bulk"} if "*" in path else frozenset()) | elsewhere
    return content._replace(traits=traits)


# A command in a request, for somebody's program on a server to be run
_COMMAND_IN_URL = re.compile(r"[?&](?:cmd|command|exec|execute|shell|c)=([^&\s]{2,500})", re.IGNORECASE)
_ENCODED_NAME = re.compile(r"^[A-Za-z0-9+/]{8,}={1,2}\.")
_LOOKS_RUN = re.compile(r"^(?:/|\w+[\s;|]|(?:id|whoami|ls|pwd|env|ps|ifconfig|hostname|uname|w)$)")


def _through_web_shell(call: Call, url: str) -> None:
    match = _COMMAND_IN_URL.search(url)
    command = unquote_plus(match[1]) if match else ""
    if _LOOKS_RUN.match(command):
        call.fact("run_code", "host", "from_input", detail=command)
        call.shell.script(command)


def curl(call: Call) -> Value:
    options = call.options(_CURL)
    sent = [
        _sent_file(call, value) for value in options.all("d", "data", "data-binary", "data-ascii", "F", "form", "json")
    ]
    sent += [_sent_file(call, value) for value in options.all("data-urlencode")]
    sent += options.all(
        "data-raw", "form-string", "H", "header", "b", "cookie", "u", "user", "A", "user-agent", "url-query"
    )
    uploads = options.has(
        "d", "data", "data-binary", "data-ascii", "F", "form", "json", "data-raw", "data-urlencode", "T"
    )
    for value in options.all("T", "upload-file"):
        sent.append(_sent_file(call, Value("@" + value.text, traits=value.traits)))
    urls = options.operands + options.all("url")
    if any("docker.sock" in value.text for value in options.all("unix-socket")):
        call.fact("connect", "container")
    if any(_PRIVILEGED_CONTAINER.search(value.text) for value in sent):
        call.fact("escape", "container")
    traits: frozenset[str] = frozenset().union(*(value.traits for value in (*sent, *urls))) & ORIGINS
    traits -= NETWORK if "from_secret" not in traits else frozenset()
    outputs = options.all("o", "output")
    for url in urls or [Value("$url", False)]:
        text = _url(url)
        if text.lower().startswith("file:"):
            call.fact("read", target_of_url(text), detail=text)
            return call.shell.content(text[5:].removeprefix("//"))
        where = _place(url)
        if _ENCODED_NAME.match(host_in_url(text) or ""):
            call.fact("resolve", "host", "hidden", detail=url.text)
        _through_web_shell(call, text)
        if is_for_attacks(text):
            call.fact("download", where, "offensive", detail=url.text)
        if uploads or options.has("upload-file") or traits:
            call.fact("upload", where, *traits, detail=url.text)
        else:
            call.fact("download" if outputs or options.has("O", "remote-name") else "connect", where, detail=url.text)
        got = Value(f"$(curl {text})", False, NETWORK | ({"decoded"} if where == "drop_host" else frozenset()))
        if options.has("O", "remote-name"):
            call.shell.store(text.partition("?")[0].rstrip("/").rpartition("/")[2], got)
    for output in outputs:
        if output.text != "-":
            call.shell.write(output.text, Value("$(curl)", False, NETWORK), call.text)
    return Value("$(curl)", False, NETWORK) if not outputs or outputs[0].text == "-" else EMPTY


def wget(call: Call) -> Value:
    options = call.options(_WGET)
    sent = [_sent_file(call, value._replace(text="@" + value.text)) for value in options.all("post-file", "body-file")]
    sent += options.all("post-data", "body-data", "header", "U", "user-agent")
    uploads = options.has("post-file", "body-file", "post-data", "body-data")
    outputs = options.all("O", "output-document")
    got = Value("$(wget)", False, NETWORK)
    for url in options.operands or [Value("$url", False)]:
        traits = frozenset().union(url.traits, *(value.traits for value in sent)) & ORIGINS - NETWORK
        call.fact("upload" if uploads or traits else "download", _place(url), *traits, detail=url.text)
        if is_for_attacks(url.text):
            call.fact("download", "host", "offensive", detail=url.text)
        if not outputs:
            folder = options.all("P", "directory-prefix")
            name = url.text.partition("?")[0].rstrip("/").rpartition("/")[2]
            call.shell.store(f"{folder[0].text.rstrip('/')}/{name}" if folder else name, got)
    for output in outputs:
        if output.text in ("-", "/dev/stdout"):
            return got
        call.shell.write(output.text, got, call.text)
    return EMPTY if not any("O" in flag and flag.endswith("-") for flag in options.flags) else got


def fetch(call: Call) -> Value:
    """Other clients: aria2c, axel, http, fetch, lwp-download ..."""
    options = call.options("o d x s out output dir")
    traits = call.stdin.traits & ORIGINS
    words = [word for word in options.operands if word.text.upper() not in ("GET", "POST", "PUT", "DELETE", "HEAD")]
    for word in words[:1]:
        call.fact("upload" if traits else "download", _place(word), *traits, detail=word.text)
    got = Value("$(network)", False, NETWORK)
    for output in options.all("o", "out", "output"):
        if output.text != "-":
            call.shell.store(output.text, got)
    if words:
        call.shell.store(words[0].text.partition("?")[0].rstrip("/").rpartition("/")[2], got)
    return got


def ask(call: Call) -> Value:
    """`finger`, `whois`: their protocols carry whatever the other side says, and what it is asked."""
    question = join(call.args) if call.args else EMPTY
    if any("@" in text or "-h" in text for text in call.texts) or call.name == "whois" and call.args:
        call.fact("upload" if question.traits & ORIGINS - NETWORK else "connect", "host", origin=question)
        return Value(f"$({call.name})", False, NETWORK)
    return Value(f"$({call.name})", False)


def netcat(call: Call) -> Value:
    options = call.options("e c p s w i q g G x X P exec sh-exec lua-exec source")
    listens = options.has("l", "listen")
    programs = options.all("e", "c", "exec", "sh-exec", "lua-exec")
    hosts = [word for word in options.operands if not word.text.isdigit()]
    where = target_of_host(hosts[0].text) if hosts and "$" not in hosts[0].text else "host"
    # `0/tmp/pipe`, for `0</tmp/pipe`
    if programs or any(word.text.startswith("0/") for word in options.operands):
        call.fact("run_process", where, "reverse", "interactive", detail=call.text[:80])
        return EMPTY
    if options.has("z"):
        ports = call.shell.in_loop or any(re.fullmatch(r"\d+-\d+", word.text) for word in options.operands)
        call.fact("connect", where, "bulk", *(("offensive",) if ports else ()))
    elif listens:
        call.fact("listen", "host", origin=call.stdin)
        if call.stdin.traits & {"from_secret", "from_system"}:
            call.fact("upload", "host", origin=call.stdin)
    elif call.stdin.traits & ORIGINS - NETWORK:
        call.fact("upload", where, origin=call.stdin)
    else:
        call.fact("connect", where)
    return Value("$(network)", False, NETWORK)


def socat(call: Call) -> Value:
    words = " ".join(call.texts)
    network = re.search(r"(?i)\b(?:tcp|udp|openssl|ssl|sctp)\d?(?:-\w+)?:", words)
    if network and re.search(r"(?i)\b(?:exec|system|shell):", words):
        call.fact("run_process", "host", "reverse", "interactive")
    elif network:
        call.fact("listen" if "listen" in words.lower() else "connect", "host", origin=call.stdin)
        for path in re.findall(r"(?i)(?:file|open|gopen):([^,\s]+)", words):
            content = call.shell.content(path)
            call.fact("upload", "host", origin=content)
    return Value("$(network)", False, NETWORK)


def zsh_connection(call: Call) -> Value:
    """`ztcp`: the shell itself is connected, which only those do who want to be given one."""
    call.fact("connect", "host", *(("reverse",) if len(call.args) > 1 else ()))
    return EMPTY


def rust_cat(call: Call) -> Value:
    options = call.options("s shell l e exec")
    shell = options.all("s", "shell", "e", "exec")
    call.fact("run_process" if shell else "connect", "host", *(("reverse", "interactive") if shell else ()))
    return Value("$(network)", False, NETWORK)


def telnet(call: Call) -> Value:
    if any(word.text.startswith("0/") for word in call.args):
        call.fact("run_process", "host", "reverse", "interactive")
    call.fact("upload" if call.stdin.traits & ORIGINS - NETWORK else "connect", "host", origin=call.stdin)
    return Value("$(network)", False, NETWORK)


def ssh(call: Call) -> Value:
    options = call.options("i p l o F L R D J W c e m b E I Q S w B", stop=True)
    operands = options.operands
    call.fact("upload" if call.stdin.traits & ORIGINS - NETWORK else "connect", "host", origin=call.stdin)
    if len(operands) > 1:
        files, variables = call.shell.files, call.shell.variables
        call.shell.files, call.shell.variables = {}, dict(variables)
        call.shell.script(join(operands[1:], " ").text, call.stdin)
        call.shell.files, call.shell.variables = files, variables
    return Value("$(ssh)", False, NETWORK)


def remote_copy(call: Call) -> Value:
    options = call.options(
        "P i o F c l J S e f rsh port include exclude exclude-from files-from bwlimit password-file log-file"
    )
    operands = options.operands
    if len(operands) < 2:
        return EMPTY
    *sources, target = operands
    if _REMOTE.match(target.text):
        contents = []
        for source in sources:
            call.fact("read", target_of_path(call.path(source)), detail=source.text)
            content = call.shell.content(source.text)
            contents.append(content._replace(traits=content.traits | source.traits & ORIGINS | {"from_file"}))
        host = target.text.partition(":")[0].rpartition("@")[2]
        where = target_of_host(host) if "$" not in host else "host"
        call.fact("upload", where, origin=join(contents), detail=target.text)
    elif any(_REMOTE.match(source.text) for source in sources):
        call.fact("download", "host", detail=sources[0].text)
        call.shell.write(target.text, Value("$(remote)", False, NETWORK), call.text)
    else:
        for source in sources:
            call.fact("read", target_of_path(call.path(source)), detail=source.text)
        if options.has("delete", "delete-after", "del", "delete-before", "delete-excluded"):
            call.fact("delete", call.place(target), "recursive")
        call.shell.write(target.text, call.shell.content(sources[0].text), call.text)
    return EMPTY


def look_up(call: Call) -> Value:
    value = join(call.args, " ") if call.args else EMPTY
    encoded = re.search(
        r"\$\(.*\b(?:base64|base32|xxd|b64encode|hexdump|od)\b|`.*\b(?:base64|base32|xxd)\b", call.text
    )
    # A name below that of a host where anybody may look what was asked for
    drops = any(target_of_host(word.text.rpartition("$")[2]) == "drop_host" for word in call.args if "." in word.text)
    call.fact(
        "resolve", "drop_host" if drops else "host", *(("hidden",) if encoded else ()), detail=value.text, origin=value
    )
    if "axfr" in call.text.lower():
        call.fact("connect", "host", "bulk")
    return Value(f"$({call.name})", False, NETWORK)


# Every address of a network, one after the other
_SWEEPS = re.compile(r"\b(?:\d{1,3}\.){2,3}\$\{?\w")


def ping(call: Call) -> Value:
    value = join(call.args, " ") if call.args else EMPTY
    sweeps = call.shell.in_loop and _SWEEPS.search(call.text) is not None
    call.fact(
        "upload" if value.traits & ORIGINS - {"bulk"} else "connect",
        "host",
        *(("offensive",) if sweeps else ()),
        origin=value,
    )
    return Value("$(ping)", False)


# Whole networks, every port, or what is weak there
_WHOLE = re.compile(
    r"(?:^|\s)\S*\d\.(?:\d+|\*)/\d{1,2}(?:\s|$)|\d\.\d+-\d+(?:\s|$)|(?:^|\s)(?:-p-|-iL)|-p\s*[01]?-?6553\d"
    r"|-p\s*[01]-6553\d|--script[=\s]\S*(?:vuln|brute|exploit)"
)


def scan(call: Call) -> Value:
    wide = call.name in ("masscan", "zmap", "rustscan") or call.name == "nmap" and _WHOLE.search(" ".join(call.texts))
    call.fact("connect", "host", "bulk", *(("offensive",) if wide else ()))
    return Value("$(scan)", False, NETWORK)


_COMPRESSES = frozenset(("gzip", "bzip2", "xz", "zstd", "lz4"))


def sniff(call: Call) -> Value:
    options = call.options("r w i c s f F Y T e o d b a z j m W G Z read-file")
    for value in options.all("z"):
        if call.name == "tcpdump" and value.text.rpartition("/")[2] not in _COMPRESSES:
            call.fact("run_process", "unknown", "interactive", detail=value.text)
    if options.has("D", "list-interfaces", "r", "read-file", "G", "L", "h", "v", "version"):
        for value in options.all("r", "read-file"):
            call.fact("read", target_of_path(value.text), detail=value.text)
        return EMPTY
    call.fact("read", "traffic")
    return Value("$(traffic)", False, frozenset(("from_system",)))


def mail(call: Call) -> Value:
    options = call.options("s a A c b r S t f F q subject attach server to from body header auth-user auth-password")
    attached = [_sent_file(call, value._replace(text="@" + value.text)) for value in options.all("a", "A", "attach")]
    origin = join([call.stdin, *attached, *call.args])
    call.fact("send", "person", origin=origin)
    return EMPTY


def transfer(call: Call) -> Value:
    """`ftp`, `sftp`, `tftp`, `lftp`, `smbclient`: what is sent and got is in a script or in a here-document."""
    words = " ".join([*call.texts, call.stdin.text])
    sent = re.findall(r"\b(?:m?put|send|mirror\s+-R)\s+(\S+)", words)
    for path in sent[:5]:
        content = call.shell.content(path)
        call.fact("upload", "host", "from_file", origin=content, detail=path)
    if not sent:
        call.fact("connect", "host")
    return EMPTY


# Remotes that are named after what anybody may have without a name
_DROP_REMOTE = re.compile(r"(?i)^:?(?:mega|pcloud|put\.?io|anonfiles?|gofile|catbox|exfil|loot|drop)\w*:")


def clone(call: Call) -> Value:
    """`rclone`."""
    operands = call.options("config filter include exclude transfers").operands
    if len(operands) > 2 and operands[0].text in ("copy", "sync", "move", "copyto", "moveto"):
        if ":" in operands[2].text and ":" not in operands[1].text:
            content = call.shell.content(operands[1].text)
            where = "drop_host" if _DROP_REMOTE.match(operands[2].text) else "host"
            call.fact("upload", where, "from_file", origin=content)
        else:
            call.fact("download", "host")
    return EMPTY


def editor_tunnel(call: Call) -> Value:
    """`code tunnel`: the editor lets somebody in."""
    return tunnel(call) if call.texts[:1] == ["tunnel"] else EMPTY


def tunnel(call: Call) -> Value:
    opens = {"http", "tcp", "tls", "start", "host", "tunnel", "client", "local", "server"} & set(call.texts)
    call.fact("connect", "drop_host" if opens else "host")
    return EMPTY


COMMANDS = {
    "curl": curl,
    **dict.fromkeys(("wget", "wget2"), wget),
    **dict.fromkeys(
        ("aria2c", "axel", "http", "https", "xh", "fetch", "lwp-download", "nscurl", "lynx", "w3m", "links"), fetch
    ),
    **dict.fromkeys(("finger", "whois"), ask),
    **dict.fromkeys(("get", "post", "httrack", "youtube-dl", "yt-dlp"), fetch),
    **dict.fromkeys(("nc", "ncat", "netcat", "nc.traditional", "nc.openbsd", "cryptcat", "pwncat"), netcat),
    "socat": socat,
    "telnet": telnet,
    "ztcp": zsh_connection,
    **dict.fromkeys(("rcat", "rustcat"), rust_cat),
    **dict.fromkeys(("ssh", "autossh", "dbclient", "mosh"), ssh),
    **dict.fromkeys(("scp", "rsync", "croc"), remote_copy),
    **dict.fromkeys(("dig", "nslookup", "host", "drill", "resolvectl"), look_up),
    **dict.fromkeys(("ping", "ping6", "hping3", "nping"), ping),
    **dict.fromkeys(("nmap", "masscan", "zmap", "rustscan", "fping", "arp-scan", "netdiscover"), scan),
    **dict.fromkeys(("tcpdump", "tshark", "dumpcap", "ettercap", "dsniff", "bettercap", "ngrep"), sniff),
    **dict.fromkeys(("mail", "mailx", "sendmail", "mutt", "swaks", "ssmtp", "msmtp", "s-nail"), mail),
    **dict.fromkeys(("ftp", "sftp", "tftp", "lftp", "smbclient", "ncftpput", "ncftp"), transfer),
    **dict.fromkeys(("arpspoof", "dnsspoof"), sniff),
    "rclone": clone,
    "code": editor_tunnel,
    **dict.fromkeys(("ngrok", "cloudflared", "chisel", "frpc", "bore", "devtunnel", "ligolo"), tunnel),
}
