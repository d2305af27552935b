/**
 * The page around the frame: what it is asked, what it is told.
 *
 *     frame → page   ready                          it may send what it has
 *     page → frame   open {options, integrationId, linkToken, language, returnUrl, resumeFlow}
 *                    token {linkToken}              the answer to need-token
 *                    token-failed                   getLinkToken failed: the frame says so, and offers to ask again
 *                    close-request                  close() was called, or a key pressed outside
 *     frame → page   need-token                     the link token does not work any more
 *                    linked                         the connection exists: closing is a success from now on
 *                    success {authCode, integrationName}
 *                    close {reason}                 "user" | "escape" | "error" | "done": the flow is over
 *
 * Every message has `crossdock`: the nonce of the flow, from the fragment of the frame's address. A message of
 * any window but the parent, or with another nonce, is none. `ready` goes to any origin, since the frame can't
 * know it yet; everything later goes to the origin that `open` came from.
 */

export function connectHost(onMessage) {
  const nonce = new URLSearchParams(location.hash.slice(1)).get("n") || "";
  let origin = null;

  function tell(type, values = {}) {
    if (nonce) parent.postMessage({ crossdock: nonce, type, ...values }, origin || "*");
  }

  addEventListener("message", (event) => {
    const message = event.data;
    if (event.source !== parent || !nonce || !message || message.crossdock !== nonce) return;
    if (origin === null && message.type === "open") origin = event.origin;
    if (event.origin === origin || origin === null) onMessage(message, event.origin);
  });
  // The nonce has been read: what the address says is of no more use, to nobody.
  return { tell, isFramed: parent !== window, origin: () => origin };
}
