/** What every step of the way looks like. Each shows itself on the card; what happens then is the journey's. */

import { h, icon, logo, newId, outside, spinner } from "./dom.js";

const isPointer = () => matchMedia("(hover: hover) and (pointer: fine)").matches;

/** The button that goes on; with a spinner while something is under way. */
function mainButton(text, attributes = {}) {
  const label = h("span", {}, text);
  const button = h("button", { type: "submit", class: "button", ...attributes }, label);
  button.busy = (words) => {
    button.disabled = Boolean(words);
    button.setAttribute("aria-busy", String(Boolean(words)));
    label.textContent = words || text;
    button.querySelector(".spinner")?.remove();
    if (words) button.prepend(spinner());
  };
  return button;
}

const quietButton = (text, onclick, attributes = {}) =>
  h("button", { type: "button", class: "button button-quiet", onclick, ...attributes }, text);

export function moment(card, t, onBack = null, key = "moment") {
  card.show({ name: "moment", title: t(key), top: spinner("spinner-large"), back: onBack });
}

export function intro(card, t, { organization, kind, system, isRepair, onContinue }) {
  const { name } = organization;
  const title = isRepair ? t("intro.title.repair", { system: system?.display_name ?? name })
    : system ? t("intro.title.system", { system: system.display_name, organization: name })
      : t(`intro.title.${kind}`, { organization: name });
  const pair = h("div", { class: "pair" },
    system ? logo(system.display_name, system.logo_url, "logo-large") : h("span", { class: "logo logo-large logo-icon", "aria-hidden": "true" }, icon(KIND_ICONS[kind] ?? "box")),
    h("span", { class: "pair-line", "aria-hidden": "true" }, h("i"), h("i"), h("i"), h("i"), h("i")),
    logo(name, organization.logo_url, "logo-large"));
  const points = [["lock", "safe"], ["shield", "checked"], ["hand", "yours"]].map(([picture, key]) =>
    h("li", {}, icon(picture), h("div", {}, h("strong", {}, t(`intro.${key}.title`)), h("p", {}, t(`intro.${key}.text`)))));
  const button = h("button", { type: "button", class: "button", onclick: onContinue }, t("continue"));
  card.show({
    name: "intro", title, top: pair, step: 0,
    body: [isRepair ? h("p", { class: "lead" }, t("intro.repair")) : null, h("ul", { class: "points" }, points)],
    actions: [button, legal(t, organization)],
  });
}

const KIND_ICONS = { wms: "box", cart: "cart", carrier: "truck", freight: "ship" };

function legal(t, { name, terms_url: terms, privacy_url: privacy }) {
  if (!terms && !privacy) return null;
  const link = (key, url) => outside(url, t(key), t, false) ?? t(key);
  const key = terms && privacy ? "both" : terms ? "terms" : "privacy";
  const values = { organization: name, terms: terms && link("terms", terms), privacy: privacy && link("privacy", privacy) };
  return h("p", { class: "legal" }, t.pieces(`intro.terms.${key}`, values));
}

/** An address of the web; null for any other, such as one with a script in it. */
const safeUrl = (url) => (/^https?:\/\//i.test(url ?? "") ? url : null);

export function picker(card, t, { kind, integrations, organization, query, onQuery, onPick, onBack }) {
  if (!integrations.length) {
    card.show({
      name: "message", title: t("picker.empty"), top: badge("search"), back: onBack,
      body: h("p", { class: "lead" }, t("picker.empty.text", { organization })),
    });
    return;
  }
  const listId = newId();
  const rows = integrations.map((integration) => ({
    text: folded(`${integration.display_name} ${integration.name}`), words: folded(integration.display_name),
    element: h("li", {}, h("button", { type: "button", class: "row", onclick: () => onPick(integration) },
      logo(integration.display_name, integration.logo_url),
      h("span", { class: "row-text" }, h("span", { class: "row-name" }, integration.display_name),
        integration.description ? h("span", { class: "row-more" }, integration.description) : null),
      icon("chevron", "icon icon-turn"))),
  }));
  const list = h("ul", { class: "rows", id: listId });
  const nothing = h("div", { class: "nothing", hidden: true });
  const input = h("input", {
    type: "search", class: "input", placeholder: t("picker.search"), "aria-label": t("picker.search"), "aria-controls": listId,
    autocomplete: "off", autocapitalize: "none", spellcheck: "false", enterkeyhint: "search",
  });
  input.value = query;
  const clear = h("button", { type: "button", class: "eye", "aria-label": t("picker.clear"), onclick: () => { input.value = ""; sift(); input.focus(); } }, icon("close"));
  const shown = () => [...list.querySelectorAll("button")];

  function sift() {
    const wanted = folded(input.value.trim());
    const fitting = rows.filter((row) => wanted.split(/\s+/).every((word) => row.text.includes(word)))
      .sort((a, b) => Number(b.words.startsWith(wanted)) - Number(a.words.startsWith(wanted)));
    list.replaceChildren(...fitting.map((row) => row.element));
    clear.hidden = !input.value;
    nothing.hidden = fitting.length > 0;
    if (!fitting.length) nothing.replaceChildren(badge("search"), h("p", { class: "strong" }, t("picker.nothing", { query: input.value.trim() })), h("p", {}, t("picker.unlisted", { organization })));
    onQuery(input.value);
    return fitting.length;
  }

  input.addEventListener("input", () => {
    const count = sift();
    card.say(count ? t(`picker.count.${count === 1 ? "one" : "many"}`, { count }) : t("picker.nothing", { query: input.value.trim() }));
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown" && shown().length) { event.preventDefault(); shown()[0].focus(); }
    if (event.key === "Enter" && shown().length && input.value.trim()) { event.preventDefault(); shown()[0].click(); }
    if (event.key === "Escape" && input.value) { event.preventDefault(); event.stopPropagation(); input.value = ""; sift(); }
  });
  list.addEventListener("keydown", (event) => {
    const buttons = shown(), index = buttons.indexOf(document.activeElement);
    const moves = { ArrowDown: index + 1, ArrowUp: index - 1, Home: 0, End: buttons.length - 1 };
    if (event.key in moves) {
      event.preventDefault();
      (moves[event.key] < 0 ? input : buttons[Math.min(moves[event.key], buttons.length - 1)]).focus();
    } else if (event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey) input.focus();
  });
  sift();
  card.show({
    name: "picker", title: t(`picker.title.${kind}`), step: 1, back: onBack, focus: isPointer() ? input : null,
    body: [h("div", { class: "search" }, icon("search"), input, clear), list, nothing],
  });
}

/** For comparing: without case and accents. */
const folded = (text) => text.toLocaleLowerCase().normalize("NFD").replace(/\p{M}/gu, "");

const badge = (picture, tone = "") => h("span", { class: `badge ${tone}`, "aria-hidden": "true" }, icon(picture));

const systemLogo = (system) => logo(system.display_name, system.logo_url, "logo-medium");

/** What a form's screen can be told: {busy(words), note(text)}. */
function formParts(button, note) {
  return {
    busy(words) {
      button.busy(words);
      note.textContent = "";
    },
    note: (text) => { note.textContent = text; },
  };
}

export function form(card, t, { system, form: fields, onBack, onSubmit }) {
  const button = mainButton(t("connect"));
  const note = h("p", { class: "note" });
  const docs = outside(system.docs, t("form.docs"), t);
  const hasFields = fields.rows.length > 0;
  card.show({
    name: "form", step: 2, back: onBack, onSubmit, top: systemLogo(system), focus: isPointer() ? fields.firstInput : null,
    title: t(hasFields ? "form.title" : "form.title.plain", { system: system.display_name }),
    body: [
      docs ? h("p", { class: "lead" }, docs) : null,
      hasFields ? null : h("p", { class: "lead" }, [system.description, t("form.nothing")].filter(Boolean).join(" ")),
      fields.elements,
    ],
    actions: [note, button],
  });
  return formParts(button, note);
}

export function consent(card, t, { system, form: fields, isRedirect, onBack, onSubmit }) {
  const names = { system: system.display_name };
  const button = mainButton(t("oauth.go", names));
  const note = h("p", { class: "note" });
  card.show({
    name: "consent", step: 2, back: onBack, onSubmit, top: systemLogo(system), title: t("oauth.title", names),
    focus: fields.rows.length && isPointer() ? fields.firstInput : null,
    body: [
      h("p", { class: "lead" }, t(isRedirect ? "oauth.text.redirect" : "oauth.text", names)),
      fields.elements,
      h("p", { class: "assurance" }, icon("lock"), t("oauth.private", names)),
    ],
    actions: [note, button],
  });
  return formParts(button, note);
}

/** address: of the window that the browser kept shut; null: it is open. */
export function waiting(card, t, { system, address, onAgain, onClosed, onBack, onRedirect }) {
  const names = { system: system.display_name };
  const closed = h("div", { class: "grace", role: "status" });
  const more = h("div", { class: "stack" });
  const orbit = h("div", { class: "orbit" }, systemLogo(system), spinner("spinner-orbit"));
  card.show({
    name: "waiting", step: 2, back: onBack, top: orbit,
    title: t(address ? "oauth.blocked" : "oauth.waiting", names),
    body: [h("p", { class: "lead" }, t(address ? "oauth.blocked.text" : "oauth.waiting.text", names)), closed],
    actions: address
      ? [h("a", { class: "button", href: safeUrl(address), target: "_blank", rel: "opener" }, t("oauth.blocked.link", names), icon("external", "icon icon-small")), more]
      : [quietButton(t("oauth.again"), onAgain)],
  });
  card.say(t("oauth.waiting.text", names));
  return {
    seemsClosed() {
      closed.replaceChildren(h("p", {}, t("oauth.closed.hint")), quietButton(t("oauth.closed"), onClosed));
    },
    offerRedirect: (url) => more.replaceChildren(quietButton(t("oauth.here"), () => onRedirect(url))),
  };
}

const STATES = { ok: "check", missing: "close", unknown: "help", pending: null };

export function result(card, t, { organization, system, isRepair, onDone }) {
  const summaryLine = h("div", { class: "summary" });
  const list = h("ul", { class: "permissions" });
  const open = new Set();
  card.show({
    name: "result", step: 3, title: t(isRepair ? "result.title.repair" : "result.title"),
    top: h("span", { class: "success", "aria-hidden": "true" }, icon("check")),
    body: [h("p", { class: "lead" }, t("result.text", { system: system.display_name, organization: organization.name })), summaryLine, list],
    actions: h("button", { type: "button", class: "button", onclick: onDone }, t("done")),
  });
  const show = (permissions) => {
    list.replaceChildren(...permissions.map((permission) => permissionRow(t, permission, open)));
    list.hidden = !permissions.length;
  };
  return {
    show(permissions) {
      summaryLine.replaceChildren(permissions.length ? h("p", { class: "checking" }, spinner(), t("result.checking")) : "");
      show(permissions);
    },
    settle(permissions) {
      summaryLine.replaceChildren(...(permissions.length ? [verdict(t, permissions)] : []));
      show([...permissions].sort((a, b) => Number(b.state === "missing") - Number(a.state === "missing")));
    },
  };
}

function verdict(t, permissions) {
  const has = (state) => permissions.some((permission) => permission.state === state);
  const text = h("p", { class: "strong" }, summary(t, permissions));
  if (has("missing")) return h("div", { class: "alert alert-warn" }, icon("alert"), h("div", {}, text, h("p", {}, t("result.partial.text"))));
  return h("div", { class: has("ok") ? "verdict verdict-good" : "verdict" }, icon(has("ok") ? "check" : "help"), text);
}

/** What came of the checks, in a sentence; "" where there were none. */
export function summary(t, permissions) {
  const has = (state) => permissions.some((permission) => permission.state === state);
  if (!permissions.length) return "";
  if (has("missing")) return t("result.partial");
  if (!has("ok")) return t("result.unknown");
  return t(has("unknown") ? "result.some" : "result.all");
}

function permissionRow(t, { function: name, label, state, reason }, open) {
  const mark = h("span", { class: `mark mark-${state}` }, STATES[state] ? icon(STATES[state]) : spinner());
  const words = h("span", { class: "unseen" }, `, ${t(`state.${state}`)}`);
  const text = h("span", { class: "permission-name" }, functionText(t, name, label), words);
  if (!reason || state === "ok") return h("li", { class: "permission" }, mark, text);
  const details = h("details", { open: open.has(name), ontoggle: (event) => open[event.target.open ? "add" : "delete"](name) },
    h("summary", {}, text, h("span", { class: "why" }, t("result.why"))), h("p", {}, t.has(`reason.${reason}`) ? t(`reason.${reason}`) : reason));
  return h("li", { class: "permission" }, mark, details);
}

/** A function in the words of the language; the server's words are English. */
const functionText = (t, name, label) =>
  t.language !== "en" && t.has(`function.${name}`) ? t(`function.${name}`) : label || name;

/** The last screen of a page of its own. */
export function farewell(card, t, { organization, system }) {
  const more = h("div", { class: "stack" });
  card.show({
    name: "farewell", step: 3, title: t("result.page.title"), top: h("span", { class: "success", "aria-hidden": "true" }, icon("check")),
    body: [h("p", { class: "lead" }, `${t("result.text", { organization, system })} ${t("result.page")}`)],
    actions: [more],
  });
  return { offerMore: (onMore) => more.replaceChildren(quietButton(t("result.more"), onMore)) };
}

const ICONS = { offline: "wifi", timeout: "clock", link_token_expired: "clock", unavailable: "clock", magic_link_expired: "clock", magic_link_used: "check", not_configured: "wrench" };

/** The screen of a text without more to do. key: of the text, below "error.". */
export function message(card, t, key, values) {
  card.show({ name: "message", title: t(`error.${key}.title`), top: badge("alert"), body: h("p", { class: "lead" }, t(`error.${key}`, values)) });
}

export function failure(card, t, { error, values, onRetry, onBack, onClose }) {
  const titleKey = `error.${error.code}.title`;
  const words = details(t, error);
  card.show({
    name: "message", title: t(t.has(titleKey) ? titleKey : "error.title"), back: onBack, top: badge(ICONS[error.code] ?? "alert"),
    body: [h("p", { class: "lead" }, errorText(t, error, values)), words ? h("p", { class: "words" }, words) : null],
    actions: onRetry ? h("button", { type: "button", class: "button", onclick: onRetry }, t("retry"))
      : onClose ? h("button", { type: "button", class: "button", onclick: onClose }, t("close")) : [],
  });
  card.say(errorText(t, error, values));
}

/** An error in words that its reader can act on. */
export function errorText(t, { code }, values) {
  const key = code === "oauth_timeout" ? "oauth.timeout" : `error.${code}`;
  if (t.has(key)) return t(key, values);
  return t("error.other");
}

/** What is known of an error of the system, in its words or the server's; "" where nothing is. */
export function details(t, { code, message: words }) {
  return DETAILED.has(code) && words ? t("error.details", { words }) : "";
}

const DETAILED = new Set(["invalid_credentials", "login_throttled", "vendor_unavailable", "vendor_refused", "oauth_failed"]);
