// A customer's page without a framework: tests call `start` with a name and options.
window.log = [];
window.tokens = ["lt_first"];
window.options = (name, values) => ({
  ...values,
  getLinkToken: async () => {
    window.log.push(["getLinkToken", name]);
    const token = window.tokens.length > 1 ? window.tokens.shift() : window.tokens[0];
    if (token === "!") throw new Error("the backend is down");
    return token;
  },
  onSuccess: (...results) => window.log.push(["onSuccess", name, ...results]),
  onClose: (...results) => window.log.push(["onClose", name, ...results]),
  onLoad: (...results) => window.log.push(["onLoad", name, ...results]),
});
window.init = (name, values) => window.Trackstar.init(window.options(name, values));
for (const button of document.querySelectorAll("button[data-open]")) {
  button.addEventListener("click", () => window[button.dataset.open].open({}));
}
