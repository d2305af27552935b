"""The codes of what goes wrong: the form has words for each of them."""

CODES = {
    # The link token or magic link
    "link_token_missing": "There is no link token.",
    "link_token_invalid": "The link token is not one of ours.",
    "link_token_expired": "The time of the link token is over: another one is asked for.",
    "magic_link_unknown": "There is no such magic link (any more).",
    "magic_link_expired": "The time of the magic link is over.",
    "magic_link_used": "With this magic link everything was connected that may be.",
    "connection_gone": "The connection that was to be repaired, or was made, was deleted.",
    # What was picked and filled in
    "integration_not_allowed": "What was picked can't be picked here.",
    "not_configured": "The operator has no OAuth app for this system yet.",
    "not_oauth": "This system has a form to fill in.",
    "needs_oauth": "One signs in to this system on a page of its own.",
    "invalid_fields": "Fields are missing or do not fit: `fields` has messages by field.",
    "invalid_return_url": "The address to return to is not one of the organization's.",
    # The vendor
    "invalid_credentials": "The vendor does not accept the credentials.",
    "login_throttled": "The vendor takes no log-ins of this user for a while.",
    "vendor_unavailable": "The vendor does not answer, or not now.",
    "vendor_refused": "The vendor refuses, or talks nonsense.",
    "address_refused": "The address that was filled in is none that is called.",
    # Signing in on a page of the vendor
    "consent_denied": "The user did not agree.",
    "oauth_failed": "The vendor ended it with an error.",
    "oauth_expired": "The user took too long.",
    "oauth_used": "This sign-in was used already.",
    "oauth_state_invalid": "This is no sign-in that was begun here.",
    "wrong_browser": "The sign-in was begun in another browser.",
    # The flow
    "flow_unknown": "There is no such flow, or not any more.",
    "flow_busy": "Another window signs in for the same flow.",
    # The request
    "bad_request": "The request is not one that the form makes.",
    "foreign_origin": "The request comes from a page that is not ours.",
    "unsupported_media_type": "The body is not JSON.",
    "not_found": "There is no such thing.",
    "method_not_allowed": "Not by this method.",
    "expired": "It was there once.",
    "too_many": "Too many requests, or attempts to sign in: `retry-after` says when to go on.",
    "unavailable": "The server's database does not answer now.",
    "internal_error": "A fault of the server.",
}
