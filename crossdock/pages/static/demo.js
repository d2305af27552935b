/* A customer's page, without a framework: options, the button, what it tells, and the first records. */

const backend = document.body.dataset.backend;
const byId = (id) => document.getElementById(id);
const COLUMNS = {
  wms: ["order_number", "status", "created_date"],
  cart: ["order_number", "status", "created_date"],
  carrier: ["tracking_number", "charge_description", "net_cost"],
};
let shownConnection = null;

async function call(path, body) {
  const request = body === undefined ? {} : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  const response = await fetch(`${backend}/${path}`, request);
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.error);
  return answer;
}

function note(text) {
  const log = byId("log");
  log.querySelector(".soft")?.remove();
  const entry = document.createElement("li");
  entry.textContent = text;
  log.append(entry);
}

function options() {
  const form = new FormData(byId("options"));
  return {
    integrationType: form.get("integrationType"),
    language: form.get("language") || undefined,
    sandbox: form.has("sandbox"),
    async getLinkToken() {
      const { link_token: token } = await call("link-token", {});
      note(`getLinkToken() → "${token.slice(0, 8)}…"   your backend: POST /link/token`);
      return token;
    },
    onLoad: () => note("onLoad()"),
    onClose: (reason) => note(`onClose("${reason}")`),
    async onSuccess(code, integration) {
      note(`onSuccess("${code.slice(0, 8)}…", "${integration}")`);
      const connection = await call("exchange", { auth_code: code });
      note("your backend: POST /link/exchange → the access token, which stays there");
      await show(connection);
    },
  };
}

async function show(connection) {
  shownConnection = connection.connection_id;
  byId("facts").replaceChildren(...Object.entries(connection).flatMap(([name, value]) => {
    const term = document.createElement("dt"), text = document.createElement("dd");
    term.textContent = name;
    text.textContent = value;
    return [term, text];
  }));
  byId("waiting").hidden = false;
  byId("table").hidden = true;
  byId("connection").hidden = false;
  while (shownConnection === connection.connection_id) {
    const { data } = await call(`records/${connection.connection_id}`);
    if (data.length) return fill(connection.integration_type, data);
    await new Promise((resolve) => { setTimeout(resolve, 1000); });
  }
}

function fill(type, records) {
  const columns = COLUMNS[type].filter((name) => name in records[0]);
  const row = (tag, texts) => {
    const line = document.createElement("tr");
    line.append(...texts.map((text) => Object.assign(document.createElement(tag), { textContent: text })));
    return line;
  };
  byId("table").tHead.replaceChildren(row("th", columns));
  byId("table").tBodies[0].replaceChildren(...records.map((record) => row("td", columns.map((name) => record[name] ?? ""))));
  byId("waiting").hidden = true;
  byId("table").hidden = false;
}

byId("options").addEventListener("change", () => Trackstar.init(options()));
byId("open").addEventListener("click", () => Trackstar.open());
Trackstar.init(options());
