import type { CrossdockLinkOptions, OpenOptions } from "./types.js";

/** What the script gives for a button. */
export interface ButtonHandle {
  open: (options?: OpenOptions) => void;
  close: () => void;
  update: (options: object) => void;
  destroy: () => void;
}

interface CrossdockScript {
  create: (options: object) => ButtonHandle;
}

export type ScriptSource = Pick<CrossdockLinkOptions, "src" | "nonce">;

/** The event by which a script tells that it is there. */
export const READY = "crossdock:ready";
const loading = new Map<string, Promise<CrossdockScript>>();

function script(): CrossdockScript | undefined {
  return (window as { Crossdock?: CrossdockScript }).Crossdock;
}

/**
 * The script, which the page has or gets. It is loaded once for all buttons and stays: others may wait for it.
 * Fails with an Error; the next call tries again.
 */
export function loadScript({ src, nonce }: ScriptSource): Promise<CrossdockScript> {
  const url = src === undefined ? "" : new URL(src, document.baseURI).href;
  let promise = loading.get(url);
  if (promise === undefined) {
    promise = url === "" ? pageScript() : ownScript(url, nonce);
    loading.set(url, promise);
    promise.catch(() => loading.delete(url));
  }
  return promise;
}

/** The script that a tag of the page loads, early or late. */
function pageScript(): Promise<CrossdockScript> {
  return new Promise((resolve, reject) => {
    const look = (): boolean => {
      const present = script();
      if (present !== undefined) resolve(present);
      return present !== undefined;
    };
    if (look()) return;
    window.addEventListener(READY, look, { once: true });
    const fail = (): void => {
      if (!look()) reject(new Error("Crossdock's script is not in the page: add its tag, or give its address as src."));
    };
    if (document.readyState === "complete") setTimeout(fail);
    else window.addEventListener("load", fail, { once: true });
  });
}

function ownScript(url: string, nonce: string | undefined): Promise<CrossdockScript> {
  const elements = Array.from(document.querySelectorAll<HTMLScriptElement>("script[src]"));
  const present = elements.find((element) => element.src === url);
  const known = script();
  if (present !== undefined && known !== undefined) return Promise.resolve(known);
  return new Promise((resolve, reject) => {
    const element = document.createElement("script");
    element.src = url;
    element.async = true;
    if (nonce !== undefined) element.nonce = nonce;
    element.addEventListener("load", () => {
      const loaded = script();
      if (loaded !== undefined) resolve(loaded);
      else reject(new Error(`${url} is not Crossdock's script.`));
    });
    element.addEventListener("error", () => {
      element.remove();
      reject(new Error(`${url} could not be loaded: is the server reached, and does the page's policy allow it?`));
    });
    document.head.append(element);
  });
}
