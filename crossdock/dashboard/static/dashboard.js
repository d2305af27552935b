// What pages do besides being read. All of them work without this file, with moments in UTC.

const NEAR = [[60, "second"], [3600, "minute"], [86400, "hour"], [30 * 86400, "day"]];
const ago = new Intl.RelativeTimeFormat("en", { numeric: "auto", style: "short" });
const exact = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "medium" });
const day = new Intl.DateTimeFormat("en", { dateStyle: "medium" });

function near(moment, now) {
  const seconds = (moment - now) / 1000;
  let size = 1;
  for (const [limit, unit] of NEAR) {
    if (Math.abs(seconds) < limit) return ago.format(Math.round(seconds / size), unit);
    size = limit;
  }
  return day.format(moment);
}

// A moment: how long ago, and by the pointer the exact time in the reader's zone.
class TimeAgo extends HTMLElement {
  connectedCallback() {
    this.time = this.querySelector("time");
    this.moment = this.time && new Date(this.time.dateTime);
    if (!this.moment || Number.isNaN(this.moment.getTime())) return;
    this.time.title = exact.format(this.moment);
    this.show();
    this.timer = setInterval(() => this.show(), 30000);
  }

  disconnectedCallback() {
    clearInterval(this.timer);
  }

  show() {
    this.time.textContent = near(this.moment, Date.now());
  }
}

// A text with a button that copies it, also where the page came over plain http.
class CopyText extends HTMLElement {
  connectedCallback() {
    this.button = this.querySelector("button");
    this.button.hidden = false;
    this.button.addEventListener("click", () => this.copy());
  }

  async copy() {
    await copied(this.querySelector("code"));
    this.button.title = "Copied";
  }
}

// Copy the text of an element, also where the page came over plain http.
export async function copied(source) {
  try {
    await navigator.clipboard.writeText(source.textContent);
  } catch {
    const range = document.createRange();
    range.selectNodeContents(source);
    const selection = getSelection();
    selection.removeAllRanges();
    selection.addRange(range);
    document.execCommand("copy");
    selection.removeAllRanges();
  }
  said("Copied");
}

// A page that nobody touches is left as it is after a while: each request keeps its session from ending.
const LEFT_ALONE_MS = 15 * 60000;
let touched = Date.now();
for (const kind of ["pointermove", "pointerdown", "keydown", "scroll"]) {
  addEventListener(kind, () => { touched = Date.now(); }, { passive: true });
}

// A part of a page that is fetched anew while the page is looked at; never while somebody uses it.
const PAUSED = "crossdock-paused";

function isPaused() {
  try {
    return sessionStorage.getItem(PAUSED) === "1";
  } catch {
    return false; // a browser that keeps nothing
  }
}

// The switch in a page's head that stops all its figures from being renewed, until it is pressed again.
class LiveSwitch extends HTMLElement {
  connectedCallback() {
    this.button = this.querySelector("button");
    this.hidden = !document.querySelector("live-part");
    this.button.addEventListener("click", () => this.toggle());
    this.show();
  }

  toggle() {
    try {
      sessionStorage.setItem(PAUSED, isPaused() ? "0" : "1");
    } catch {
      return;
    }
    this.show();
    said(isPaused() ? "Paused: figures stay as they are" : "Live again");
    if (!isPaused()) for (const part of document.querySelectorAll("live-part")) part.refresh();
  }

  show() {
    this.button.setAttribute("aria-pressed", String(isPaused()));
    this.button.textContent = isPaused() ? "Paused" : "Live";
  }
}

class LivePart extends HTMLElement {
  connectedCallback() {
    this.begin();
  }

  disconnectedCallback() {
    clearInterval(this.timer);
  }

  begin() {
    clearInterval(this.timer);
    this.timer = setInterval(() => this.look(), Number(this.dataset.seconds || 10) * 1000);
  }

  look() {
    if (isPaused() || Date.now() - touched > LEFT_ALONE_MS) return;
    const busy = document.hidden || this.contains(document.activeElement) || this.matches(":hover");
    if (!busy && !this.querySelector("details[open]") && !this.isChanged()) this.refresh();
  }

  // Whether something was chosen or typed in it that was not sent yet.
  isChanged() {
    const typed = [...this.querySelectorAll("input")].some((input) => input.value !== input.defaultValue);
    return typed || [...this.querySelectorAll("select")].some((select) =>
      [...select.options].some((option) => option.defaultSelected) && !select.selectedOptions[0]?.defaultSelected);
  }

  refresh() {
    const asked = new CustomEvent("live-refresh", { bubbles: true, cancelable: true });
    if (!this.dispatchEvent(asked)) return; // the portal asks with its token
    const request = new XMLHttpRequest(); // it parses HTML without a sink that Trusted Types guard
    request.open("GET", location.href);
    request.responseType = "document";
    request.timeout = 20000;
    request.onload = () => {
      const fresh = request.status === 200 && request.response?.getElementById(this.id);
      if (!fresh) return;
      this.replaceChildren(...[...fresh.childNodes].map((node) => document.importNode(node, true)));
      if (this.dataset.seconds === fresh.dataset.seconds) return;
      this.dataset.seconds = fresh.dataset.seconds; // what is under way is looked at more often
      this.begin();
    };
    request.send();
  }
}

let voice;
function said(text) {
  voice ??= Object.assign(document.createElement("p"), { className: "unseen" });
  voice.setAttribute("role", "status");
  if (!voice.isConnected) document.body.append(voice);
  voice.textContent = text;
}

// A form is sent once, however often its button is pressed.
addEventListener("submit", (event) => {
  const form = event.target;
  if (form.method !== "post") return;
  if (form.dataset.sent) event.preventDefault();
  form.dataset.sent = "1";
});
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

// "/" leads to the search of a page, as in other consoles.
addEventListener("keydown", (event) => {
  const typing = event.target.matches?.("input, select, textarea");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const search = document.querySelector("input[type=search]");
  if (!search) return;
  event.preventDefault();
  search.focus();
});

customElements.define("time-ago", TimeAgo);
customElements.define("copy-text", CopyText);
customElements.define("live-part", LivePart);
customElements.define("live-switch", LiveSwitch);
