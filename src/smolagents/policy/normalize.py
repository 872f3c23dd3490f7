"""One spelling for texts that look or work alike, so that a pattern is not missed for a disguise.

NFKC, invisible and format characters removed, look-alike letters and marks as ASCII, white space as single spaces.
It undoes what a reader cannot see. It does not undo what a shell or an interpreter does, such as quotes within a word.
"""

from __future__ import annotations

import re
import unicodedata

import re2

from .lookalikes import TO_ASCII


# Control characters that are no white space, general category Cf except marks that are drawn (Arabic
# and Kaithi number signs), Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties.txt), and U+2800, which is
# drawn as nothing.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u034f\u061c\u070f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u2800\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]+"
)
# The same and white space for ASCII alone, for `str.translate`, which is ten times faster there.
_TO_PLAIN_ASCII = {
    number: None if _INVISIBLE.match(chr(number)) else " "
    for number in range(128)
    if _INVISIBLE.match(chr(number)) or chr(number).isspace()
}
_LOOK_ALIKE = re.compile("[" + "".join(map(chr, TO_ASCII)) + "]")
# Ordering a run of combining marks, as NFKC does, takes quadratic time. Thirty is what Unicode's Stream-Safe Text
# Format (UAX #15, section 13) allows; no script needs more.
_LONG_RUN_OF_MARKS = re2.compile(r"(\pM{30})\pM+")


def normalize(text: str) -> str:
    """The normal form of a text. Takes time linear in its length.

    White space at the ends is kept (as one space), so that a pattern's own spaces keep their meaning.
    """
    if text.isascii():
        if text.isprintable() and "  " not in text:
            return text
        text = text.translate(_TO_PLAIN_ASCII)
        if "  " not in text:
            return text
    else:
        # Joins what came as two surrogates, and leaves out one that is alone.
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
        text = _INVISIBLE.sub("", text)
        text = without_long_runs_of_marks(text)
        text = _to_ascii(text)
        if not unicodedata.is_normalized("NFKC", text):
            # It turns some look-alikes into letters that are none (the lunate sigma), and others into look-alikes.
            text = _INVISIBLE.sub("", _to_ascii(unicodedata.normalize("NFKC", text)))
    return _single_spaces(text)


def _to_ascii(text: str) -> str:
    # To search is much quicker than to translate, and most texts have no such letter.
    return text.translate(TO_ASCII) if _LOOK_ALIKE.search(text) else text


def _single_spaces(text: str) -> str:
    """`text` with each run of white space as one space, those at the ends too."""
    if text.isascii() and text.isprintable():
        # Only spaces, and most runs of them are short: this needs no list of all words.
        for run in ("        ", "    ", "  ", "  "):
            text = text.replace(run, " ")
        if "  " not in text:
            return text
    words = text.split()
    if not words:
        return " " if text else ""
    before = " " if text[0].isspace() else ""
    after = " " if text[-1].isspace() else ""
    return before + " ".join(words) + after


def forms(text: str) -> tuple[str, ...]:
    """The texts to look for patterns in: `text` as it is, then its normal forms as far as they differ.

    The last one is without white space at its ends, so that `^rm` finds a command that starts with a space.
    """
    normalized = normalize(text)
    if normalized is text:
        return (text,) if text[:1] != " " != text[-1:] else tuple(dict.fromkeys((text, text.strip(" "))))
    return tuple(dict.fromkeys((without_surrogates(text), normalized, normalized.strip(" "))))


def is_invisible(character: str) -> bool:
    """Whether a character is drawn as nothing, white space aside."""
    return _INVISIBLE.fullmatch(character) is not None


def without_long_runs_of_marks(text: str) -> str:
    """`text`, which has no surrogates, with no more than thirty combining marks in a row."""
    return text if text.isascii() else _LONG_RUN_OF_MARKS.sub(r"\1", text)


_SURROGATE = re.compile("[\ud800-\udfff]")


def without_surrogates(text: str) -> str:
    """`text`, with U+FFFD in place of each code point that no encoding has; positions stay the same."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)
