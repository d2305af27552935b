/** The form of an integration, drawn from what its manifest says. */

import { bare, cleaned, fits } from "./cleaning.js";
import { h, icon, newId, outside } from "./dom.js";

const FEW = 4;
/** So many choices are shown all at once. */

export class CredentialForm {
  /** details: as the private API gives them. onInput: called when somebody types. */
  constructor(details, t, onInput = () => {}) {
    this.t = t;
    this.rows = details.fields.map((field) => this.#row(field));
    this.alert = h("div", { class: "alert", role: "alert", hidden: true });
    this.set = h("fieldset", { class: "fields" }, this.rows.map((row) => row.element));
    this.set.addEventListener("input", () => { this.#reveal(); onInput(); });
    this.set.addEventListener("change", () => this.#reveal());
    this.#reveal();
  }

  get elements() {
    return [this.alert, this.set];
  }

  get firstInput() {
    return this.rows.find((row) => !row.element.hidden)?.inputs()[0] || null;
  }

  /** What stands in a field now. */
  value(key) {
    return this.rows.find((row) => row.field.key === key)?.value();
  }

  /** The values that are asked for now, cleaned, by key; without empty ones, for which what is stored or usual is taken. */
  read() {
    const values = {};
    for (const row of this.rows) {
      if (row.element.hidden) continue;
      const value = row.clean();
      if (value !== "") values[row.field.key] = value;
    }
    return values;
  }

  /** The faults that can be seen from here: [{field, message}]. */
  faults() {
    const isChanged = this.#isChanged();
    return this.rows.filter((row) => !row.element.hidden).flatMap((row) => {
      const { field } = row, value = row.clean(), label = row.label;
      if (value === "" && field.kept && isChanged) {
        return [{ field: field.key, message: this.t("field.again", { label }) }];
      }
      if (value === "") {
        return field.required
          ? [{ field: field.key, message: this.t("field.required", { label }) }] : [];
      }
      if (fits(field.pattern, value)) return [];
      const key = field.example ? "field.pattern.example" : "field.pattern";
      return [{ field: field.key, message: this.t(key, { label, example: field.example }) }];
    });
  }

  /** Whether anything but secrets is other than what is stored: then a stored secret is not used again. */
  #isChanged() {
    return this.rows.some(({ field, element, clean }) =>
      !element.hidden && !field.secret && field.value !== null && ![field.value, ""].includes(clean()));
  }

  /** Shows faults at their fields, and a text above them all; moves the focus to the first. */
  show(faults, text = "", words = "") {
    this.clear();
    const rows = faults.flatMap((fault) => {
      const row = this.rows.find(({ field, element }) => field.key === fault.field && !element.hidden);
      row?.fault(fault.message);
      return row ? [row] : [];
    });
    const lost = faults.filter((fault) => !this.rows.some(({ field, element }) => field.key === fault.field && !element.hidden));
    this.alert.replaceChildren(icon("alert"), h("div", {},
      h("p", {}, text || this.t("fields.faults")),
      words ? h("p", { class: "words" }, words) : null,
      lost.map((fault) => h("p", {}, fault.message))));
    this.alert.hidden = false;
    this.alert.scrollIntoView?.({ block: "nearest" });
    (rows[0]?.inputs()[0] || this.firstInput)?.focus();
  }

  clear() {
    this.alert.hidden = true;
    for (const row of this.rows) row.fault("");
  }

  set busy(value) {
    this.set.disabled = value;
  }

  #reveal() {
    const values = Object.fromEntries(this.rows.map((row) => [row.field.key, row.value()]));
    for (const row of this.rows) row.element.hidden = !isAsked(row.field, values);
  }

  #row(field) {
    const { t } = this;
    const label = t.has(`label.${field.key}`) ? t(`label.${field.key}`) : t.has(`label.${field.label}`) ? t(`label.${field.label}`) : field.label;
    const id = newId(), hintId = newId(), faultId = newId();
    const fault = h("p", { class: "fault", id: faultId, hidden: true });
    const describedBy = `${hintId} ${faultId}`;
    const draw = field.choices?.length ? (field.choices.length <= FEW ? radios : select) : field.secret ? secret : line;
    const control = draw({ field, label, id, describedBy, t });
    const hints = h("div", { class: "hints", id: hintId }, hintsOf(field, t, control.hint));
    const isGroup = control.inputs().length > 1;
    const isOptional = !field.required && !field.kept && !field.default && !field.choices.length;
    const labelParts = [label, isOptional ? h("span", { class: "optional" }, t("optional")) : null];
    const element = isGroup
      ? h("fieldset", { class: "field", "aria-describedby": describedBy }, h("legend", {}, labelParts), hints, control.element, fault)
      : h("div", { class: "field" }, h("label", { for: id }, labelParts), control.element, fault, hints);
    return {
      field, label, element, inputs: control.inputs, value: control.value,
      clean() {
        const value = field.secret ? bare(control.value()) : cleaned(control.value(), field.pattern);
        if (value !== control.value()) control.put(value);
        return value;
      },
      fault(message) {
        fault.hidden = !message;
        fault.replaceChildren(...(message ? [icon("alert"), message] : []));
        for (const input of control.inputs()) {
          if (message) input.setAttribute("aria-invalid", "true");
          else input.removeAttribute("aria-invalid");
        }
      },
    };
  }
}

/** Whether a field is asked for, with what has been filled in so far. */
function isAsked({ shown_when: rule }, values) {
  return !rule || values[rule.field] === rule.equals;
}

function hintsOf(field, t, more) {
  const link = outside(field.where, t("form.where"), t);
  return [
    field.kept ? h("p", {}, t("form.kept")) : null,
    field.help ? h("p", {}, field.help) : null,
    field.example ? h("p", {}, t.pieces("form.example", { example: h("code", {}, field.example) })) : null,
    link ? h("p", {}, link) : null,
    more || null,
  ];
}

function attributes({ field, id, describedBy }) {
  return {
    id, name: field.key, "aria-describedby": describedBy, autocomplete: "off", autocapitalize: "none",
    autocorrect: "off", spellcheck: "false", "aria-required": field.required ? "true" : null,
    placeholder: field.kept ? "••••••••••" : field.placeholder || null, "data-1p-ignore": true, "data-lpignore": "true",
  };
}

function line({ field, ...names }) {
  const isAddress = /^https?:\/\//.test(field.example || field.placeholder || field.help || "");
  const input = h("input", { ...attributes({ field, ...names }), type: "text", inputmode: isAddress ? "url" : null, class: "input" });
  input.value = field.value ?? field.default ?? "";
  input.addEventListener("blur", () => { input.value = cleaned(input.value, field.pattern); });
  return { element: input, inputs: () => [input], value: () => input.value, put: (value) => { input.value = value; } };
}

/** Masked until it is shown; a key of several lines that is pasted keeps them. */
function secret({ field, label, t, ...names }) {
  let input = h("input", { ...attributes({ field, ...names }), type: "password", class: "input input-secret" });
  let isShown = false;
  const hint = h("p", { "aria-live": "polite" });
  const eye = h("button", { type: "button", class: "eye", onclick: () => show(!isShown) });
  const element = h("div", { class: "secret" }, input, eye);

  function show(value) {
    isShown = value;
    if (input.tagName === "INPUT") input.type = value ? "text" : "password";
    else input.classList.toggle("masked", !value);
    eye.setAttribute("aria-label", t(value ? "form.hide" : "form.show", { label }));
    eye.setAttribute("aria-pressed", String(value));
    eye.replaceChildren(icon(value ? "eyeOff" : "eye"));
  }

  input.addEventListener("paste", (event) => {
    const text = event.clipboardData?.getData("text/plain") ?? "";
    const lines = text.trim().split(/\r\n?|\n/).length;
    if (lines < 2) {
      // What is typed may begin or end with a blank; what is pasted has one by mistake.
      if (input.value || text === text.trim()) return;
      event.preventDefault();
      input.value = cleaned(text);
      input.dispatchEvent(new Event("input", { bubbles: true }));
      return;
    }
    event.preventDefault();
    const area = h("textarea", { ...attributes({ field, ...names }), class: "input input-secret input-lines", rows: "4" });
    area.value = cleaned(text);
    input.replaceWith(area);
    input = area;
    hint.textContent = t("form.lines", { count: lines });
    show(isShown);
    area.focus();
    area.dispatchEvent(new Event("input", { bubbles: true }));
  });
  show(false);
  return { element, hint, inputs: () => [input], value: () => input.value, put: (value) => { input.value = value; } };
}

const choiceText = (field, choice, t) => {
  const key = `choice.${field.key}.${choice}`;
  return t.has(key) ? t(key) : field.choice_labels?.[choice] ?? choice;
};

function radios({ field, describedBy, t }) {
  const start = field.value ?? field.default;
  const inputs = field.choices.map((choice) =>
    h("input", { type: "radio", name: field.key, value: choice, checked: choice === start, "aria-describedby": describedBy }));
  const element = h("div", { class: "choices" }, inputs.map((input) => h("label", { class: "choice" }, input, h("span", {}, choiceText(field, input.value, t)))));
  return {
    element, inputs: () => inputs, value: () => inputs.find((input) => input.checked)?.value ?? "", put() {},
  };
}

function select({ field, t, ...names }) {
  const start = field.value ?? field.default ?? "";
  const options = [
    start === "" ? h("option", { value: "" }, t("form.choose")) : null,
    ...field.choices.map((choice) => h("option", { value: choice, selected: choice === start }, choiceText(field, choice, t))),
  ];
  const element = h("select", { ...attributes({ field, ...names }), placeholder: null, class: "input" }, options);
  return { element, inputs: () => [element], value: () => element.value, put() {} };
}
