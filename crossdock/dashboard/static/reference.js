// The list of operations follows what is typed, before the form is sent.

class InstantFilter extends HTMLElement {
  connectedCallback() {
    this.search = this.querySelector('input[type="search"]');
    this.count = this.querySelector('[data-part="count"]');
    this.none = this.querySelector('[data-part="none"]');
    this.entries = [...this.querySelectorAll("[data-text]")].map((item) => {
      const chapter = item.closest("[data-title]");
      return { item, chapter, text: `${item.textContent} ${item.dataset.text} ${chapter.dataset.title}`.toLowerCase() };
    });
    this.search.addEventListener("input", () => this.show());
    if (this.search.value) this.show();
  }

  show() {
    const words = this.search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const chapters = new Map();
    let shown = 0;
    for (const { item, chapter, text } of this.entries) {
      item.hidden = !words.every((word) => text.includes(word));
      if (!item.hidden) shown += 1;
      chapters.set(chapter, chapters.get(chapter) || !item.hidden);
    }
    for (const [chapter, isShown] of chapters) chapter.hidden = !isShown;
    this.none.hidden = shown > 0;
    this.count.textContent = `${shown} ${shown === 1 ? "entry" : "entries"}`;
  }
}

customElements.define("instant-filter", InstantFilter);
