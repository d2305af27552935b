// The command palette: Ctrl or ⌘ with K leads to any page, connection or record; "?" tells the keys.

const WAIT_MS = 150;
const isTyping = (target) => target.matches?.("input, select, textarea, [contenteditable]");
const isMac = /mac|iphone|ipad/i.test(navigator.platform);

function made(tag, properties, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

class CommandPalette extends HTMLElement {
  connectedCallback() {
    this.parts = {};
    for (const part of this.querySelectorAll("[data-part]")) this.parts[part.dataset.part] = part;
    const { open, palette, text, list, key } = this.parts;
    if (isMac) key.textContent = "⌘ K";
    this.hidden = false;
    open.addEventListener("click", () => this.open());
    text.addEventListener("input", () => this.wait());
    text.addEventListener("keydown", (event) => this.pressed(event));
    list.addEventListener("click", (event) => this.clicked(event));
    list.addEventListener("pointermove", (event) => this.pointed(event));
    palette.addEventListener("close", () => this.closed());
    for (const dialog of [palette, this.parts.keys]) {
      dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    }
    this.listen = (event) => this.heard(event);
    addEventListener("keydown", this.listen);
  }

  disconnectedCallback() {
    removeEventListener("keydown", this.listen);
  }

  heard(event) {
    const { palette, keys } = this.parts;
    if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey) {
      event.preventDefault();
      if (palette.open) palette.close();
      else this.open();
    } else if (event.key === "?" && !isTyping(event.target) && !event.ctrlKey && !event.metaKey) {
      if (document.querySelector("dialog[open]")) return;
      event.preventDefault();
      keys.showModal();
    }
  }

  open() {
    if (this.parts.keys.open) this.parts.keys.close();
    if (document.querySelector("dialog[open]")) return;
    this.parts.palette.showModal();
    this.parts.text.value = "";
    this.parts.text.focus();
    this.search();
  }

  closed() {
    clearTimeout(this.timer);
    this.asked?.abort();
    this.answered = null;
    this.show([]);
    this.parts.status.textContent = "";
  }

  wait() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.search(), WAIT_MS);
  }

  // isEntered: Enter was pressed before the answer was there.
  async search(isEntered = false) {
    clearTimeout(this.timer);
    this.asked?.abort();
    const asked = new AbortController();
    this.asked = asked;
    const text = this.parts.text.value;
    const query = new URLSearchParams({ text, format: "json" });
    try {
      const answer = await fetch(`${this.dataset.root}dashboard/palette?${query}`, { signal: asked.signal });
      if (answer.status === 401) throw new Error("Your session has ended: reload the page.");
      if (!answer.ok) throw new Error("The search did not work: try again.");
      this.show((await answer.json()).hits);
      this.answered = text;
      const count = this.hits.length;
      this.parts.status.textContent = count ? `${count} found` : "Nothing fits. Records are found by their whole id, order number or sku.";
    } catch (error) {
      if (asked.signal.aborted) return;
      this.show([]);
      this.parts.status.textContent = error instanceof TypeError ? "The server can't be reached." : error.message;
    }
    if (isEntered) this.go(false);
  }

  show(hits) {
    this.hits = hits;
    const options = hits.map((hit, index) => {
      const option = made("li", { id: `palette-${index}` }, made("span", { textContent: hit.title, dir: "auto" }),
        made("span", { textContent: hit.kind, className: "kind" }));
      if (hit.note) option.append(made("span", { textContent: hit.note, className: "note", dir: "auto" }));
      option.setAttribute("role", "option");
      return option;
    });
    this.parts.list.replaceChildren(...options);
    this.parts.text.setAttribute("aria-expanded", String(hits.length > 0));
    this.choose(0);
  }

  choose(index) {
    const options = [...this.parts.list.children];
    this.chosen = options.length ? (index + options.length) % options.length : -1;
    options.forEach((option, number) => option.setAttribute("aria-selected", String(number === this.chosen)));
    if (this.chosen < 0) {
      this.parts.text.removeAttribute("aria-activedescendant");
      return;
    }
    this.parts.text.setAttribute("aria-activedescendant", options[this.chosen].id);
    options[this.chosen].scrollIntoView({ block: "nearest" });
  }

  pressed(event) {
    const moves = { ArrowDown: this.chosen + 1, ArrowUp: this.chosen - 1, PageDown: this.chosen + 8, PageUp: this.chosen - 8 };
    if (event.key in moves && this.hits.length) {
      event.preventDefault();
      const isPage = event.key.startsWith("Page");
      this.choose(isPage ? Math.min(Math.max(moves[event.key], 0), this.hits.length - 1) : moves[event.key]);
    } else if (event.key === "Enter" && !event.isComposing) {
      event.preventDefault();
      if (this.answered === this.parts.text.value) this.go(event.ctrlKey || event.metaKey);
      else this.search(true);
    }
  }

  pointed(event) {
    const option = event.target.closest('[role="option"]');
    const index = [...this.parts.list.children].indexOf(option);
    if (option && index !== this.chosen) this.choose(index);
  }

  clicked(event) {
    const option = event.target.closest('[role="option"]');
    if (!option) return;
    this.choose([...this.parts.list.children].indexOf(option));
    this.go(event.ctrlKey || event.metaKey);
  }

  go(isNewTab) {
    const hit = this.hits[this.chosen];
    if (!hit) return;
    const href = this.dataset.root + hit.href;
    if (isNewTab) open(href, "_blank", "noopener");
    else location.assign(href);
    this.parts.palette.close();
  }
}

customElements.define("command-palette", CommandPalette);
