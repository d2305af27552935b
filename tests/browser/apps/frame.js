// Stands in for the page of the frame: tests say its words, and see what it heard.
window.heard = [];
const nonce = new URLSearchParams(location.hash.slice(1)).get("n");
window.say = (type, values) => parent.postMessage({ crossdock: nonce, type, ...values }, "*");
window.addEventListener("message", (event) => window.heard.push({ ...event.data, from: event.origin }));
window.say("ready");
