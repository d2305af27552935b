"""Pure: what was just done, by the word that stands in the address → the sentence that the page shows.

The sentences are ours alone: an address that somebody else made up can't put words on a page.
"""

NOTICES = {
    "syncing": "A sync is on its way.",
    "paused": "Paused: nothing of it is synced until it is resumed.",
    "resumed": "Resumed: it syncs again.",
    "muted": "Its events are muted: no endpoint hears of its records.",
    "unmuted": "Its events are sent again.",
    "written": "Done: the connected system has it, and this is the record as it is now.",
    "tagged": "The tags are set.",
    "sandbox_made": "The sandbox is there; its records come in one after the other.",
    "sandbox_filled": "New data are on their way: all of it syncs as if for the first time.",
}


def notice(word: str) -> str:
    """The sentence; "" for none."""
    return NOTICES.get(word, "")
