"""Letters of other alphabets, and marks, that look like ASCII ones.

A selection of the single characters that Unicode's confusables.txt (UTS #39, Unicode Security Mechanisms) gives for
ASCII letters: those of the Latin, Greek, Cyrillic, Armenian, Cherokee, Coptic and Lisu scripts that NFKC does not turn
into ASCII by itself, and the dashes, slashes, quotes and operators that stand in for ASCII marks in commands and code.
Where that file puts `I`, `l` and `1` together, a letter is mapped to the one that has its case.
"""

from __future__ import annotations


_LOOK_ALIKES = {
    "A": "ΑАᎪꓮ",
    "a": "ɑαа",
    "B": "ΒВᏴꓐꞴ",
    "b": "ƄЬᏏ",
    "C": "ϹСᏟⲤꓚ",
    "c": "ϲсᴄⲥꮯ",
    "D": "Ꭰꓓ",
    "d": "ԁᏧꓒ",
    "E": "ΕЕᎬꓰ",
    "e": "еҽꬲ",
    "F": "ϜꓝꞘ",
    "f": "քẝꞙꬵ",
    "G": "ԌᏀᏳꓖ",
    "g": "ƍɡցᶃ",
    "H": "ΗНᎻⲎꓧ",
    "h": "һհᏂ",
    "I": "ƖΙІⲒꓲ",
    "i": "ıɩɪιіᎥꙇꭵ",
    "J": "ͿЈᎫꓙꞲ",
    "j": "ϳј",
    "K": "ΚКᏦⲔꓗ",
    "L": "ᏞⳐꓡ",
    "l": "ǀӀӏ",
    "M": "ΜϺМᎷⲘꓟ",
    "N": "ΝⲚꓠ",
    "n": "ոռ",
    "O": "ΟОՕⲞꓳ",
    "o": "οσоօᴏᴑⲟꬽ",
    "P": "ΡРᏢⲢꓑ",
    "p": "ρрⲣ",
    "q": "ԛգզ",
    "R": "ƦᎡᏒꓣ",
    "r": "гᴦⲅꭇꭈꮁ",
    "S": "ЅՏᏕᏚꓢ",
    "s": "ƽѕꜱꮪ",
    "T": "ΤТᎢⲦꓔ",
    "U": "Սꓴ",
    "u": "ʋυսᴜꞟꭎꭒ",
    "V": "ѴᏙꓦ",
    "v": "νѵᴠꮩ",
    "W": "ԜᎳᏔꓪ",
    "w": "ɯѡԝաᴡꮃ",
    "X": "ΧХⲬꓫꞳ",
    "x": "х",
    "Y": "ΥУҮᎩᎽⲨꓬ",
    "y": "ɣʏγуүᶌỿꭚ",
    "Z": "ΖᏃꓜ",
    "z": "ᴢꮓ",
    "-": "\u2010\u2012\u2013\u2014\u2043\u2212",
    "/": "\u2044\u2215\u2571\u29f8",
    "\\": "\u2216\u29f5\u29f9",
    "'": "\u2018\u2019\u201b\u2032",
    '"': "\u201c\u201d\u201f",
    ":": "\u2236",
    "*": "\u204e\u2217",
    "~": "\u223c",
    "|": "\u2223",
}

# For `str.translate`.
TO_ASCII = {ord(other): character for character, others in _LOOK_ALIKES.items() for other in others}
