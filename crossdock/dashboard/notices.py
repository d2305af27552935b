"""Pure: what was just done, by the word that stands in the address → the sentence that the page shows.

The sentences are ours alone: an address that somebody else made up can't put words on a page.
"""

NOTICES = {
    "syncing": "A sync is on its way.",
    "paused": "Paused: nothing of it is synced until it is resumed.",
    "resumed": "Resumed: it syncs again.",
    "muted": "Its events are muted: no endpoint hears of its records.",
    "unmuted": "Its events are sent again.",
    "file_taken": "The file is here. What is in it is read right away.",
    "file_reading": "The file is read again.",
    "file_removed": "The file was taken away, and its line items go with it where no other file has them.",
}


def notice(word: str) -> str:
    """The sentence; "" for none."""
    return NOTICES.get(word, "")
