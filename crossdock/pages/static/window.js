/**
 * The window of a vendor, and how its end is heard of.
 *
 * It is opened blank inside the click, since a browser forgets the click at the first wait, and gets its
 * address later. Whether it is closed can't be told: a vendor's page may cut itself off, and then it says
 * "closed" while somebody types in it. So the result comes from the server; a message of the last page
 * only makes us ask sooner.
 */

const NAME = "crossdock-sign-in";
const LOOK_MS = 500;
const SEEMS_CLOSED_MS = 2_500;
/** The last page closes itself: so long a closed window is no reason to ask about it. */
const GRACE_MS = 180_000;
const FIRST_WAIT_MS = 1_000, LONGEST_WAIT_MS = 3_000, SLOWER = 1.25;

/** A blank window with a few words in it; null: the browser keeps it shut. Only inside a click. */
export function openWindow(words, language) {
  const [width, height] = [Math.min(560, screen.availWidth), Math.min(720, screen.availHeight)];
  const left = Math.max(0, Math.round(window.screenX + (window.outerWidth - width) / 2));
  const top = Math.max(0, Math.round(window.screenY + (window.outerHeight - height) / 2));
  const opened = window.open("about:blank", NAME, `popup,width=${width},height=${height},left=${left},top=${top}`);
  if (!opened || opened.closed) return null;
  try {
    opened.document.documentElement.lang = language;
    opened.document.title = words;
    opened.document.body.textContent = words;
    opened.document.body.style.cssText = "font: 16px system-ui, sans-serif; margin: 20vh 2rem; text-align: center; color-scheme: light dark";
  } catch {
    // A window of that name was open, with a page of the vendor in it: it goes on from there.
  }
  return opened;
}

/** Sends a window to an address of ours. */
export function send(target, address) {
  if (!/^https?:\/\//.test(address)) throw new TypeError("an address must be of the web");
  target.location.href = address;
}

/**
 * Waits for the end of a flow. Resolves to the flow as the server tells it, done or failed; to null when its
 * window has seemed closed for three minutes. Rejects with what the server answers, when that is no passing
 * fault.
 *
 * look: asks the server. seemsClosed: called once it looks as if the window were closed. signal: ends it.
 */
export async function waitForFlow({ flowId, look, opened, seemsClosed, signal }) {
  let wait = FIRST_WAIT_MS, isNudged = false, wake = () => {};
  const listeners = listen(flowId, () => { isNudged = true; wake(); });
  const closing = watchClosing(opened, seemsClosed, signal);
  try {
    for (;;) {
      isNudged = false;
      const flow = await look().catch((error) => {
        if (error.code === "offline" || error.code === "timeout" || error.status >= 500 || error.status === 429) return { status: "waiting" };
        throw error;
      });
      signal.throwIfAborted();
      if (flow.status === "done" || flow.status === "failed") return flow;
      if (closing.isOver()) return null;
      if (isNudged) continue; // while it was asked
      await new Promise((resolve) => {
        wake = resolve;
        setTimeout(resolve, wait);
        signal.addEventListener("abort", resolve, { once: true });
      });
      signal.throwIfAborted();
      wait = isNudged ? FIRST_WAIT_MS : Math.min(wait * SLOWER, LONGEST_WAIT_MS);
    }
  } finally {
    closing.stop();
    listeners.abort();
  }
}

/** Hears what the last page of a flow says, by either way. */
function listen(flowId, nudge) {
  const controller = new AbortController();
  const hear = ({ data }) => { if (data?.crossdockFlow === flowId) nudge(); };
  addEventListener("message", (event) => { if (event.origin === location.origin) hear(event); }, { signal: controller.signal });
  addEventListener("focus", nudge, { signal: controller.signal });
  addEventListener("online", nudge, { signal: controller.signal });
  document.addEventListener("visibilitychange", nudge, { signal: controller.signal });
  if ("BroadcastChannel" in window) {
    const channel = new BroadcastChannel("crossdock-flow");
    channel.addEventListener("message", hear);
    controller.signal.addEventListener("abort", () => channel.close());
  }
  return controller;
}

function watchClosing(opened, seemsClosed, signal) {
  let since = null, isAsked = false;
  const timer = setInterval(() => {
    if (!opened?.closed) return;
    since ??= performance.now();
    if (!isAsked && performance.now() - since >= SEEMS_CLOSED_MS) {
      isAsked = true;
      seemsClosed();
    }
  }, LOOK_MS);
  const stop = () => clearInterval(timer);
  signal.addEventListener("abort", stop, { once: true });
  return { stop, isOver: () => since !== null && performance.now() - since > GRACE_MS };
}
