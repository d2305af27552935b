/** What people paste, as it was meant. */

const INVISIBLE = /[\u200b-\u200f\u2060\ufeff\u00ad]/g;
const QUOTES = /^["'“”„«»‘’<]+|["'“”«»‘’>]+$/g;

/** Whether a whole value fits a pattern of a manifest. One that a browser can't read is left to the server. */
export function fits(pattern, value) {
  if (!pattern) return true;
  try {
    return new RegExp(`^(?:${pattern})$`, "u").test(value);
  } catch {
    return true;
  }
}

/**
 * The value that is meant: without spaces around it and what can't be seen; and where only a part of it fits
 * the pattern, that part: the shop's name out of its address, an address without what follows it. A value
 * that fits no way stays as it is, for its owner to mend.
 */
export function cleaned(text, pattern = "") {
  const value = text.replace(INVISIBLE, "").replace(/\r\n?/g, "\n").trim();
  if (!pattern || fits(pattern, value)) return value;
  return candidates(value).find((candidate) => candidate && fits(pattern, candidate)) ?? value;
}

/** A secret without what can't be seen and is no blank: one may begin or end with a blank. */
export const bare = (text) => text.replace(/^[\r\n\t\u200b\ufeff]+|[\r\n\t\u200b\ufeff]+$/g, "");

function candidates(value) {
  const bare = value.replace(QUOTES, "").trim();
  const list = [bare, bare.replace(/\s+/g, ""), bare.replace(/\/+$/, ""), bare.toLowerCase()];
  const address = addressOf(bare);
  if (address) {
    const path = address.pathname.replace(/\/+$/, "");
    list.push(
      `${address.origin}${path}`, `${address.origin}/`, address.origin, address.host, address.hostname,
      address.hostname.replace(/^www\./, ""), address.hostname.replace(/^www\./, "").split(".")[0],
      path.split("/").pop(),
    );
  }
  return list;
}

function addressOf(text) {
  if (/\s/.test(text) || !/[./]/.test(text)) return null;
  try {
    return new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `https://${text}`);
  } catch {
    return null;
  }
}
