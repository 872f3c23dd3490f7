"""The decodings that hide what a program says, for constants: base64, hex, rot13, zlib and their kin.

Each function is pure, and its time and memory are linear in what it is given and in `limit`, so that a few bytes
cannot be made into a great many.
"""

from __future__ import annotations

import base64
import binascii
import bz2
import codecs
import html
import lzma
import urllib.parse
import zlib
from collections.abc import Callable
from typing import Any


class TooLong(Exception):
    """What was packed is longer than it may be."""


def _bytes(data: Any) -> bytes:
    return data.encode("utf-8") if type(data) is str else data


def _base(decode: Any) -> Callable[..., bytes]:
    return lambda limit, data, *rest: decode(_bytes(data))


def _unpacker(make: Callable[[], Any]) -> Callable[..., bytes]:
    def unpack(limit: int, data: Any, *rest: Any) -> bytes:
        result: bytes = make().decompress(data, limit)
        if len(result) >= limit:
            raise TooLong
        return result

    return unpack


def _zlib(limit: int, data: Any, window: int = zlib.MAX_WBITS, *rest: Any) -> bytes:
    return _unpacker(lambda: zlib.decompressobj(window))(limit, data)


def _gzip(limit: int, data: Any, *rest: Any) -> bytes:
    return _zlib(limit, data, zlib.MAX_WBITS | 32)


_TEXT_CODECS = ("rot13", "rot_13", "rot-13")
_BYTE_CODECS: dict[str, Callable[..., bytes]] = {
    **dict.fromkeys(("base64", "base_64", "base64_codec"), _base(base64.b64decode)),
    **dict.fromkeys(("hex", "hex_codec"), _base(binascii.unhexlify)),
    **dict.fromkeys(("zlib", "zip", "zlib_codec"), _zlib),
    **dict.fromkeys(("bz2", "bz2_codec"), _unpacker(bz2.BZ2Decompressor)),
}
_PLAIN_CODECS = ("utf-8", "utf8", "utf_8", "ascii", "latin-1", "latin1", "latin_1", "iso-8859-1", "utf-16", "utf-32")


def _codec(limit: int, data: Any, encoding: str = "utf-8", *rest: Any) -> str | bytes:
    name = encoding.lower()
    if name in _TEXT_CODECS:
        return codecs.encode(data, "rot13")
    if name in _BYTE_CODECS:
        return _BYTE_CODECS[name](limit, data)
    if name in ("unicode_escape", "unicode-escape", "raw_unicode_escape"):
        return _bytes(data).decode("unicode_escape")
    if name not in _PLAIN_CODECS:
        raise LookupError(name)
    result: str = data.decode(name)
    return result


# By the name that a program calls them by, with dots; `?.` and the name of a method. Each gets the longest result that
# is wanted, and then the arguments. It raises what it likes.
DECODERS: dict[str, Callable[..., str | bytes]] = {
    **{
        f"base64.{name}": _base(function)
        for name, function in (
            *((name, base64.b64decode) for name in ("b64decode", "standard_b64decode", "decodebytes", "decodestring")),
            *(("urlsafe_b64decode", base64.urlsafe_b64decode), ("b32decode", base64.b32decode)),
            *(("b16decode", base64.b16decode), ("b85decode", base64.b85decode), ("a85decode", base64.a85decode)),
        )
    },
    "binascii.a2b_base64": _base(binascii.a2b_base64),
    "binascii.unhexlify": _base(binascii.unhexlify),
    "binascii.a2b_hex": _base(binascii.unhexlify),
    "bytes.fromhex": lambda limit, text: bytes.fromhex(text),
    "bytearray.fromhex": lambda limit, text: bytes.fromhex(text),
    "codecs.decode": _codec,
    "codecs.encode": lambda limit, data, encoding, *rest: codecs.encode(data, {"rot13": "rot13"}[_rot13(encoding)]),
    "zlib.decompress": _zlib,
    "gzip.decompress": _gzip,
    "bz2.decompress": _unpacker(bz2.BZ2Decompressor),
    "lzma.decompress": _unpacker(lzma.LZMADecompressor),
    "urllib.parse.unquote": lambda limit, text, *rest: urllib.parse.unquote(text),
    "urllib.parse.unquote_plus": lambda limit, text, *rest: urllib.parse.unquote_plus(text),
    "html.unescape": lambda limit, text: html.unescape(text),
    "?.decode": _codec,
}


def _rot13(encoding: str) -> str:
    return "rot13" if encoding.lower() in _TEXT_CODECS else encoding
