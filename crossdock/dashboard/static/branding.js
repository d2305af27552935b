// The preview of the form: it follows what is typed, before it is saved.

const parts = (color) => [1, 3, 5].map((start) => parseInt(color.slice(start, start + 2), 16));
const luminance = (color) => parts(color)
  .map((part) => (part <= 0.04045 * 255 ? part / 255 / 12.92 : ((part / 255 + 0.055) / 1.055) ** 2.4))
  .reduce((sum, part, index) => sum + part * [0.2126, 0.7152, 0.0722][index], 0);

function contrast(color, other) {
  const [dark, light] = [luminance(color), luminance(other)].sort((left, right) => left - right);
  return (light + 0.05) / (dark + 0.05);
}

// White or black, whichever can be read better on a colour.
const readable = (color) => (contrast("#ffffff", color) >= contrast("#000000", color) ? "#ffffff" : "#000000");

// The colour with as little white as makes it seen on a dark page, as the server mixes it.
function lightened(color) {
  for (let percent = 0; percent <= 100; percent += 5) {
    const mixed = parts(color).map((part) => Math.round(part + ((255 - part) * percent) / 100));
    const text = `#${mixed.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
    if (contrast(text, "#17181c") >= 3) return text;
  }
  return "#ffffff";
}

class BrandPreview extends HTMLElement {
  connectedCallback() {
    this.form = document.getElementById("look");
    this.form.addEventListener("input", () => this.show());
    for (const preset of this.form.querySelectorAll("[data-color]")) {
      preset.hidden = false;
      preset.addEventListener("click", () => {
        this.form.elements.color.value = preset.dataset.color;
        this.show();
      });
    }
  }

  show() {
    const { color, name } = this.form.elements;
    for (const part of this.querySelectorAll('[data-part="name"]')) {
      part.textContent = name.value.trim() || name.placeholder;
    }
    const chosen = color.value.trim() || color.placeholder;
    if (/^#[0-9a-f]{6}$/i.test(chosen)) this.paint({ light: chosen, dark: lightened(chosen) });
  }

  paint(colors) {
    for (const [scheme, color] of Object.entries(colors)) {
      this.querySelector(`[data-part="${scheme}"]`).setAttribute("fill", color);
      this.querySelector(`[data-part="${scheme}-text"]`).setAttribute("fill", readable(color));
    }
  }
}

customElements.define("brand-preview", BrandPreview);
