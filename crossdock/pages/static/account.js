/**
 * What pages below /account can't do without a script: links whose token stands behind `#`, passwords that are shown,
 * words for how good one is, copying, and times as they are here. Texts come from the page.
 */

import { h, icon } from "./dom.js";

const SHORTEST = 12, FEWEST_KINDS = 5;
const all = (selector) => document.querySelectorAll(selector);

// Links: the token goes from behind `#` into the form, and out of the address that somebody might copy or show.

const token = new URLSearchParams(location.hash.slice(1)).get("token");
if (location.href.includes("#")) history.replaceState(null, "", location.pathname + location.search);

if (token) {
  // Only when it is needed: until then the page holds nothing that could be saved or read out with it.
  const fragment = `#token=${encodeURIComponent(token)}`;
  for (const form of all("form[data-keeps-fragment]")) {
    form.addEventListener("formdata", ({ formData }) => formData.set("token", token));
    form.addEventListener("submit", () => { form.action = form.action.split("#")[0] + fragment; });
  }
  for (const link of all("a[data-keeps-fragment]")) {
    for (const kind of ["click", "auxclick"]) link.addEventListener(kind, () => { link.href = link.href.split("#")[0] + fragment; });
  }
}
for (const form of all("form[data-look]")) look(form);

/** Shows whom a link is for; or that it is over. */
async function look(form) {
  if (!token) return over();
  let response, answer;
  try {
    response = await fetch(form.dataset.look, {
      method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ token }), cache: "no-store",
    });
    answer = await response.json();
  } catch {
    response = null;
  }
  if (response && [401, 410].includes(response.status)) return over();
  if (!response?.ok) { document.getElementById("failed").hidden = false; return undefined; }
  const lead = document.querySelector("[data-lead]");
  const values = { ...answer, role: answer.role && lead.dataset[`role${answer.role[0].toUpperCase()}${answer.role.slice(1)}`] };
  lead.textContent = lead.dataset.lead.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  if (form.elements.email) form.elements.email.value = answer.email;
  if (form.elements.name && !form.elements.name.value) form.elements.name.value = answer.name ?? "";
  return undefined;
}

function over() {
  document.getElementById("open").hidden = true;
  document.getElementById("over").hidden = false;
}

// Passwords

for (const box of all(".secret")) {
  const input = box.querySelector("input");
  const eye = h("button", { type: "button", class: "eye", onclick: () => show(input.type === "password") });
  const show = (isShown) => {
    input.type = isShown ? "text" : "password";
    eye.setAttribute("aria-label", isShown ? box.dataset.hide : box.dataset.show);
    eye.replaceChildren(icon(isShown ? "eyeOff" : "eye"));
  };
  show(false);
  box.append(eye);
  input.form.addEventListener("submit", () => show(false));
  const words = document.getElementById(`${input.id}-strength`);
  if (words) input.addEventListener("input", () => rate(input.value, words));
}

function rate(password, words) {
  const letters = [...password.normalize("NFKC")], kinds = new Set(letters).size;
  const level = letters.length < SHORTEST ? "short" : kinds < FEWEST_KINDS ? "plain"
    : letters.length >= 20 && kinds >= 10 ? "strong" : letters.length >= 16 && kinds >= 8 ? "good" : "fair";
  words.dataset.level = password ? level : "";
  words.textContent = password ? words.dataset[level].replace("{missing}", SHORTEST - letters.length) : "";
}

// Copying, where the browser lets us

for (const button of all("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  const first = button.textContent;
  button.setAttribute("aria-live", "polite");
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    const lines = source.matches("ul") ? [...source.children].map((line) => line.textContent.trim()) : [source.textContent.trim()];
    await navigator.clipboard.writeText(lines.join("\n"));
    button.textContent = button.dataset.copied;
    setTimeout(() => { button.textContent = first; }, 2000);
  });
}

// Times as clocks show them here

const language = document.documentElement.lang;
const place = navigator.languages.find((tag) => tag.startsWith(language)) ?? language;
for (const time of all("time")) {
  const moment = new Date(time.dateTime);
  if (!Number.isNaN(moment.valueOf())) time.textContent = moment.toLocaleString(place, { dateStyle: "medium", timeStyle: "short" });
}

// What went wrong is read out first; a form is sent once, however often its button is pressed.

(document.querySelector("[aria-invalid]") ?? document.querySelector("[role=alert]:not([hidden])"))?.focus();
for (const form of all("form")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "yes";
  });
}
// A page that is gone back to may be sent anew.
addEventListener("pageshow", () => { for (const form of all("form")) delete form.dataset.sent; });
