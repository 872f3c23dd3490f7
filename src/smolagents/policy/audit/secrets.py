"""Finds secrets by their shape, and by the names of what holds them, and takes them out of values.

A secret may be spread over the items of a list or over keys and values. So shapes are looked for in the texts of a
value joined without a gap: whatever a match touches is taken out. That takes out too much now and then, never less.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import islice
from types import MappingProxyType
from typing import Any, NamedTuple

import re2

from ..globs import is_glob
from ..names import NameList
from ..normalize import forms, without_surrogates
from ..patterns import options
from .encoding import MAX_PARTS, TOO_LARGE, encoded


REDACTED = "[redacted]"

# Names of arguments and dictionary keys whose values are secret. Case, hyphens and what comes before do not count.
SECRET_NAME = re.compile(
    r"(?:^|.*[^a-z0-9]|.*(?=api|access|secret|private|client|auth|refresh|session|passw|pwd))"
    r"(?:pass(?:word|wd|phrase|code)?|pwd|secrets?|token|credentials?|authorization|cookie|"
    r"(?:api|access|secret|private|signing|encryption)[^a-z0-9]?key|"
    r"(?:client|app)[^a-z0-9]?secret|(?:access|refresh|auth|session|id|bearer)[^a-z0-9]?token)",
    re.IGNORECASE,
)
# The same as they are written in code, in shells, in headers and in JSON, before the value.
_ASSIGNED = (
    r"(?:passw(?:or)?d|passwd|passphrase|_pass|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|cookie)"
)
_VALUE = r"(?:\\*\"[^\"\x00]*|\\*'[^'\x00]*|[^\s\"',;&\x00\\]{3,})"
_EQUALS = r"\\*[\"']?\]?\s*(?:=>|:=|==|=|:)\s*"

# Documented by those who hand them out. No shape says what comes before it, and none ends after a fixed length, since
# texts are joined.
SHAPES: Mapping[str, str] = MappingProxyType(
    {
        "AWS access key": r"(?:AKIA|ASIA|ABIA|ACCA|AGPA|AIDA|AROA|ANPA)[A-Z0-9]{16,}",
        "GitHub token": r"gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{16,}",
        "GitLab token": r"gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent|oas)-[A-Za-z0-9_.-]{16,}",
        "Slack token": r"xox[a-z](?:\.[a-z]+)?-[A-Za-z0-9-]{8,}|xapp-[A-Za-z0-9-]{8,}",
        "Slack webhook": r"hooks\.slack\.com/(?:services|workflows|triggers)/[A-Za-z0-9/_+-]+",
        "OpenAI or Anthropic key": r"sk-(?:proj|svcacct|admin|None|ant|or)-[A-Za-z0-9_-]{12,}|sk-[A-Za-z0-9]{20,}",
        "Hugging Face token": r"(?:hf|api_org)_[A-Za-z0-9]{20,}",
        "JSON Web Token": r"eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?",
        "private key": r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY[^\x00]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"
        r"|\x00|$)",
        "Google API key": r"AIza[A-Za-z0-9_-]{30,}",
        "Google OAuth": r"ya29\.[A-Za-z0-9_-]{16,}|GOCSPX-[A-Za-z0-9_-]{16,}|1//0[A-Za-z0-9_-]{20,}",
        "Stripe key": r"(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{10,}|whsec_[A-Za-z0-9+/=]{16,}",
        "SendGrid key": r"SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}",
        "npm or PyPI token": r"npm_[A-Za-z0-9]{30,}|pypi-[A-Za-z0-9_-]{16,}",
        "token of another service": r"(?:gsk|r8|ntn|secret|figd|glsa|lin_api|lin_oauth|dckr_pat|shp(?:at|ca|pa|ss))"
        r"_[A-Za-z0-9_-]{20,}|do[opr]_v1_[A-Za-z0-9]{20,}|(?:tvly|pplx|xai)-[A-Za-z0-9_-]{20,}"
        r"|hv[sbr]\.[A-Za-z0-9_-]{20,}|ATATT3x[A-Za-z0-9_=-]{20,}|AGE-SECRET-KEY-1[A-Z0-9]{20,}"
        r"|(?:dapi|key-|SK)[0-9a-f]{32,}|[0-9]{8,}:AA[A-Za-z0-9_-]{30,}"
        r"|discord(?:app)?\.com/api/webhooks/[0-9]+/[A-Za-z0-9_-]+",
        "Azure key": r"(?i:AccountKey|SharedAccessKey|sig)=[A-Za-z0-9+/%=]{20,}",
        "password in a URL": r"[A-Za-z][A-Za-z0-9+.-]*://(?:[^\s:/@\x00\"'<>]*:[^\s@\x00\"'<>]+|[^\s:/@\x00\"'<>]{12,})@",
        "key in a URL": r"[?&](?:key|sig|signature|auth|code)=[^\s&\x00\"'<>]{8,}"
        r"|(?i:x-(?:amz|goog)-(?:signature|credential|security-token))=[^\s&\x00\"'<>]+",
        "option": rf"--(?i:[a-z]+-)*(?i:{_ASSIGNED})[\s=]*{_VALUE}"
        r"|(?:^|[\s\"'\x00]|curl)(?:-u|--user)[\s=]*[^\s:/\"'\x00]+:[^\s\"'\x00]+"
        r"|(?i:login\s+\S+\s+password)\s+[^\s\x00]+",
        "header": r"(?i:bearer)\s+[A-Za-z0-9._~+/=-]{8,}|(?i:basic)\s+[A-Za-z0-9+/=]{16,}"
        r"|(?i:authorization)\\*[\"']?\s*:\s*[^\s\x00]+[^\r\n\x00]*",
        "assignment": rf"(?:(?i:{_ASSIGNED})|[A-Z0-9_]_(?:KEY|PAT)){_EQUALS}{_VALUE}",
    }
)

# Between the pieces of a text that code has in pieces: `"a" + "b"`, `"a" "b"`, `["a", "b"]`.
_BREAK = re.compile(r"""\\*["']\s*\\?\s*[+,]?\s*\\?\s*[bBrRuUfF]{0,2}\\*["']""")


@lru_cache(maxsize=1024)
def _is_usually_secret(name: str) -> bool:
    return SECRET_NAME.fullmatch(name[-200:]) is not None


class _Leaf(NamedTuple):
    """A text in a value, in the order in which it is met; `is_key` if it is a key or part of one."""

    text: str
    is_key: bool


class Redactor:
    """
    Immutable, and safe to use from several threads.

    Args:
        names (`Iterable[str]`): Names and globs of arguments and keys whose values are secret, besides the usual ones.
    """

    def __init__(self, names: Iterable[str] = ()):
        names = tuple(names)
        self._names = NameList(names) if names else None
        shapes = [*SHAPES.values()]
        if plain := [re.escape(name) for name in names if not is_glob(name)]:
            shapes.append(rf"(?i:{'|'.join(plain)}){_EQUALS}{_VALUE}")
        self._shapes = re2.compile("|".join(f"(?:{shape})" for shape in shapes), options())

    def finds_in(self, text: str) -> bool:
        """Whether a text in ASCII has a secret in it."""
        return self._shapes.search(text) is not None

    def is_secret_name(self, name: str) -> bool:
        """Whether what has that name is secret."""
        if self._names is not None and self._names.naming(name):
            return True
        return _is_usually_secret(name)

    def named(self, value: Any) -> frozenset[str]:
        """The texts in a frozen value that are secret by name: what else they are in is not to show them either."""
        found: set[str] = set()
        waiting = [(value, False)]
        for _ in range(MAX_PARTS):
            if not waiting:
                break
            item, is_secret = waiting.pop()
            kind = type(item)
            if kind is MappingProxyType:
                for key, inner in item.items():
                    waiting.append((inner, is_secret or type(key) is str and self.is_secret_name(key)))
            elif kind in (tuple, frozenset):
                waiting += [(inner, is_secret) for inner in item]
            elif is_secret and kind is str and len(item) >= 4:
                found.add(item)
            elif is_secret and kind is int and len(str(item)) >= 4:
                found.add(str(item))
        return frozenset(found)

    def text(self, text: str, known: Collection[str] = ()) -> str:
        """A text without the secrets in it, `known` ones among them."""
        for secret in sorted(known, key=len, reverse=True):
            text = text.replace(secret, REDACTED)
        spans = self._spans(text)
        if self._is_disguised(text, spans):
            return REDACTED
        return _without(text, spans)

    def value(self, value: Any, known: Collection[str] = ()) -> tuple[Any, bool]:
        """A frozen value without the secrets in it, as JSON has it; and whether there were any."""
        leaves = [*islice(_leaves(value), MAX_PARTS)]
        if len(leaves) == MAX_PARTS:
            return TOO_LARGE, True
        return _Redaction(self, leaves, known).of(value)

    def spans_of(self, leaves: list[_Leaf]) -> list[list[tuple[int, int]]]:
        """For each text, what of it is in a secret: of its own, or one that goes on in the next texts."""
        found: list[list[tuple[int, int]]] = [[] for _ in leaves]
        everything = range(len(leaves))
        keys = [index for index in everything if leaves[index].is_key]
        values = [index for index in everything if not leaves[index].is_key]
        for chosen in (everything, *((keys, values) if keys else ())):
            joined = "".join([leaves[index].text for index in chosen])
            spans = self._spans(joined)
            if not spans:
                continue
            position, waiting = 0, iter(spans)
            start, end = next(waiting)
            for index in chosen:
                length = len(leaves[index].text)
                while start < position + length:
                    found[index].append((max(start - position, 0), min(end - position, length)))
                    if end > position + length:
                        break
                    start, end = next(waiting, (len(joined) + 1, len(joined) + 1))
                position += length
        for index, leaf in enumerate(leaves):
            found[index] = _merged(found[index])
            if self._is_disguised(leaf.text, found[index]):
                found[index] = [(0, len(leaf.text))]
        return found

    def _spans(self, text: str) -> list[tuple[int, int]]:
        text = without_surrogates(text)
        spans = [match.span() for match in self._shapes.finditer(text)]
        if '"' in text or "'" in text:
            spans = _merged([*spans, *self._spans_over_breaks(text)])
        return spans

    def _spans_over_breaks(self, text: str) -> Iterator[tuple[int, int]]:
        """What is a secret once the pieces of texts in code are put together."""
        starts, shifts, pieces, position, length = [0], [0], list[str](), 0, 0
        for found in _BREAK.finditer(text):
            pieces.append(text[position : found.start()])
            length += len(pieces[-1])
            position = found.end()
            starts.append(length)
            shifts.append(position - length)
        if len(starts) == 1:
            return
        pieces.append(text[position:])
        for match in self._shapes.finditer("".join(pieces)):
            start, last = match.start(), match.end() - 1
            yield start + shifts[bisect(starts, start) - 1], last + shifts[bisect(starts, last) - 1] + 1

    def _is_disguised(self, text: str, spans: Iterable[tuple[int, int]]) -> bool:
        """Whether a text has more of a secret in it than `spans` once what cannot be seen is taken out."""
        if text.isascii() and text.isprintable():
            return False
        seen = sum(end - start for start, end in spans)
        return any(sum(end - start for start, end in self._spans(form)) > seen for form in forms(text)[1:])


class _Redaction:
    """Writes a value again, its texts in the order of `_leaves`."""

    def __init__(self, redactor: Redactor, leaves: list[_Leaf], known: Collection[str]):
        self._redactor = redactor
        self._leaves = zip(leaves, redactor.spans_of(leaves), strict=True)
        self._known = known
        self._found = False

    def of(self, value: Any) -> tuple[Any, bool]:
        return self._of(value), self._found

    def _of(self, value: Any, is_secret: bool = False) -> Any:
        kind = type(value)
        if kind is tuple:
            return [self._of(item, is_secret) for item in value]
        if kind is frozenset:
            return {"$": "set", "items": [self._of(item, is_secret) for item in value]}
        if kind is MappingProxyType:
            return self._of_mapping(value, is_secret)
        text, is_text = _text_of(value)
        if not is_text:
            return self._secret() if is_secret and value is not None else encoded(value)
        leaf, spans = next(self._leaves)
        if is_secret:
            return self._secret()
        spans = [
            *spans,
            *(found.span() for known in self._known for found in re.finditer(re.escape(known), leaf.text)),
        ]
        if not spans:
            return encoded(value)
        self._found = True
        return _without(text, spans) if kind is str else self._secret()

    def _of_mapping(self, value: Mapping[Any, Any], is_secret: bool) -> Any:
        pairs = []
        for key, item in value.items():
            shown = self._of(key, is_secret)
            pairs.append((shown, self._of(item, is_secret or type(key) is str and self._redactor.is_secret_name(key))))
        names = [key for key, _ in pairs]
        if all(type(name) is str and name != "$" for name in names) and len(set(names)) == len(names):
            return dict(pairs)
        return {"$": "mapping", "items": [[key, item] for key, item in pairs]}

    def _secret(self) -> Any:
        self._found = True
        return {"$": "redacted"}


def _leaves(value: Any, is_key: bool = False) -> Iterator[_Leaf]:
    kind = type(value)
    if kind in (tuple, frozenset):
        for item in value:
            yield from _leaves(item, is_key)
    elif kind is MappingProxyType:
        for key, item in value.items():
            yield from _leaves(key, True)
            yield from _leaves(item, is_key)
    else:
        text, is_text = _text_of(value)
        if is_text:
            yield _Leaf(text, is_key)


def _text_of(value: Any) -> tuple[str, bool]:
    """The text that a value is written as, as far as a secret may be in it; and whether it is one."""
    kind = type(value)
    if kind is str:
        return value, True
    if kind is bytes:
        # Every second byte may be zero, as in UTF-16.
        return value.replace(b"\0", b"").decode("latin-1"), True
    if kind is int and value.bit_length() < 500:
        return str(value), True
    return "", False


def _merged(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Spans in order, those that touch as one."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if merged and start <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(end, merged[-1][1])
        else:
            merged.append((start, end))
    return merged


def _without(text: str, spans: Iterable[tuple[int, int]]) -> str:
    parts, position = [], 0
    for start, end in _merged(spans):
        parts += [text[position:start], REDACTED]
        position = end
    return "".join([*parts, text[position:]])
