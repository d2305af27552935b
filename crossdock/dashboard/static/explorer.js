// What pages about records do besides being read. All of them work without this file.

import { copied } from "./dashboard.js";

// JSON that folds: its text is the JSON itself, whatever is folded.
class JsonTree extends HTMLElement {
  connectedCallback() {
    this.tools = this.querySelector(".json-tools");
    this.tools.hidden = false;
    this.tools.addEventListener("click", (event) => this.act(event.target.closest("button")?.dataset.do));
  }

  act(word) {
    if (word === "open" || word === "close") this.fold(word === "open");
    if (word !== "copy") return;
    if (!navigator.clipboard) this.fold(true); // what is folded can't be selected
    copied(this.querySelector(".json"));
  }

  fold(open) {
    for (const node of this.querySelectorAll(".json-node")) node.open = open;
    if (!open) this.querySelector(".json-node").open = true;
  }
}

// Rows of a form that grow without a way to the server.
class RowList extends HTMLElement {
  connectedCallback() {
    this.button = [...this.querySelectorAll("button[value=more]")].pop();
    this.button?.addEventListener("click", (event) => this.add(event));
  }

  add(event) {
    const rows = [...this.querySelectorAll("[data-row]")];
    const last = rows.at(-1);
    if (!last) return;
    event.preventDefault();
    const fresh = last.cloneNode(true);
    const before = last.dataset.row;
    const after = before.replace(/\d+$/, String(rows.length));
    fresh.dataset.row = after;
    fresh.querySelector("legend").textContent = String(rows.length + 1);
    for (const field of fresh.querySelectorAll("[name]")) {
      const label = fresh.querySelector(`label[for="${CSS.escape(field.id)}"]`);
      field.name = field.name.replace(`body.${before}.`, `body.${after}.`);
      field.id = `i-${after}-${field.name}`;
      if (label) label.htmlFor = field.id;
      field.value = "";
      field.removeAttribute("aria-invalid");
      field.removeAttribute("aria-describedby");
    }
    for (const said of fresh.querySelectorAll(".problem, .hint")) said.remove();
    last.after(fresh);
    fresh.querySelector("input, select, textarea")?.focus();
  }
}

// A file that is read into the field beside it.
class FileText extends HTMLElement {
  connectedCallback() {
    const file = this.querySelector("input[type=file]");
    file.closest("label").hidden = false;
    file.addEventListener("change", async () => {
      if (file.files[0]) this.querySelector("textarea").value = await file.files[0].text();
    });
  }
}

// A narrow page begins with the records, not with the list of resources.
for (const box of document.querySelectorAll(".resources-box")) box.open = innerWidth > 760;

customElements.define("json-tree", JsonTree);
customElements.define("row-list", RowList);
customElements.define("file-text", FileText);
