"""Splits commands of PowerShell and of `cmd` into words. No grammar: quotes, separators, pipes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .shell_values import Value


_VERBS = (
    "Get|Set|New|Remove|Invoke|Start|Stop|Add|Clear|Import|Export|Out|Write|Test|Copy|Move|Rename|Convert|ConvertTo|ConvertFrom"
    "|Disable|Enable|Register|Unregister|Restart|Select|Where|ForEach|Compress|Expand|Install|Uninstall|Update|Send|Read|Resolve"
    "|Measure|Sort|Format|Join|Split|Enter|Exit|Mount|Dismount|Find|Save|Suspend|Resume|Wait|Unblock|Push|Pop|Reset|Limit"
)
_CMDLET = re.compile(rf"(?:^|[\s;|({{=&])(?:{_VERBS})-[A-Z][A-Za-z]+\b(?!:)")
_NOUN_ANY_CASE = (
    r"-(?:item|childitem|content|object"
    r"|expression|webrequest|restmethod|process|service|mppreference|itemproperty|command|scheduledtask|wmiobject|wmimethod"
    r"|ciminstance|host|location|ad\w+|local\w+|eventlog|file|null|job|bitstransfer)\b"
)
_CMDLET_ANY_CASE = re.compile(
    r"(?i)(?:^|[\s;|({=&])(?:get|set|new|remove|invoke|start|stop|clear|copy|move|add|out)" + _NOUN_ANY_CASE
)
_OF_WINDOWS = re.compile(
    r"(?i)\s*@?(?:(?:\"?[a-z]:\\[^\s|]*\\)?(?:powershell|pwsh|cmd|reg|schtasks|wmic|vssadmin|bcdedit|wevtutil|wbadmin|certutil"
    r"|bitsadmin|rundll32|regsvr32|mshta|cscript|wscript|netsh|icacls|takeown|attrib|tasklist|taskkill|cipher|fsutil|diskpart"
    r"|esentutl|ntdsutil|msiexec|installutil|regasm|cmdkey|nltest|dsquery|quser|whoami\s/|ipconfig\s/|sc\s+(?:config|create|stop"
    r"|delete|query|start)|net1?\s+(?:user|localgroup|group|stop|start|use|share|view|accounts)|del\s+/|rd\s+/|rmdir\s+/s|erase\s+/"
    r"|format\s+[a-z]:)(?:\.exe)?[\s\"]|copy\s+\S*\\|move\s+\S*\\|type\s+\S*\\|start\s+\"|iex\b|&\s*['\"(])"
)
_PATH = re.compile(
    r"(?i)(?:^|[\s\"'=(])(?:[a-z]:\\[\w$ .(-]|\\\\[\w.$?-]+\\|%(?:temp|tmp|appdata|localappdata|userprofile"
    r"|windir|systemroot"
    r"|programdata|systemdrive|public|comspec)%|\$env:\w+|hk(?:lm|cu|cr|u)[:\\]|hkey_)"
)
_TYPE = re.compile(r"\[(?i:System\.|Reflection\.|Convert\]|Text\.|Ref\]|Net\.|IO\.|Runtime\.|Environment\])")
_NEW_OBJECT = re.compile(r"(?i)New-Object\s|\$PSVersion")
# What a cmdlet cannot do without. It begins with a character of its own, and is found many times sooner.
_NOUN = re.compile(r"-[A-Z][A-Za-z]")
_NOUN_OF_ANY_CASE = re.compile(r"(?i)" + _NOUN_ANY_CASE)
_LONGEST = 200_000

# A word: quoted text, or what has no space; separators by themselves
_TOKEN = re.compile(
    r"""\"(?:[^"`\\]|`.|\\"|\\|"")*\"|'(?:[^']|'')*'|\r?\n|&&|\|\||[;|&{}()]|(?:[^\s;|&{}()"']|`.)+(?:=?(?:"(?:[^"`]|`.)*"|'[^']*')[^\s;|&{}()"']*)*""",
    re.DOTALL,
)


def is_of_windows(text: str) -> bool:
    """Whether a command is one of PowerShell or of `cmd`."""
    text = text[:_LONGEST]
    if _OF_WINDOWS.match(text) or _TYPE.search(text):
        return True
    # Most are not, and to look for a few characters first says so sooner
    lower = text.lower()
    if "new-object" in lower or "$psversion" in lower:
        if _NEW_OBJECT.search(text):
            return True
    if ":\\" in text or "\\\\" in text or "%" in text or "$env:" in lower or "hk" in lower:
        if _PATH.search(text):
            return True
    if _NOUN.search(text) and _CMDLET.search(text):
        return True
    return _NOUN_OF_ANY_CASE.search(text) is not None and _CMDLET_ANY_CASE.search(text) is not None


def commands_of(text: str) -> Iterator[tuple[list[Value], bool, int, str]]:
    """The commands: their words, whether something is piped into them, their line, and their text."""
    text = text.replace("^\n", " ").replace("`\n", " ")
    words: list[Value] = []
    piped = False
    line, start = 1, 0
    for match in _TOKEN.finditer(text):
        token = match[0]
        if token in (";", "|", "&", "&&", "||", "{", "}", "\n", "\r\n"):
            if words:
                yield words, piped, line, text[start : match.start()].strip()
            if token in ("\n", "\r\n"):
                line += 1
            elif token != "{" or not words:
                piped = token == "|" or (piped and token in "{}")
            if token in (";", "\n", "\r\n"):
                piped = False
            words, start = [], match.end()
        elif token not in ("(", ")"):
            words.append(_word(token))
        elif token == "(" and words and not words[-1].text.endswith("."):
            # What is in brackets is a command of its own, and its words are those of the one around it as well
            continue
    if words:
        yield words, piped, line, text[start:].strip()


_MARKS = re.compile(r"(?<=[A-Za-z])[`^](?=[A-Za-z])")


def _word(token: str) -> Value:
    quoted = token[:1] in "\"'"
    inner = token[1:-1] if quoted and token[-1:] == token[:1] and len(token) > 1 else token
    # `I^E`X`: marks that mean nothing, between letters
    if quoted:
        return Value(inner.replace('\\"', '"').replace('""', '"') if '"' in inner else inner, quoted=True)
    plain = _MARKS.sub("", inner) if "`" in inner or "^" in inner else inner
    return Value(plain, pieced=plain != inner, quoted=True)
