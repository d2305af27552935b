/**
 * The last page of a vendor's window: tells whoever waits that the server knows more now, and closes itself.
 *
 * What came of it stays on the server; nothing of it is in these messages.
 */

import { icon } from "./dom.js";
import { languageOf, translator } from "./texts.js";

const t = translator(languageOf(navigator.languages));
const flow = document.body.dataset.flow;
const mark = document.getElementById("mark");

document.documentElement.lang = t.language;
for (const element of document.querySelectorAll("[data-text]")) element.textContent = t(element.dataset.text);
document.title = document.querySelector("h1").textContent;
mark.append(icon(mark.className === "success" ? "check" : "alert"));

if (flow) {
  if ("BroadcastChannel" in window) new BroadcastChannel("crossdock-flow").postMessage({ crossdockFlow: flow });
  opener?.postMessage({ crossdockFlow: flow }, location.origin);
}
// Windows that a script has opened may close themselves. Where a vendor's page has cut this one off from its
// opener they may not, and the text says what to do.
setTimeout(() => window.close(), 300);
