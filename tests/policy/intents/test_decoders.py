"""Constants are decoded as Python would, and no further than is wanted."""

from __future__ import annotations

import base64
import bz2
import codecs
import gzip
import lzma
import zlib

import pytest

from smolagents.policy.intents.decoders import DECODERS, TooLong


TEXT = b"import os"


@pytest.mark.parametrize(
    "name, encoded",
    [
        ("base64.b64decode", base64.b64encode(TEXT)),
        ("base64.urlsafe_b64decode", base64.urlsafe_b64encode(TEXT)),
        ("base64.b32decode", base64.b32encode(TEXT)),
        ("base64.b85decode", base64.b85encode(TEXT)),
        ("base64.a85decode", base64.a85encode(TEXT)),
        ("base64.b16decode", base64.b16encode(TEXT)),
        ("binascii.unhexlify", TEXT.hex()),
        ("bytes.fromhex", TEXT.hex()),
        ("zlib.decompress", zlib.compress(TEXT)),
        ("gzip.decompress", gzip.compress(TEXT)),
        ("bz2.decompress", bz2.compress(TEXT)),
        ("lzma.decompress", lzma.compress(TEXT)),
    ],
)
def test_what_is_encoded_is_decoded(name, encoded):
    assert DECODERS[name](1000, encoded) == TEXT


@pytest.mark.parametrize("codec", ["rot13", "rot_13"])
def test_rot13_is_undone(codec):
    assert DECODERS["codecs.decode"](1000, codecs.encode("import os", "rot13"), codec) == "import os"


@pytest.mark.parametrize(
    "codec, encoded", [("hex", TEXT.hex()), ("base64", base64.b64encode(TEXT)), ("zlib", zlib.compress(TEXT))]
)
def test_codecs_that_make_bytes_are_undone(codec, encoded):
    assert DECODERS["codecs.decode"](1000, encoded, codec) == TEXT


@pytest.mark.parametrize(
    "name, pack",
    [("zlib.decompress", zlib.compress), ("bz2.decompress", bz2.compress), ("lzma.decompress", lzma.compress)],
)
def test_much_packed_into_little_is_not_unpacked(name, pack):
    with pytest.raises(TooLong):
        DECODERS[name](1000, pack(b"a" * 1_000_000))


def test_other_codecs_are_unknown():
    with pytest.raises(LookupError):
        DECODERS["codecs.decode"](1000, b"a", "undefined_codec")
