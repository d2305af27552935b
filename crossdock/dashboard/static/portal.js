// The portal: fetches the pages that a token opens, and shows them in place. The token comes in the fragment of
// the address, which no server and no referrer is told; it is kept by this script and goes out in one header.

const KEPT = "crossdock-portal";
const portal = document.getElementById("portal");
const pages = new URL(portal.dataset.pages, location.href);
const isFramed = window.parent !== window;
let token = "";
let shownPath = "";
let wantedPath = ""; // what was asked for last: an answer may still be on its way
let waiting;

// Storage is for a page by itself: in a frame it may be closed, and whoever shows the frame has the token.
function kept(change) {
  try {
    return isFramed ? null : change(sessionStorage);
  } catch {
    return null;
  }
}

function takeToken() {
  const given = new URLSearchParams(location.hash.replace(/^#/, "")).get("token");
  if (!given) return false;
  token = given;
  kept((storage) => storage.setItem(KEPT, token));
  history.replaceState(null, "", `#${shownPath || "/webhooks"}`);
  return true;
}

function within(address) {
  const url = new URL(address);
  const isPage = url.origin === pages.origin && url.pathname.startsWith(`${pages.pathname}/`);
  return isPage ? url.pathname.slice(pages.pathname.length) + url.search : null;
}

function ask(method, path, body, onPage) {
  waiting?.abort();
  const request = waiting = new XMLHttpRequest(); // it parses HTML without a sink that Trusted Types guard
  document.getElementById("content").setAttribute("aria-busy", "true");
  request.open(method, pages.href + path);
  request.setRequestHeader("authorization", `Bearer ${token}`);
  request.setRequestHeader("accept", "text/html");
  if (body) request.setRequestHeader("content-type", "application/x-www-form-urlencoded");
  request.responseType = "document";
  request.timeout = 60000;
  request.onload = () => onPage(request);
  request.onerror = request.ontimeout = () => tell("The server could not be reached. Try again.");
  request.send(body);
}

function open(path) {
  wantedPath = path;
  ask("GET", path, null, (request) => show(request));
}

function show(request) {
  const fresh = request.response?.getElementById("content");
  if (!fresh) return tell("Something went wrong here. Please try again.");
  const path = within(request.responseURL) ?? shownPath;
  if (request.status === 401) over();
  shownPath = wantedPath = path;
  if (location.hash !== `#${path}`) history.pushState(null, "", `#${path}`);
  document.title = request.response.title;
  colour(portal.dataset.color ? portal.dataset : fresh.dataset);
  place(fresh, request.responseURL);
}

function place(fresh, address) {
  const main = document.importNode(fresh, true);
  pointInside(main, address);
  const before = document.getElementById("content");
  before.replaceWith(main);
  main.focus({ preventScroll: true });
  scrollTo(0, 0);
}

// Links lead to fragments of this page, so that back, forward and a new tab work.
function pointInside(part, address) {
  for (const link of part.querySelectorAll("a[href]")) {
    const path = within(new URL(link.getAttribute("href"), address).href);
    if (path) link.setAttribute("href", `#${path}`);
    else link.removeAttribute("href");
  }
  for (const image of part.querySelectorAll("img[src]")) {
    image.setAttribute("src", new URL(image.getAttribute("src"), address).href);
  }
  for (const form of part.querySelectorAll("form")) {
    form.dataset.path = within(new URL(form.getAttribute("action") || address, address).href) ?? "";
    form.removeAttribute("action");
  }
}

function colour(from) {
  const pairs = [["--accent", from.color, from.colorDark], ["--on-accent", from.colorText, from.colorDarkText]];
  for (const [name, light, dark] of pairs) {
    const isGood = [light, dark].every((text) => /^#[0-9a-f]{6}$/.test(text ?? ""));
    if (isGood) document.documentElement.style.setProperty(name, `light-dark(${light}, ${dark})`);
    else document.documentElement.style.removeProperty(name);
  }
}

function tell(text) {
  const main = document.getElementById("content");
  main.setAttribute("aria-busy", "false");
  const line = Object.assign(document.createElement("p"), { className: "alert", textContent: text });
  line.setAttribute("role", "alert");
  main.prepend(line);
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
}

// Whoever shows the frame may put a new token into its fragment; the page that is shown then stays.
function over() {
  kept((storage) => storage.removeItem(KEPT));
  if (isFramed) parent.postMessage({ type: "crossdock.portal-expired" }, "*");
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.dataset.path === undefined) return;
  event.preventDefault();
  if (form.dataset.sent) return;
  const data = new URLSearchParams(new FormData(form));
  if (event.submitter?.name) data.append(event.submitter.name, event.submitter.value);
  if (form.method === "post") ask("POST", form.dataset.path, data.toString(), (request) => show(request));
  else location.hash = `${form.dataset.path.split("?")[0]}?${data}`;
});

// Parts that renew themselves ask here, too: they know of no token.
document.addEventListener("live-refresh", (event) => {
  event.preventDefault();
  const path = shownPath, part = event.target;
  const request = new XMLHttpRequest();
  request.open("GET", pages.href + path);
  request.setRequestHeader("authorization", `Bearer ${token}`);
  request.setRequestHeader("accept", "text/html");
  request.responseType = "document";
  request.timeout = 20000;
  request.onload = () => {
    const fresh = request.status === 200 && path === shownPath && request.response?.getElementById(part.id);
    if (!fresh) return;
    const copy = document.importNode(fresh, true);
    pointInside(copy, request.responseURL);
    part.replaceChildren(...copy.childNodes);
  };
  request.send();
});

addEventListener("hashchange", () => {
  const isNew = takeToken();
  const path = location.hash.slice(1);
  if (!isNew && (!path.startsWith("/") || path === wantedPath)) return;
  open(isNew ? shownPath || "/webhooks" : path);
});
addEventListener("popstate", () => {
  const path = location.hash.slice(1);
  if (path.startsWith("/") && path !== wantedPath) open(path);
});

// The height of the page, for whoever shows it in a frame without a scroll bar of its own, as svix-react does.
if (isFramed) {
  const tellHeight = () => {
    const payload = { height: Math.ceil(portal.getBoundingClientRect().height) };
    parent.postMessage({ type: "svix.iframe-resizer-height", payload }, "*");
  };
  new ResizeObserver(tellHeight).observe(portal);
}

if (!takeToken()) token = kept((storage) => storage.getItem(KEPT)) ?? "";
open(location.hash.startsWith("#/") ? location.hash.slice(1) : "/webhooks");
