"""What is left alone at a source of files, whatever it is."""

MOST_FILES = 50_000
"""A folder with more is none that a carrier delivers to: a mistake, or an attempt to fill our memory."""


class SourceFileVanished(Exception):
    """The file that was to be fetched does not lie there any more."""


_UNFINISHED = (".part", ".filepart", ".tmp", ".partial", ".crdownload", "~")


def is_left_alone(name: str) -> bool:
    """Check whether a name says that its file is hidden, or not complete yet."""
    return name.startswith(".") or name.lower().endswith(_UNFINISHED)
