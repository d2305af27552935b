/**
 * The way of an end user from the first screen to the last.
 *
 *     moment ─ intro ─┬─ picker ─┬─ form ──────────────┬─ result ─ (the page's last words)
 *                     │          └─ consent ─ waiting ─┘
 *                     └ a system that is known already skips the picker
 *
 * What goes wrong in a form is told in the form; what ends the way is a screen of its own.
 */

import { newFlowId } from "./api.js";
import { setColors } from "./brand.js";
import { CredentialForm } from "./form.js";
import * as screens from "./screens.js";
import { languageOf, translator } from "./texts.js";
import { openWindow, send, waitForFlow } from "./window.js";

const SLOW_MS = 8_000;
/** After so long a busy form says that it still is. */
const PERMISSIONS_WAIT_MS = 1_000, PERMISSIONS_LONGEST_MS = 60_000;

export class Journey {
  /**
   * host: what is around it: linked(result), finish(result), close(reason), redirect(address). isPage: it is a page of its
   * own, and nothing is around it. canGoOn: whether that page may make another connection.
   */
  constructor({ card, api, host, isPage, canGoOn = null }) {
    Object.assign(this, { card, api, host, isPage, canGoOn });
    this.t = card.t;
    this.flowId = newFlowId();
    this.isDirty = false;
    this.result = null;
    this.waiting = null;
  }

  /** Begins, or goes on with a flow that came back from a vendor. wishes: languages, the first counts. */
  async start({ options = {}, integrationId = null, resumeFlow = null, returnUrl = null, wishes = [] }) {
    Object.assign(this, { options, integrationId, returnUrl });
    screens.moment(this.card, this.t);
    try {
      this.context = await this.api.open(options, integrationId);
    } catch (error) {
      this.fail(error, () => this.start({ options, integrationId, resumeFlow, returnUrl, wishes }));
      return;
    }
    const { organization, language_hint: hint, warnings } = this.context;
    // For who builds the page around: a slip in its options is no affair of the end user.
    for (const warning of warnings ?? []) console.warn("Crossdock:", warning);
    this.speak(languageOf(...wishes, hint, navigator.languages));
    const origin = this.host.origin?.();
    const allowed = this.context.allowed_origins ?? [];
    // Pages of this server show it whatever the list says: the dashboard is one.
    if (origin && origin !== location.origin && allowed.length && !allowed.includes(origin)) {
      screens.message(this.card, this.t, "origin", { organization: organization.name, origin });
      return;
    }
    setColors(organization);
    if (resumeFlow) await this.resume(resumeFlow);
    else this.intro();
  }

  speak(language) {
    this.t = translator(language);
    this.card.translate(this.t);
  }

  get names() {
    return { organization: this.context.organization.name, system: this.system?.display_name ?? "" };
  }

  intro() {
    const { context } = this;
    const known = this.knownSystem();
    this.system = known;
    screens.intro(this.card, this.t, {
      organization: context.organization, kind: context.integration_type, system: known, isRepair: Boolean(context.reinstall),
      onContinue: () => (known ? this.choose(known) : this.pick()),
    });
  }

  /** The system that nobody has to pick; null: somebody has to. */
  knownSystem() {
    const { skips_picker: isKnown, reinstall, integrations } = this.context;
    if (reinstall) return integrations.find(({ name }) => name === reinstall.integration_name) ?? integrations[0] ?? null;
    return isKnown ? integrations[0] ?? null : null;
  }

  pick() {
    screens.picker(this.card, this.t, {
      kind: this.context.integration_type, integrations: this.context.integrations, organization: this.context.organization.name,
      query: this.query ?? "",
      onQuery: (query) => { this.query = query; },
      onBack: () => this.intro(),
      onPick: (integration) => this.choose(integration),
    });
  }

  back() {
    this.isDirty = false;
    if (this.knownSystem()) this.intro();
    else this.pick();
  }

  async choose(integration) {
    this.system = integration;
    const loading = setTimeout(() => screens.moment(this.card, this.t, () => this.back()), 200);
    const type = integration.type ?? this.context.integration_type;
    let details;
    try {
      details = await this.api.integration(type, integration.name);
    } catch (error) {
      if (this.system === integration) this.fail(error, () => this.choose(integration), () => this.back());
      return;
    } finally {
      clearTimeout(loading);
    }
    if (this.system !== integration) return;
    this.system = { ...integration, ...details, type };
    if (details.not_configured) this.fail({ code: "not_configured", message: "" }, null, () => this.back());
    else this.credentials();
  }

  /** The screen on which a system is connected: its form, or what leads to its own sign-in. */
  credentials() {
    this.form = new CredentialForm(this.system, this.t, () => { this.isDirty = true; this.follow(); });
    this.isDirty = false;
    this.showCredentials();
  }

  /** Whether one signs in on a page of the vendor: in any case, or by what is chosen. */
  get isConsent() {
    const { consent_when: rule, install_method: method } = this.system;
    return rule ? this.form.value(rule.field) === rule.equals : method === "oauth";
  }

  /** Shows the screen of the way to sign in that is chosen now; what was filled in stays. */
  follow() {
    if (this.isConsent === this.showsConsent) return;
    const { activeElement } = document;
    this.showCredentials();
    activeElement?.focus?.();
  }

  showCredentials() {
    const shown = { system: this.system, form: this.form, onBack: () => this.back() };
    this.showsConsent = this.isConsent;
    if (!this.showsConsent) {
      this.parts = screens.form(this.card, this.t, { ...shown, onSubmit: () => this.submit() });
      return;
    }
    this.parts = screens.consent(this.card, this.t, {
      ...shown, isRedirect: this.isRedirect, onSubmit: () => this.consent(this.isRedirect ? "redirect" : "popup"),
    });
  }

  /** Whether the vendor's page takes the place of ours: on phones, where windows get lost. */
  get isRedirect() {
    return this.isPage && Boolean(this.returnUrl) && matchMedia("(pointer: coarse) and (max-width: 600px)").matches;
  }

  get attempt() {
    const { options, flowId, system, form } = this;
    return { type: system.type, name: system.name, fields: form.read(), options, flow_id: flowId };
  }

  async submit() {
    if (this.isBusy || !this.isFilledIn()) return;
    this.busy(true);
    try {
      this.connected(await this.api.connect(this.attempt));
    } catch (error) {
      this.busy(false);
      this.tellInForm(error);
    }
  }

  isFilledIn() {
    const faults = this.form.faults();
    if (faults.length) this.form.show(faults);
    else this.form.clear();
    return !faults.length;
  }

  busy(isBusy, key = "form.busy") {
    clearTimeout(this.slow);
    this.isBusy = isBusy;
    this.form.busy = isBusy;
    this.card.backButton.disabled = isBusy;
    this.parts.busy(isBusy ? this.t(key, this.names) : null);
    if (!isBusy) return;
    this.card.say(this.t(key, this.names));
    this.slow = setTimeout(() => {
      this.parts.note(this.t("form.busy.long", this.names));
      this.card.say(this.t("form.busy.long", this.names));
    }, SLOW_MS);
  }

  /** Tells an error above the form, and at the fields that it names. */
  tellInForm(error) {
    if (ENDS.has(error.code)) {
      this.fail(error, () => this.credentials());
      return;
    }
    const faults = Object.entries(error.fields ?? {}).map(([field, messages]) => ({ field, message: messages.join(" ") }));
    const text = error.code === "invalid_fields" ? this.t("fields.faults") : screens.errorText(this.t, error, this.names);
    this.form.show(faults, text, screens.details(this.t, error));
  }

  /** Has the user sign in at the vendor. Called inside the click, so the window can be opened. */
  async consent(mode) {
    if (this.isBusy || !this.isFilledIn()) return;
    const opened = mode === "popup" ? openWindow(this.t("oauth.opening", this.names), this.t.language) : null;
    this.busy(true, "oauth.opening");
    let begun;
    try {
      begun = await this.begin(mode);
    } catch (error) {
      opened?.close();
      if (error.code === "invalid_return_url") this.returnUrl = null; // the next try is by a window
      this.busy(false);
      this.tellInForm(error);
      return;
    }
    clearTimeout(this.slow);
    this.isBusy = false;
    if (mode === "redirect") this.host.redirect(begun.start_url);
    else if (opened) {
      send(opened, begun.start_url);
      await this.wait(opened);
    } else await this.wait(null, begun.start_url);
  }

  begin(mode) {
    const back = mode === "redirect" ? { return_url: this.returnUrl } : {};
    return this.api.beginOAuth({ ...this.attempt, mode, ...back });
  }

  /** Waits until the vendor's window has led back to us. address: of the window, where it had to stay shut. */
  async wait(opened, address = null) {
    this.waiting?.abort();
    const waiting = (this.waiting = new AbortController());
    const { flowId } = this;
    const screen = screens.waiting(this.card, this.t, {
      system: this.system, address,
      onAgain: () => this.again(), onClosed: () => this.abandon(), onBack: () => this.abandon(),
      onRedirect: (url) => this.host.redirect(url),
    });
    if (address && this.returnUrl) this.offerRedirect(screen, waiting.signal);
    try {
      const flow = await waitForFlow({
        flowId, opened, look: () => this.api.flow(flowId), seemsClosed: () => screen.seemsClosed(), signal: waiting.signal,
      });
      this.landed(flow);
    } catch (error) {
      if (!waiting.signal.aborted) this.fail(error, () => this.credentials());
    }
  }

  /** Opens the vendor's window anew, inside a click, for the same flow: whichever ends it first counts. */
  async again() {
    const opened = openWindow(this.t("oauth.opening", this.names), this.t.language);
    try {
      const { start_url: address } = await this.begin("popup");
      if (this.result) {
        opened?.close(); // the first window was faster
        return;
      }
      if (opened) send(opened, address);
      await this.wait(opened, opened ? null : address);
    } catch (error) {
      opened?.close();
      if (!this.result) this.abandon(error);
    }
  }

  async offerRedirect(screen, signal) {
    const begun = await this.begin("redirect").catch(() => null);
    if (begun && !signal.aborted) screen.offerRedirect(begun.start_url);
  }

  /** Back to the screen before the window. */
  abandon(error = null) {
    this.waiting?.abort();
    this.credentials();
    if (error) this.tellInForm(error);
  }

  /** What came of the vendor's window. flow: null: nothing did. */
  landed(flow) {
    if (flow?.status === "done") this.connected(flow.result);
    else this.abandon(flow?.error ?? { code: "oauth_timeout", message: "" });
  }

  /** Goes on after the vendor's page led back to this one. */
  async resume(flowId) {
    this.flowId = flowId;
    screens.moment(this.card, this.t, null, "oauth.finishing");
    const signal = new AbortController().signal;
    try {
      const flow = await waitForFlow({ flowId, look: () => this.api.flow(flowId), opened: null, seemsClosed() {}, signal });
      if (flow.status === "done") this.connected(flow.result);
      else this.fail(flow.error, () => this.intro());
    } catch (error) {
      this.fail(error, () => this.resume(flowId));
    }
  }


  connected(result) {
    clearTimeout(this.slow);
    this.isBusy = this.isDirty = false;
    this.result = result;
    this.system ??= { name: result.integration_name, display_name: result.display_name, logo_url: null };
    this.host.linked(result);
    const screen = screens.result(this.card, this.t, {
      organization: this.context.organization, system: this.system, result, isRepair: Boolean(this.context.reinstall),
      onDone: () => this.done(),
    });
    this.checkPermissions(screen, result.permissions ?? []);
  }

  async checkPermissions(screen, first) {
    let permissions = first;
    screen.show(permissions);
    const until = performance.now() + PERMISSIONS_LONGEST_MS;
    while (permissions.some(({ state }) => state === "pending") && performance.now() < until) {
      await new Promise((resolve) => { setTimeout(resolve, permissions === first ? 0 : PERMISSIONS_WAIT_MS); });
      const answer = await this.api.permissions(this.flowId).catch((error) => ({ error }));
      if (answer.error && answer.error.code !== "offline") break;
      permissions = answer.permissions ?? [...permissions];
      screen.show(permissions);
    }
    const settled = permissions.map((permission) => (permission.state === "pending" ? { ...permission, state: "unknown" } : permission));
    if (this.card.name !== "result") return;
    screen.settle(settled);
    this.card.say(screens.summary(this.t, settled));
  }

  done() {
    this.host.finish(this.result);
    if (this.isPage) this.farewell();
  }

  async farewell() {
    const screen = screens.farewell(this.card, this.t, this.names);
    if (await this.canGoOn?.()) screen.offerMore(() => this.startOver());
  }

  startOver() {
    Object.assign(this, { result: null, system: null, flowId: newFlowId() });
    this.intro();
  }

  /** Somebody wants the modal shut. */
  async close(reason) {
    if (this.result) {
      this.done();
      return;
    }
    if ((this.isDirty || this.isBusy) && !(await this.isSure())) return;
    this.waiting?.abort();
    if (this.result) this.done();
    else this.host.close(this.failure ? "error" : reason);
  }

  isSure() {
    const text = this.t(this.isBusy ? "stop.text.busy" : "stop.text", this.names);
    return this.card.ask({ title: this.t("stop.title"), text, yes: this.t("stop.stop"), no: this.t("stop.keep") });
  }

  /** The screen of an error that ends the way, or holds it up. */
  fail(error, onRetry, onBack = null) {
    this.failure = error;
    const values = this.context ? this.names : { organization: "", system: "" };
    screens.failure(this.card, this.t, {
      error, values, onBack, onClose: this.isPage ? null : () => this.host.close("error"),
      onRetry: FINAL.has(error.code) ? null : () => { this.failure = null; onRetry(); },
    });
  }
}

/** Errors that end more than the form they happened in. */
const ENDS = new Set([
  "link_token_expired", "link_token_invalid", "link_token_missing", "magic_link_expired", "magic_link_used", "magic_link_unknown", "connection_gone",
]);
const FINAL = new Set([...ENDS, "not_configured"]);
