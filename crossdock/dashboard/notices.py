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
    "file_taken": "The file is here. What is in it is read right away.",
    "file_reading": "The file is read again.",
    "file_removed": "The file was taken away, and its line items go with it where no other file has them.",
    "frequency_set": "From now on it syncs at this pace.",
    "endpoint_created": "The endpoint is made: what happens from now on is sent there.",
    "endpoint_changed": "The endpoint is changed.",
    "endpoint_on": "Switched on: what happens from now on is sent there. Recover brings back what it missed.",
    "endpoint_off": "Switched off: nothing is sent there, and what was due is dropped.",
    "endpoint_deleted": "The endpoint is deleted.",
    "resent": "It is on its way again: one try, at once.",
    "event_sent": "The test is on its way.",
    "script_saved": "The script is stored and switched on: it runs at every attempt from now on.",
    "script_off": "The script is switched off: webhooks go out as they are.",
    "saved": "Saved.",
    "claimed": "The state of the finding is set.",
    "rates_set": "The settings are kept. The next audit judges by them, within a minute.",
    "rate_card_taken": "The rate card is here. The next audit compares with it, within a minute.",
    "rate_card_removed": "The rate card is removed. The next audit does without it.",
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
