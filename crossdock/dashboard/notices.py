"""Pure: what was just done, by the word that stands in the address → the sentence that the page shows.

The sentences are ours alone: an address that somebody else made up can't put words on a page.
"""

NOTICES = {
    "syncing": "A sync is on its way.",
    "paused": "Paused: nothing of it is synced until it is resumed.",
    "resumed": "Resumed: it syncs again.",
    "muted": "Its events are muted: no endpoint hears of its records.",
    "unmuted": "Its events are sent again.",
    "frequency_set": "From now on it syncs at this pace.",
    "saved": "Saved.",
    "sync_created": "The sync is open: it begins as soon as the connection is free.",
    "sync_cancelled": "Cancelled: what it has read stays.",
    "connected": "Connected. The first sync is on its way.",
    "reinstalled": "Signed in anew. Its data and its access token stay.",
    "deleted": "Deleted. Its records are removed in the background.",
    "link_deleted": "The link is deleted: whoever opens it is told that there is none.",
}


def notice(word: str) -> str:
    """The sentence; "" for none."""
    return NOTICES.get(word, "")
