"""The format as docs/audit.md describes it: this verifier knows nothing but that page."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from pathlib import Path

from .trails import SECRET, fill, hook_for, play, records


PAGE = Path(__file__).parents[3] / "docs" / "audit.md"


def verifies(first: Path, secret: str) -> bool:
    """Whether a trail is as it was written, by docs/audit.md alone."""

    def mac(key: bytes, message: bytes) -> bytes:
        return hmac.new(key, message, hashlib.sha256).digest()

    key = secret.strip().encode()
    chain, seal = mac(key, b"smolagents audit chain"), mac(key, b"smolagents audit seal")
    said, _, seal_mac = Path(f"{first}.seal").read_text().strip().rpartition(" ")
    if mac(seal, said.encode()).hex() != seal_mac:
        return False
    _, sealed_file, sealed_seq, sealed_mac = said.split(" ")
    previous, seq, path, is_sealed = bytes(32), 0, first, False
    while path is not None:
        following, begin = None, None
        for line in path.read_bytes().split(b"\n")[:-1]:
            found = re.fullmatch(rb'(\{"seq":.*),"mac":"([0-9a-f]{64})"\}', line)
            if found is None or mac(chain, previous + found[1]).hex().encode() != found[2]:
                return False
            record, previous, seq = json.loads(line), bytes.fromhex(found[2].decode()), seq + 1
            begin = begin or record
            if record["seq"] != seq or record["type"] == "lost" or begin["name"] != path.name:
                return False
            if seq == int(sealed_seq):
                is_sealed = record["mac"] == sealed_mac and begin["file"] == sealed_file
            following = record["next"] if record["type"] == "rotated" else None
        if begin is None or not path.read_bytes().endswith(b"\n"):
            return False
        path = None if following is None else path.with_name(following)
    return is_sealed


def digest(value: object) -> bytes:
    """What the page calls D."""

    def of(kind: str, content: bytes) -> bytes:
        return hashlib.sha256(kind.encode() + b":" + content).digest()

    if isinstance(value, str):
        return of("str", value.encode())
    if isinstance(value, bool) or value is None or isinstance(value, float):
        return of(type(value).__name__, repr(value).encode())
    if isinstance(value, int):
        return of("int", hex(value).encode())
    if isinstance(value, list):
        return of("tuple", b"".join(map(digest, value)))
    return of("mapping", b"".join(sorted(digest(key) + digest(item) for key, item in value.items())))


def test_a_program_that_was_written_from_the_page_verifies_a_trail(path):
    fill(path, 300, rotate_bytes=10_000).close()
    assert verifies(path, SECRET)

    last = sorted(path.parent.glob("audit-*.jsonl"))[-1]
    content = last.read_bytes()
    for changed in (content[:-1], content.replace(b"tool-3", b"tool-4"), content[: content.rindex(b"{")], b""):
        last.write_bytes(changed)
        assert not verifies(path, SECRET)
    last.write_bytes(content)
    assert verifies(path, SECRET) and not verifies(path, "another key, which has as many bytes as one needs")


def test_digests_are_what_the_page_says(path):
    value = {"text": "ключ", "list": [1, 2.5, None, True, {"in": ["x"]}]}
    play(hook_for(path), **value)

    (record,) = records(path, "before")
    key = hmac.new(SECRET.encode(), b"smolagents audit digest", hashlib.sha256).digest()
    assert record["arguments_digest"] == hmac.new(key, digest(value), hashlib.sha256).hexdigest()


def test_the_page_names_every_member_and_type_there_is(path):
    page = PAGE.read_text()
    hook = hook_for(path, audit={"payload": "redacted"}, tools={"deny": ["no"]}, name="office")
    play(hook, command="ls")
    play(hook, "no")
    for record in records(path):
        assert f"`{record['type']}`" in page
        names = [*record, *record.get("decision", ()), *[name for reason in _reasons(record) for name in reason]]
        assert not [name for name in names if f"`{name}`" not in page]


def _reasons(record):
    return record.get("decision", {}).get("reasons", ())
