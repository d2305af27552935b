/*!
 * Crossdock Connect: the script of the button. It makes window.Trackstar, as components of that name expect it,
 * and window.Crossdock, and shows the form that end users connect a system with. The form itself is a page of
 * Crossdock's own origin in an iframe: this page can't read what is typed there.
 */
(() => {
  "use strict";

  // The path that this copy was asked for: the server writes it in, as /link/main.js may also be a /main.js below
  // the prefix /link.
  const SELF = "/main.js";
  const REGISTRY = Symbol.for("crossdock.connect");
  const COMPATIBLE = "Trackstar";
  // What the npm package looks for before it would load the vendor's script.
  const COMPATIBLE_SCRIPT = "https://link.trackstarhq.com/main.js";
  const FORWARDED = [
    "integrationType", "integrationAllowList", "integrationBlockList", "integrationsWithEndpoints",
    "disabledFunctions", "sandbox", "logo",
  ];
  const SLOWEST_FRAME_MS = 20000;
  // Scripts of a page have run when it has loaded, and the frame then speaks at once.
  const SILENT_FRAME_MS = 3000;
  const LINKED_FRAME_MS = 5000;
  const TEXTS = {
    en: { title: "Connect a system", failed: "This window could not be loaded. Please try again later.", close: "Close" },
    de: {
      title: "System verbinden", close: "Schließen",
      failed: "Dieses Fenster konnte nicht geladen werden. Bitte versuchen Sie es später noch einmal.",
    },
  };

  // ---- Where this script is from ----

  /** The address of this script, and of the server that it talks to: everything before its own path. */
  function whereFrom() {
    const element = ownElement();
    if (!element) return { src: "", server: "" };
    const stated = element.getAttribute("data-crossdock-server");
    const base = stated ? new URL(stated, document.baseURI) : new URL(element.src);
    const path = stated ? base.pathname.replace(/\/+$/, "") : withoutEnd(base.pathname, SELF);
    return { src: element.src, server: path === null ? "" : base.origin + path };
  }

  function ownElement() {
    if (document.currentScript && document.currentScript.src) return document.currentScript;
    const elements = [...document.querySelectorAll("script[src]")].filter((element) => element.src !== COMPATIBLE_SCRIPT);
    const ending = (end) => elements.filter((element) => new URL(element.src).pathname.endsWith(end)).pop();
    return elements.find((element) => element.hasAttribute("data-crossdock-server")) || ending("/link/main.js") || ending(SELF);
  }

  function withoutEnd(path, end) {
    return path.endsWith(end) ? path.slice(0, -end.length) : null;
  }

  // ---- The registry: one for all copies of this script on a page ----

  function newRegistry() {
    return { first: copy, servers: new Map(), buttons: new Map(), flow: null, returned: returnedFlow() };
  }

  /** Define the globals, and tell those who waited for them. */
  function announce() {
    window[COMPATIBLE] = namedButton("").api;
    registry.buttons.forEach((button, name) => { window[COMPATIBLE + name] = button.api; });
    window.Crossdock = Object.assign(window.Crossdock || {}, { create });
    window.dispatchEvent(new Event("crossdock:ready"));
    standIn();
  }

  /** Stand in for the vendor's script: the npm package takes an element with its address as loaded. */
  function standIn() {
    const element = document.querySelector(`script[src="${COMPATIBLE_SCRIPT}"]`);
    if (!element) {
      addPlaceholder();
    } else if (element.type === "text/plain") {
      element.dispatchEvent(new Event("load")); // components that were there before this script begin now
    } else {
      warn(`${COMPATIBLE_SCRIPT} is in this page, too, and may take the place of this script: remove it.`);
    }
  }

  function addPlaceholder() {
    const element = document.createElement("script");
    element.type = "text/plain"; // neither fetched nor run, nor asked about by a Content-Security-Policy
    try {
      element.src = trusted(COMPATIBLE_SCRIPT);
      (document.head || document.documentElement).append(element);
    } catch {
      warn("Trusted Types keep this script from adding a placeholder: see the documentation of the button.");
    }
  }

  function trusted(url) {
    const rules = { createScriptURL: (text) => text };
    return window.trustedTypes ? window.trustedTypes.createPolicy("crossdock-connect", rules).createScriptURL(url) : url;
  }

  // ---- Buttons ----

  function newButton(server) {
    const button = { server, options: null, isLoaded: false, isGone: false };
    button.api = {
      init,
      open: (choice) => open(button, choice),
      // The one without a name closes whatever is open.
      close: () => close((flow) => flow.button === button || button === registry.buttons.get(""), "api"),
      state: { isLoaded: true },
    };
    return button;
  }

  /** The button of a name, made when it is first asked for. */
  function namedButton(name) {
    if (!registry.buttons.has(name)) registry.buttons.set(name, newButton(registry.first.server));
    return registry.buttons.get(name);
  }

  /** Take the newest options of a button. Components call this whenever they draw: it does no work. */
  function init(options) {
    const name = isObject(options) ? nameOf(options) : "";
    const button = namedButton(name);
    window[COMPATIBLE + name] = button.api;
    update(button, options);
  }

  /** A button without a name or global: {open, close, update, destroy}. options.src: which server's. */
  function create(options) {
    const src = options && options.src ? new URL(options.src, document.baseURI).href : "";
    const button = newButton(registry.servers.get(src) || registry.first.server);
    update(button, options);
    return {
      open: button.api.open,
      close: button.api.close,
      update: (newest) => update(button, newest),
      destroy() {
        button.isGone = true;
        close((flow) => flow.button === button, "unmount");
      },
    };
  }

  function update(button, options) {
    if (!isObject(options)) return fault("a button wants an object of options.");
    button.options = options;
    if (!button.isLoaded) {
      button.isLoaded = true;
      Promise.resolve().then(() => button.isGone || call(button, "onLoad"));
    }
    const flow = registry.flow;
    if (flow && flow.button === button && !flow.options) begin(flow);
    if (registry.returned) resume(button);
  }

  function nameOf(options) {
    return Object.prototype.hasOwnProperty.call(options, "buttonId") ? String(options.buttonId) : "";
  }

  /** Call the newest callback of a button. What it throws is the page's own and ends nothing here. */
  function call(button, name, ...values) {
    const callback = button.options && button.options[name];
    if (typeof callback !== "function") return;
    try {
      callback(...values);
    } catch (error) {
      reportError(error);
    }
  }

  // ---- A flow: from open() to exactly one of onSuccess and onClose ----

  function open(button, choice, resumed) {
    if (button.isGone) return;
    if (registry.flow) return registry.flow.iframe.focus();
    if (!button.server) return fault(`can't tell which server this script is from: its address should end with ${SELF}, or its element have data-crossdock-server.`);
    const integrationId = isObject(choice) && typeof choice.integrationId === "string" ? choice.integrationId : "";
    const flow = {
      button, integrationId, resumed, nonce: newNonce(), origin: new URL(button.server).origin, options: null,
      token: null, asked: 0, isReady: false, isTold: false, isLinked: false, isClosing: false, hasFailed: false,
      result: null, timers: [], undo: [],
    };
    registry.flow = flow;
    show(flow);
    if (button.options) begin(flow);
    else warn("open() waits for init().");
  }

  /** Begin once there are options: of this moment, whatever the button is told later. */
  function begin(flow) {
    flow.options = optionsOf(flow.button.options);
    askToken(flow);
  }

  function optionsOf(options) {
    const values = FORWARDED.map((name) => [name, options[name]]);
    const plain = (value) => (Array.isArray(value) ? value.map(String) : value);
    return Object.fromEntries(values.filter(([, value]) => ["string", "boolean"].includes(typeof value) || Array.isArray(value))
      .map(([name, value]) => [name, plain(value)]));
  }

  async function askToken(flow) {
    const number = ++flow.asked;
    flow.token = null;
    const token = await linkToken(flow.button).catch((error) => fault("getLinkToken failed:", error));
    if (registry.flow !== flow || number !== flow.asked) return;
    flow.token = { text: token || null };
    if (flow.isReady) hand(flow);
  }

  async function linkToken(button) {
    const token = await button.options.getLinkToken();
    if (typeof token === "string" && token) return token;
    throw new TypeError(`it must give the link token as text, and gave ${token === null ? "null" : typeof token}`);
  }

  /** Hand what getLinkToken gave to the frame, which first has to hear what it is about. */
  function hand(flow) {
    if (!flow.isTold) tellOpen(flow);
    else if (flow.token.text) post(flow, "token", { linkToken: flow.token.text });
    flow.isTold = true;
    if (!flow.token.text) post(flow, "token-failed");
  }

  function tellOpen(flow) {
    post(flow, "open", {
      options: flow.options,
      integrationId: flow.integrationId || null,
      linkToken: flow.token.text,
      language: languageOf(flow) || null,
      returnUrl: returnUrl(flow.button.options),
      resumeFlow: flow.resumed || null,
    });
  }

  function post(flow, type, values) {
    flow.iframe.contentWindow.postMessage({ crossdock: flow.nonce, type, ...values }, flow.origin);
  }

  /** Only the frame of the flow is heard, from our own origin, and only if it knows the flow's nonce. */
  function onMessage(event) {
    const flow = registry.flow;
    const message = event.data;
    if (!flow || event.source !== flow.iframe.contentWindow || event.origin !== flow.origin) return;
    if (!isObject(message) || message.crossdock !== flow.nonce) return;
    const heard = HEARD.get(message.type);
    if (heard) heard(flow, message);
  }

  const HEARD = new Map([
    ["ready", (flow) => {
      flow.isReady = true;
      flow.isTold = false;
      reveal(flow);
      if (flow.token) hand(flow);
    }],
    ["need-token", (flow) => { if (flow.options) askToken(flow); }],
    ["linked", (flow, message) => {
      flow.isLinked = true;
      flow.result = resultOf(message);
    }],
    ["success", (flow, message) => {
      const result = resultOf(message);
      if (result) end(flow, "onSuccess", ...result);
    }],
    ["close", (flow, message) => endEarly(flow, String(message.reason || "user"))],
    ["redirect", (flow, message) => {
      if (/^https?:/.test(message.url)) location.assign(message.url);
    }],
  ]);

  function resultOf(message) {
    return typeof message.authCode === "string" ? [message.authCode, String(message.integrationName || "")] : null;
  }

  /** Close what is open, if it is meant. A connection that exists by now is told as a success. */
  function close(isMeant, reason) {
    const flow = registry.flow;
    if (!flow || flow.isClosing || !isMeant(flow)) return;
    if (!flow.isLinked || flow.result) return endEarly(flow, reason);
    flow.isClosing = true;
    style(flow.dialog, { display: "none" });
    if (flow.dialog.open) flow.dialog.close();
    post(flow, "close-request");
    flow.timers.push(setTimeout(() => end(flow, "onClose", "error"), LINKED_FRAME_MS));
  }

  function endEarly(flow, reason) {
    if (flow.result) end(flow, "onSuccess", ...flow.result);
    else end(flow, "onClose", reason);
  }

  function end(flow, callback, ...values) {
    if (registry.flow !== flow) return;
    registry.flow = null;
    flow.timers.forEach(clearTimeout);
    if (flow.dialog.open) flow.dialog.close(); // gives the focus back
    flow.dialog.remove();
    flow.undo.forEach((undo) => undo());
    call(flow.button, callback, ...values);
  }

  // ---- Back from a sign-in that left the page ----

  function returnedFlow() {
    const query = new URLSearchParams(location.search);
    const id = query.get("crossdock_flow") || "";
    return /^[\w-]{8,64}$/.test(id) ? { id, button: query.get("crossdock_button") } : null;
  }

  /** Go on with it, at the first button that is meant and still there when all have said so. */
  function resume(button) {
    const returned = registry.returned;
    if (returned.button !== null && returned.button !== nameOf(button.options)) return;
    Promise.resolve().then(() => {
      if (registry.returned !== returned || button.isGone) return;
      registry.returned = null;
      history.replaceState(history.state, "", ownUrl());
      open(button, {}, returned.id);
    });
  }

  function ownUrl() {
    const url = new URL(location.href);
    url.searchParams.delete("crossdock_flow");
    url.searchParams.delete("crossdock_button");
    return url;
  }

  /** Where a sign-in that leaves the page comes back to: here, and to the same button. */
  function returnUrl(options) {
    const url = ownUrl();
    url.hash = "";
    if (nameOf(options)) url.searchParams.set("crossdock_button", nameOf(options));
    return url.href;
  }

  // ---- What is shown ----

  /** Show the frame above all else. A dialog: the page below is inert, and its own dialogs and focus traps are, too. */
  function show(flow) {
    const dialog = flow.dialog = document.createElement("dialog");
    const iframe = flow.iframe = document.createElement("iframe");
    const whole = { all: "initial", display: "block", position: "fixed", inset: "0", width: "100%", height: "100%", overflow: "hidden" };
    style(dialog, { ...whole, background: "rgba(15, 23, 42, .45)" });
    // A frame whose colour scheme is not that of its element would be opaque.
    style(iframe, { ...whole, border: "0", "color-scheme": "light dark", visibility: "hidden" });
    iframe.title = textsOf(flow).title;
    iframe.allow = "clipboard-read; clipboard-write";
    iframe.src = `${flow.button.server}/connect/frame#n=${flow.nonce}`;
    dialog.setAttribute("aria-label", iframe.title);
    dialog.dataset.crossdock = "modal";
    dialog.append(iframe);
    lockScroll(flow);
    (document.body || document.documentElement).append(dialog);
    dialog.showModal();
    listen(flow);
  }

  function listen(flow) {
    const { dialog, iframe, timers } = flow;
    const fail = () => { if (!flow.isReady) showFailure(flow); };
    timers.push(setTimeout(fail, SLOWEST_FRAME_MS));
    iframe.addEventListener("load", () => timers.push(setTimeout(fail, SILENT_FRAME_MS)));
    dialog.addEventListener("click", (event) => { if (event.target === dialog && !flow.isReady) endEarly(flow, "user"); });
    dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      if (flow.isReady) post(flow, "close-request");
      else endEarly(flow, flow.hasFailed ? "error" : "escape");
    });
    // Browsers close a dialog at the second Escape in a row, whatever is said to the first.
    dialog.addEventListener("close", () => close((current) => current === flow, "escape"));
    const observer = new MutationObserver(() => { if (!dialog.isConnected) endEarly(flow, "error"); });
    observer.observe(document, { childList: true, subtree: true });
    flow.undo.push(() => observer.disconnect());
  }

  function reveal(flow) {
    if (flow.failure) flow.failure.remove();
    style(flow.dialog, { background: "transparent" });
    style(flow.iframe, { visibility: "visible" });
    flow.iframe.focus();
  }

  /** Tell why nothing comes: the page's policy forbids the frame, or the server can't be reached. */
  function showFailure(flow) {
    if (flow.hasFailed) return;
    flow.hasFailed = true;
    fault(`${flow.button.server}/connect/frame did not load. Is the server reached from here, and does this page's Content-Security-Policy have "frame-src ${flow.origin}"?`);
    const card = document.createElement("div");
    const text = document.createElement("p");
    const button = document.createElement("button");
    text.textContent = textsOf(flow).failed;
    button.textContent = textsOf(flow).close;
    button.type = "button";
    button.addEventListener("click", () => endEarly(flow, "error"));
    style(card, { position: "absolute", top: "50%", left: "50%", transform: "translate(-50%, -50%)", "box-sizing": "border-box", width: "340px", "max-width": "90%", padding: "24px", "border-radius": "12px", background: "#fff", color: "#0f172a", font: "16px/1.5 system-ui, sans-serif", "text-align": "center" });
    style(text, { margin: "0 0 16px" });
    style(button, { padding: "10px 20px", border: "0", "border-radius": "8px", background: "#0f172a", color: "#fff", font: "inherit", cursor: "pointer" });
    card.setAttribute("role", "alert");
    card.append(text, button);
    flow.failure = card;
    flow.dialog.append(card);
    button.focus();
  }

  function lockScroll(flow) {
    const root = document.documentElement;
    const gap = window.innerWidth - root.clientWidth;
    flow.undo.push(changed(root, "overflow", "hidden"));
    if (gap > 0) flow.undo.push(changed(root, "padding-right", `${gap}px`)); // the page stays where it is
  }

  /** Set a style, and give the function that puts back what was there. */
  function changed(element, name, value) {
    const before = [element.style.getPropertyValue(name), element.style.getPropertyPriority(name)];
    element.style.setProperty(name, value, "important");
    return () => {
      element.style.setProperty(name, ...before);
      if (!element.getAttribute("style")) element.removeAttribute("style");
    };
  }

  /** Set styles one by one, which a Content-Security-Policy allows, and above those of the page. */
  function style(element, values) {
    Object.entries(values).forEach(([name, value]) => element.style.setProperty(name, value, "important"));
  }

  // ---- Small things ----

  function languageOf(flow) {
    const language = flow.button.options && flow.button.options.language;
    return typeof language === "string" ? language : "";
  }

  function textsOf(flow) {
    return TEXTS[(languageOf(flow) || navigator.language || "").slice(0, 2).toLowerCase()] || TEXTS.en;
  }

  function newNonce() {
    return [...crypto.getRandomValues(new Uint8Array(16))].map((octet) => octet.toString(16).padStart(2, "0")).join("");
  }

  function isObject(value) {
    return typeof value === "object" && value !== null;
  }

  function warn(...words) {
    console.warn("Crossdock:", ...words);
  }

  function fault(...words) {
    console.error("Crossdock:", ...words);
  }

  // ---- Begin ----

  const copy = { ...whereFrom(), announce };
  const registry = window[REGISTRY] || (window[REGISTRY] = newRegistry());
  if (copy.src) registry.servers.set(copy.src, copy.server);
  if (registry.first === copy) window.addEventListener("message", onMessage);
  registry.first.announce();
})();
