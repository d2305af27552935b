/** An organization's colours, on light and dark pages; the server has chosen those of the texts on them. */

const NAMES = { color: "--brand", color_text: "--brand-text", color_dark: "--brand-dark", color_dark_text: "--brand-dark-text" };

export function setColors(organization) {
  for (const [key, name] of Object.entries(NAMES)) {
    const color = organization[key];
    if (/^#[0-9a-f]{6}$/i.test(color ?? "")) document.documentElement.style.setProperty(name, color);
    else document.documentElement.style.removeProperty(name);
  }
}
