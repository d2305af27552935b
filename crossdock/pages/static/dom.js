/** Elements, made of values. Text is only ever text: nothing here reads HTML. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * An element. attributes: functions are listeners (`onclick`), true and false are attributes without a value,
 * null is none. children: elements, texts, lists of them; null and false are none.
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") element.addEventListener(name.slice(2), value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.flat(2).filter((child) => child !== null && child !== false && child !== undefined));
  return element;
}

const PATHS = {
  alert: "M12 8v5m0 3.5v.01M10.3 3.9 2.4 17.6A2 2 0 0 0 4.1 20.6h15.8a2 2 0 0 0 1.7-3L13.7 3.9a2 2 0 0 0-3.4 0Z",
  back: "M15 5l-7 7 7 7",
  box: "M12 2.8 20.2 7v10L12 21.2 3.8 17V7L12 2.8ZM4 7.2l8 4.2 8-4.2M12 11.4V21M8 4.9l8 4.2",
  cart: "M2.5 4h2.6l2.3 11.2a1.5 1.5 0 0 0 1.5 1.2h8.7a1.5 1.5 0 0 0 1.5-1.2L20.8 8H6M9.5 20.5v.01M17 20.5v.01",
  check: "M5 12.5l4.6 4.6L19 7.6",
  chevron: "M9 5.5l6.5 6.5L9 18.5",
  close: "M6 6l12 12M18 6 6 18",
  clock: "M12 7v5.2l3.4 2M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18Z",
  dash: "M7 12h10",
  external: "M14 4h6v6M20 4l-9 9M18 14v4a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2V8a2 2 0 0 1 2-2h4",
  eye: "M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12ZM12 9a3 3 0 1 1 0 6 3 3 0 0 1 0-6Z",
  eyeOff: "M4 4l16 16M9.9 5.7A9 9 0 0 1 12 5.5c6 0 9.5 6.5 9.5 6.5a16 16 0 0 1-2.6 3.4M6.5 7.4A15.5 15.5 0 0 0 2.5 12S6 18.5 12 18.5c1.7 0 3.2-.5 4.5-1.2M10 10a3 3 0 0 0 4.1 4.2",
  hand: "M12 3v8.5M16 5v7M8 5.5V13M20 8v6.5A6.5 6.5 0 0 1 13.5 21h-1.3a6.5 6.5 0 0 1-5-2.4L3.4 14a1.6 1.6 0 0 1 2.4-2.1L8 14",
  help: "M9.3 9a2.8 2.8 0 1 1 3.9 2.6c-.8.4-1.2 1-1.2 1.9m0 3.2v.01M12 3a9 9 0 1 1 0 18 9 9 0 0 1 0-18Z",
  lock: "M7 10.5V8a5 5 0 0 1 10 0v2.5M6 10.5h12a1.5 1.5 0 0 1 1.5 1.5v7a1.5 1.5 0 0 1-1.5 1.5H6A1.5 1.5 0 0 1 4.5 19v-7A1.5 1.5 0 0 1 6 10.5ZM12 14.5v2",
  plug: "M9 3v5M15 3v5M6.5 8h11v3.5a5.5 5.5 0 0 1-11 0V8ZM12 17v4",
  search: "M11 4a7 7 0 1 1 0 14 7 7 0 0 1 0-14ZM16.2 16.2 20.5 20.5",
  shield: "M12 2.8 19.5 6v5.5c0 4.6-3.1 8-7.5 9.7-4.4-1.7-7.5-5.1-7.5-9.7V6L12 2.8ZM8.8 11.9l2.3 2.3 4.2-4.4",
  ship: "M4 14.5 5 19.5c2.3 0 2.3 1 4.7 1s2.3-1 4.6-1 2.4 1 4.7 1l1-6L12 11.5l-8 3ZM6 13.5V8h12v5.5M12 8V4",
  truck: "M2.5 6h11.5v10.5H2.5V6ZM14 9.5h4l3.5 3.5v3.5H14M6.5 16.5a2 2 0 1 0 0 4 2 2 0 0 0 0-4ZM17.5 16.5a2 2 0 1 0 0 4 2 2 0 0 0 0-4Z",
  wifi: "M3 3l18 18M5 12.5a10 10 0 0 1 4-2.3M2 9a15 15 0 0 1 4.5-2.9M10.5 5a15 15 0 0 1 11.5 4M14.5 10.5a10 10 0 0 1 4.5 2M8.5 16a5 5 0 0 1 6.5-.3M12 19.5v.01",
  wrench: "M20.3 7.2a5 5 0 0 1-6.7 6L7.3 19.5a2 2 0 0 1-2.8-2.8l6.3-6.3a5 5 0 0 1 6-6.7L13.7 6.8l.6 2.9 2.9.6 3.1-3.1Z",
};

/** A picture that says nothing by itself: its neighbour has the words. */
export function icon(name, className = "icon") {
  const svg = document.createElementNS(SVG, "svg");
  const values = {
    class: className, viewBox: "0 0 24 24", fill: "none", stroke: "currentColor", "stroke-width": "1.75",
    "stroke-linecap": "round", "stroke-linejoin": "round", "aria-hidden": "true", focusable: "false",
  };
  for (const [key, value] of Object.entries(values)) svg.setAttribute(key, value);
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** The picture of a name: its logo, or its first letters where it has none or none that loads. */
export function logo(name, url, className = "") {
  const tile = h("span", { class: `logo ${className}`, "aria-hidden": "true" });
  const letters = () => {
    tile.classList.add("logo-letters");
    tile.style.setProperty("--hue", String(hue(name)));
    tile.replaceChildren(initials(name));
  };
  if (!url) letters();
  else tile.append(h("img", { src: url, alt: "", referrerpolicy: "no-referrer", decoding: "async", loading: "lazy", onerror: letters }));
  return tile;
}

function initials(name) {
  const words = name.match(/[\p{L}\p{N}]+/gu) || ["?"];
  const letters = words.length > 1 ? [...words[0]][0] + [...words[1]][0] : [...words[0]].slice(0, 2).join("");
  return letters.toLocaleUpperCase();
}

/** A name's own hue, 0 to 359, always the same. */
function hue(name) {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + letter.codePointAt(0)) % 360;
  return sum;
}

/** A link to another site, in a window of its own; null: the address is none of the web, but one with a script. */
export function outside(url, text, t, hasIcon = true) {
  if (!/^https?:\/\//i.test(url ?? "")) return null;
  return h("a", { href: url, target: "_blank", rel: "noopener noreferrer" }, text,
    hasIcon ? icon("external", "icon icon-small") : null, h("span", { class: "unseen" }, ` (${t("new_window")})`));
}

export const spinner = (className = "") => h("span", { class: `spinner ${className}`, "aria-hidden": "true" });

let numbers = 0;

/** An id that no other element has. */
export const newId = () => `e${(numbers += 1)}`;
