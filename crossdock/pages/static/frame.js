/** Where the pages begin: the frame inside a customer's page, or the page of a magic link. */

import { ConnectApi } from "./api.js";
import { Card } from "./card.js";
import { connectHost } from "./host.js";
import { Journey } from "./journey.js";
import * as screens from "./screens.js";
import { languageOf, translator } from "./texts.js";

const root = document.getElementById("app");
const t = translator(languageOf(navigator.languages));

if (document.body.dataset.mode === "page") beginPage();
else beginFrame();

function beginFrame() {
  let journey = null, opening = null, giveToken = null;
  const card = new Card(root, "frame", t, (reason) => (journey ? journey.close(reason) : host.tell("close", { reason })));
  screens.moment(card, t);

  const host = connectHost((message) => HEARD[message.type]?.(message));
  const around = {
    origin: host.origin,
    linked: (result) => host.tell("linked", told(result)),
    finish: (result) => host.tell("success", told(result)),
    close: (reason) => host.tell("close", { reason }),
    redirect: (url) => host.tell("redirect", { url }),
  };
  const HEARD = {
    open({ options, integrationId, linkToken, language, returnUrl, resumeFlow }) {
      if (journey) return;
      journey = new Journey({ card, api: new ConnectApi(renew), host: around, isPage: false });
      opening = { options, integrationId, returnUrl, resumeFlow, wishes: [language] };
      if (language) journey.speak(languageOf(language, navigator.languages));
      if (linkToken) begin(linkToken);
      else nextToken().then(begin);
    },
    token: ({ linkToken }) => giveToken?.(linkToken),
    "token-failed": () => giveToken?.(null),
    "close-request": () => (journey ? journey.close("escape") : host.tell("close", { reason: "escape" })),
  };

  function begin(linkToken) {
    journey.api.token = linkToken ?? "";
    if (linkToken) journey.start(opening);
    else journey.fail({ code: "token_failed", message: "" }, () => { screens.moment(card, journey.t); renew().then(begin); });
  }

  /** A new link token from the page around; null: it has none. */
  function renew() {
    host.tell("need-token");
    return nextToken();
  }

  function nextToken() {
    return new Promise((resolve) => { giveToken = resolve; });
  }

  if (host.isFramed) host.tell("ready");
  else screens.message(card, t, "alone", {});
}

function told({ auth_code: authCode, integration_name: integrationName }) {
  return { authCode, integrationName };
}

async function beginPage() {
  const card = new Card(root, "page", t, () => {});
  const secret = location.pathname.split("/").pop();
  const query = new URLSearchParams(location.search);
  const resumeFlow = query.get("crossdock_flow");
  const page = `${location.origin}${location.pathname}`;
  // A page that is loaded anew, or gone back to from the vendor, begins anew.
  addEventListener("pageshow", ({ persisted }) => { if (persisted) location.reload(); });
  if (resumeFlow) history.replaceState(null, "", page);
  const host = { linked() {}, finish() {}, close() {}, redirect: (url) => location.assign(url) };
  const api = new ConnectApi(null);
  const anew = () => new ConnectApi(null).session(secret);
  /** Whether the link may be used once more, with a new link token for that. */
  const canGoOn = () => anew().then(({ link_token: token }) => { api.token = token; return true; }, () => false);
  const journey = new Journey({ card, api, host, isPage: true, canGoOn });
  screens.moment(card, t);
  try {
    const session = await api.session(secret, resumeFlow);
    api.token = session.link_token;
    api.renew = async () => (await anew()).link_token;
    await journey.start({ options: session.options ?? {}, resumeFlow, returnUrl: page, wishes: [navigator.languages] });
  } catch (error) {
    journey.fail(error, () => location.reload());
  }
}
