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
    "frequency_set": "From now on it syncs at this pace.",
    "saved": "Saved.",
    "sync_created": "The sync is open: it begins as soon as the connection is free.",
    "sync_cancelled": "Cancelled: what it has read stays.",
    "connected": "Connected. The first sync is on its way.",
    "reinstalled": "Signed in anew. Its data and its access token stay.",
    "deleted": "Deleted. Its records are removed in the background.",
    "link_deleted": "The link is deleted: whoever opens it is told that there is none.",
    "key_revoked": "The key is revoked: it opens nothing any more.",
    "invitation_revoked": "The invitation is revoked: its link opens nothing any more.",
    "role_changed": "The role is changed, and holds from the next request on.",
    "member_removed": "The member is taken out, and signed out.",
    "channel_made": "The channel is made. Send a test to see that it arrives.",
    "channel_deleted": "The channel is deleted: nothing more goes there.",
    "test_sent": "The test arrived.",
    "test_pending": "The test is on its way: what becomes of it stands below.",
    "test_failed": "The test did not arrive: what came back stands below.",
    "test_canceled": "The test was canceled.",
    "sign_on_removed": "Single sign-on is off: members sign in with their passwords.",
}


def notice(word: str) -> str:
    """The sentence; "" for none."""
    return NOTICES.get(word, "")
