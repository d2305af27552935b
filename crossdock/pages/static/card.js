/** The card that every screen is shown on: its bar, its focus, what it says to screen readers. */

import { h, icon, newId } from "./dom.js";

export class Card {
  /**
   * mode: "frame" is a dialog over another page, "page" is a page of its own, which nothing closes.
   * onClose: told "user" or "escape" when somebody wants it shut.
   */
  constructor(root, mode, t, onClose) {
    this.mode = mode;
    this.t = t;
    this.onClose = onClose;
    this.titleId = newId();
    this.status = h("p", { class: "unseen", role: "status", "aria-live": "polite" });
    this.backButton = h("button", { type: "button", class: "round", onclick: () => this.back?.() }, icon("back"));
    this.closeButton = h("button", { type: "button", class: "round", onclick: () => onClose("user") }, icon("close"));
    this.steps = h("div", { class: "steps", "aria-hidden": "true" }, h("i"), h("i"), h("i"), h("i"));
    this.body = h("div", { class: "body" });
    const isDialog = mode === "frame";
    this.element = h(
      "section",
      { class: "card", role: isDialog ? "dialog" : null, "aria-modal": isDialog ? "true" : null, "aria-labelledby": this.titleId },
      h("header", { class: "bar" }, this.backButton, this.steps, isDialog ? this.closeButton : h("span", { class: "round" })),
      this.body,
      this.status,
    );
    this.stage = h("div", { class: "stage" }, this.element);
    this.translate(t);
    root.replaceChildren(this.stage);
    this.#listen();
  }

  translate(t) {
    this.t = t;
    document.documentElement.lang = t.language;
    this.backButton.setAttribute("aria-label", t("back"));
    this.closeButton.setAttribute("aria-label", t("close"));
  }

  /**
   * Shows a screen in place of the one before.
   *
   * step: 0 to 3, how far it is; null: no matter. top: above the title. onSubmit: it is a form. back: where to.
   * focus: what has the focus then; by default the title, so that it is read out.
   */
  show({ name, title, top = [], body = [], actions = [], back = null, step = null, focus = null, onSubmit = null }) {
    this.name = name;
    this.back = back;
    this.backButton.hidden = !back;
    this.backButton.disabled = false;
    this.steps.hidden = step === null;
    [...this.steps.children].forEach((dot, index) => dot.classList.toggle("on", index <= step));
    const heading = h("h1", { id: this.titleId, tabindex: "-1" }, title);
    const parts = [
      h("div", { class: "scroll" }, top, heading, body),
      [actions].flat().length ? h("footer", { class: "actions" }, actions) : null,
    ];
    const screen = onSubmit
      ? h("form", { class: `screen screen-${name}`, novalidate: true, onsubmit: (event) => { event.preventDefault(); onSubmit(); } }, parts)
      : h("div", { class: `screen screen-${name}` }, parts);
    this.body.replaceChildren(screen);
    this.element.dataset.screen = name;
    if (this.mode === "page") document.title = title;
    (focus || heading).focus({ preventScroll: true });
    return screen;
  }

  /** Has a screen reader say it. */
  say(text) {
    this.status.textContent = text;
  }

  /** Asks inside the card. Resolves to true for yes. */
  ask({ title, text, yes, no }) {
    if (this.question) return this.question;
    const before = document.activeElement;
    const titleId = newId();
    this.question = new Promise((resolve) => {
      const answer = (value) => {
        overlay.remove();
        this.body.inert = false;
        this.question = this.answer = null;
        if (!value) before?.focus?.();
        resolve(value);
      };
      const keep = h("button", { type: "button", class: "button", onclick: () => answer(false) }, no);
      const overlay = h(
        "div",
        { class: "question", role: "alertdialog", "aria-modal": "true", "aria-labelledby": titleId },
        h("div", { class: "question-box" },
          h("h2", { id: titleId }, title), h("p", {}, text),
          h("div", { class: "question-actions" }, keep,
            h("button", { type: "button", class: "button button-quiet", onclick: () => answer(true) }, yes))),
      );
      this.answer = answer;
      this.body.inert = true;
      this.element.append(overlay);
      keep.focus();
    });
    return this.question;
  }

  #listen() {
    addEventListener("keydown", (event) => {
      if (event.key === "Escape" && !event.isComposing) {
        event.preventDefault();
        if (this.answer) this.answer(false);
        else if (this.mode === "frame") this.onClose("escape");
      }
      if (event.key === "Tab" && this.mode === "frame") this.#keepFocus(event);
    });
    let pressed = null;
    this.stage.addEventListener("pointerdown", (event) => { pressed = event.target; });
    this.stage.addEventListener("click", (event) => {
      // A text that is marked from inside the card to outside of it closes nothing.
      if (this.mode === "frame" && event.target === this.stage && pressed === this.stage) this.onClose("user");
    });
  }

  #keepFocus(event) {
    const scope = this.element.querySelector(".question") || this.element;
    const stops = [...scope.querySelectorAll("a[href], button, input, select, textarea, summary")].filter(
      (element) => !element.disabled && element.checkVisibility?.() !== false && !element.closest("[inert]")
        && !(element.type === "radio" && !element.checked && element.form?.elements[element.name]?.value),
    );
    if (!stops.length) return;
    const [first, last] = [stops[0], stops[stops.length - 1]];
    const active = document.activeElement;
    if (event.shiftKey ? active === first || !scope.contains(active) || active.tabIndex < 0 : active === last || !scope.contains(active)) {
      event.preventDefault();
      (event.shiftKey ? last : first).focus();
    }
  }
}
