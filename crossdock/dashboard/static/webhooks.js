// Pages about webhooks. They work without this file, a tick at a time.

// A box that ticks all messages of a page, or none.
class TickAll extends HTMLElement {
  connectedCallback() {
    if (this.firstChild) return;
    const box = Object.assign(document.createElement("input"), { type: "checkbox" });
    box.setAttribute("aria-label", "Choose all on this page");
    box.addEventListener("change", () => {
      const table = this.closest("table");
      for (const other of table.querySelectorAll("tbody input[type=checkbox]")) other.checked = box.checked;
    });
    this.append(box);
  }
}

customElements.define("tick-all", TickAll);
