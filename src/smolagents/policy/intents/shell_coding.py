"""Commands that put text together, encode, pack and encrypt, and the way back."""

from __future__ import annotations

import base64
import binascii
import codecs
import re

from .places import target_of_path
from .shell_call import Call
from .shell_files import read_files
from .shell_values import EMPTY, Value, join, unescape


_DECODED = frozenset(("decoded",))


def echo(call: Call) -> Value:
    words = call.args
    escapes = call.name == "printf"
    flags = ""
    while words and re.fullmatch(r"-[neE]+", words[0].text) and not escapes:
        flags += words[0].text
        words = words[1:]
    if call.name == "printf":
        return _printf(words)
    value = join(words, " ") if words else EMPTY
    if "e" in flags:
        text = unescape(value.text)
        coded = frozenset(("decoded",)) if re.search(r"\\(?:x|0|u)[0-9a-fA-F]", value.text) else frozenset()
        value = value._replace(text=text, traits=value.traits | coded)
    return value._replace(text=value.text + ("" if "n" in flags else "\n"), pieced=False)


def _printf(words: list[Value]) -> Value:
    if not words:
        return EMPTY
    if words[0].text in ("-v", "--"):
        words = words[2:] if words[0].text == "-v" else words[1:]
        if not words:
            return EMPTY
    pattern, rest = words[0], words[1:]
    value = join(words)
    coded = frozenset(("decoded",)) if re.search(r"\\(?:x[0-9a-fA-F]|[0-3][0-7]{2}|u)", value.text) else frozenset()
    parts = re.split(r"%(?:-?\d*)[sbqdx]", pattern.text)
    if len(parts) == 1:
        text = unescape(pattern.text)
    else:
        texts: list[str] = []
        values = [word.text for word in rest] or [""]
        step = len(parts) - 1
        for start in range(0, min(len(values), 64 * step), step):
            given = values[start : start + step] + [""] * step
            texts.append("".join(part + argument for part, argument in zip(parts, [*given[:step], ""])))
        text = unescape("".join(texts))
    return Value(text, value.known, value.traits | coded)


def base64_command(call: Call) -> Value:
    options = call.options("w i o b wrap")
    source = read_files(call, options.operands) if options.operands else call.stdin
    source = join([source, *options.all("i")]) if options.values.get("i") else source
    if not (options.has("d", "D", "decode", "r") or call.name in ("b64decode", "uudecode", "base32d")):
        text = source.text
        if source.known:
            text = base64.b64encode(text.encode("utf-8", "replace")).decode()
        return source._replace(text=text if source.known else "$(base64)")
    if source.known:
        try:
            decode = base64.b32decode if call.name == "base32" else base64.b64decode
            text = decode(re.sub(r"\s", "", source.text) + "===").decode("utf-8", "replace")
            return source._replace(text=text, traits=source.traits | _DECODED)
        except (ValueError, binascii.Error):
            pass
    return Value("$(base64 -d)", False, source.traits | _DECODED)


def xxd(call: Call) -> Value:
    options = call.options("c g l s o")
    source = read_files(call, options.operands) if options.operands else call.stdin
    if not (options.has("r") or any("r" in flag for flag in options.flags)):
        return source._replace(text="$(xxd)", known=False)
    digits = re.sub(r"[^0-9a-fA-F]", "", source.text)
    if source.known and len(digits) % 2 == 0 and digits:
        return source._replace(text=bytes.fromhex(digits).decode("utf-8", "replace"), traits=source.traits | _DECODED)
    return Value("$(xxd -r)", False, source.traits | _DECODED)


def rev(call: Call) -> Value:
    source = read_files(call, call.options().operands)
    if source.known:
        return source._replace(
            text="\n".join(line[::-1] for line in source.text.split("\n")), traits=source.traits | _DECODED
        )
    return source._replace(traits=source.traits | _DECODED)


def _span(text: str) -> str:
    return re.sub(
        r"(\w)-(\w)", lambda m: "".join(map(chr, range(ord(m[1]), ord(m[2]) + 1))), unescape(text).strip("[]")
    )


def tr(call: Call) -> Value:
    operands = call.options().operands
    if call.stdin.known and len(operands) == 2 and all(value.known for value in operands):
        old, new = _span(operands[0].text), _span(operands[1].text)
        if new and old:
            new = new + new[-1] * (len(old) - len(new))
            table = dict(zip(map(ord, old), new))
            text = call.stdin.text.translate(table)
            turned = len(old) >= 26
            traits = call.stdin.traits | (_DECODED if turned else frozenset())
            return call.stdin._replace(text=text, traits=traits)
    return call.through()


def unpack(call: Call) -> Value:
    options = call.options("S c")
    if options.has("d", "decompress", "uncompress") or call.name in (
        "zcat",
        "gunzip",
        "bzcat",
        "xzcat",
        "unxz",
        "bunzip2",
        "zstdcat",
    ):
        for operand in options.operands:
            call.fact("read", target_of_path(call.path(operand)))
        return Value("$(unpacked)", False, call.stdin.traits | _DECODED)
    return read_files(call, options.operands)._replace(text="$(packed)", known=False)


def archive(call: Call) -> Value:
    """`tar`: the letters may stand without a hyphen."""
    args = call.args
    letters = args[0].text.lstrip("-") if args and not args[0].text.startswith("--") else ""
    options = call.options(
        "C T X I directory file exclude checkpoint-action to-command use-compress-program transform"
    )
    for value in options.all("checkpoint-action", "to-command", "use-compress-program", "I"):
        command = value.text.partition("exec=")[2] or value.text
        if value.text.startswith("exec=") or options.has("to-command") or "sh" in command.split("/")[-1].split():
            call.shell.script(command)
            call.fact("run_process", "unknown", "interactive" if command.endswith("sh") else "dynamic")
    operands = (
        [value for value in options.operands if value is not args[0]]
        if letters and args[0].text[:1] != "-"
        else options.operands
    )
    creates = "c" in letters or options.has("c", "create", "r", "append") or letters[:1] == "c"
    output = None
    if "f" in letters and operands:
        output, operands = operands[0], operands[1:]
    elif options.all("file"):
        output = options.all("file")[0]
    if not creates:
        for value in options.all("C", "directory"):
            call.fact("write", "file" if value.text == "/" else call.place(value), detail=value.text)
        if output is not None and output.text != "-":
            call.fact("read", target_of_path(call.path(output)), detail=output.text)
            return call.shell.content(output.text)._replace(text="$(tar)", known=False)
        return call.through()
    folder = options.all("C", "directory")
    if folder:
        operands = [value._replace(text=f"{folder[0].text.rstrip('/')}/{value.text}") for value in operands]
    content = read_files(call, operands)._replace(text="$(tar)", known=False)
    content = content._replace(traits=content.traits | {"from_file", "bulk"})
    if output is not None and output.text != "-":
        call.shell.write(output.text, content, call.text)
        return EMPTY
    return content


def zip_files(call: Call) -> Value:
    with_value = "P x i t b n password o hp" if call.name in ("zip", "zipcloak") else "o"
    options = call.options(with_value)
    operands = options.operands[1:] if call.name in ("7z", "7za", "7zr", "rar") else options.operands
    if (
        call.name in ("7z", "7za", "7zr", "rar")
        and options.operands
        and options.operands[0].text not in ("a", "u", "m")
    ):
        return EMPTY
    if not operands:
        return EMPTY
    output, sources = operands[0], operands[1:]
    content = read_files(call, sources) if sources else call.stdin
    secret = options.has("P", "e", "encrypt", "password") or any(
        flag[:1] == "p" or flag[:2] == "hp" for flag in options.flags
    )
    if secret:
        for source in sources:
            call.fact("encrypt", call.place(source), detail=source.text)
    call.shell.write(output.text, content._replace(text="$(zip)", known=False), call.text)
    return EMPTY


def gpg(call: Call) -> Value:
    options = call.options(
        "o r u cipher-algo output recipient passphrase passphrase-fd passphrase-file pinentry-mode local-user "
        "export import homedir keyserver"
    )
    if options.has("export-secret-keys", "export-secret-subkeys", "export-secret-key"):
        call.fact("read", "secret")
        return Value("$(gpg)", False, frozenset(("from_secret",)))
    content = call.stdin
    if options.has("c", "symmetric", "e", "encrypt"):
        for operand in options.operands:
            call.fact("encrypt", call.place(operand), detail=operand.text, origin=operand)
        content = read_files(call, options.operands)
    elif options.has("d", "decrypt"):
        read_files(call, options.operands)
        return Value("$(gpg -d)", False, call.stdin.traits | _DECODED)
    for output in options.all("o", "output"):
        call.shell.write(output.text, content, call.text)
    return content._replace(text="$(gpg)", known=False)


def encrypt(call: Call) -> Value:
    """`ccrypt`, `age`, `mcrypt` ..."""
    options = call.options("K k r o p R i recipient output")
    if not options.has("d", "decrypt"):
        for operand in options.operands:
            call.fact("encrypt", call.place(operand), detail=operand.text, origin=operand)
    return call.through()


def openssl(call: Call) -> Value:
    options = call.options(
        "in out k pass kfile K iv connect host port cert key inkey CAfile days subj newkey keyout name md salt S proxy"
    )
    command = options.operands[0].text if options.operands else ""
    if command == "s_client":
        host = join(options.all("connect", "host"))
        call.fact("upload" if call.stdin.traits else "connect", "host", detail=host.text, origin=call.stdin)
        return Value("$(network)", False, frozenset(("from_network",)))
    sources = options.all("in")
    content = read_files(call, sources) if sources else call.stdin
    symmetric = command == "enc" or re.match(r"(?:aes|des|bf|rc\d|camellia|chacha|aria|base64)", command)
    turned = options.has("d")
    if turned and (symmetric or command in ("rsautl", "pkeyutl")):
        if content.known and options.has("base64", "a", "A") or command == "base64" and content.known:
            try:
                text = base64.b64decode(re.sub(r"\s", "", content.text) + "===").decode("utf-8", "replace")
                content = content._replace(text=text)
            except (ValueError, binascii.Error):
                pass
        content = content._replace(traits=content.traits | _DECODED)
    elif symmetric and command != "base64" and not (options.has("base64") and not options.has("k", "pass", "K")):
        for source in sources:
            call.fact("encrypt", call.place(source), detail=source.text, origin=source)
    for output in options.all("out"):
        call.shell.write(output.text, content, call.text)
    return content


def rot13(call: Call) -> Value:
    source = call.stdin
    return source._replace(text=codecs.encode(source.text, "rot13"), traits=source.traits | _DECODED)


COMMANDS = {
    **dict.fromkeys(("echo", "printf"), echo),
    **dict.fromkeys(("base64", "b64decode", "b64encode", "uudecode", "base32", "gbase64"), base64_command),
    "xxd": xxd,
    "rev": rev,
    "tr": tr,
    "rot13": rot13,
    **dict.fromkeys(
        ("gzip", "gunzip", "zcat", "bzip2", "bunzip2", "bzcat", "xz", "unxz", "xzcat", "zstd", "zstdcat"), unpack
    ),
    **dict.fromkeys(("tar", "gtar", "bsdtar"), archive),
    **dict.fromkeys(("zip", "7z", "7za", "7zr", "rar"), zip_files),
    **dict.fromkeys(("gpg", "gpg2"), gpg),
    "openssl": openssl,
    **dict.fromkeys(("ccrypt", "ccencrypt", "age", "mcrypt", "aescrypt", "scrypt"), encrypt),
}
