"""How this repository becomes a complete `smolagents`: upstream's release, our patches, our own files.

Used by the build (`hatch_build`) and by the developer commands (`python -m fork`). Not part of the installed package.
"""


class ForkError(Exception):
    """Something that the person at the keyboard has to change. The message is one line: what is wrong, what to do."""
