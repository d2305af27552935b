// Pages about connections: times of the reader's own zone, and the form that connects a system.

const pad = (number) => String(number).padStart(2, "0");

const exact = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });

// A moment to the minute, in the reader's zone.
class ExactTime extends HTMLElement {
  connectedCallback() {
    const time = this.querySelector("time");
    const moment = new Date(time.dateTime);
    if (Number.isNaN(moment.getTime())) return;
    time.title = time.dateTime;
    time.textContent = exact.format(moment);
  }
}

// A moment that is typed in the reader's zone and sent in UTC. Without this file it is typed in UTC.
class LocalTime extends HTMLElement {
  connectedCallback() {
    this.input = this.querySelector("input");
    this.sent = Object.assign(document.createElement("input"), { type: "hidden", name: this.input.name });
    this.show();
    this.input.removeAttribute("name");
    this.append(this.sent);
    this.querySelector("[data-zone]").textContent = `(${Intl.DateTimeFormat().resolvedOptions().timeZone})`;
    this.input.addEventListener("input", () => this.take());
    this.take();
  }

  // What the server filled in is in UTC.
  show() {
    const moment = new Date(`${this.input.value}Z`);
    if (!this.input.value || Number.isNaN(moment.getTime())) return;
    const day = `${moment.getFullYear()}-${pad(moment.getMonth() + 1)}-${pad(moment.getDate())}`;
    this.input.value = `${day}T${pad(moment.getHours())}:${pad(moment.getMinutes())}`;
  }

  take() {
    const moment = new Date(this.input.value);
    this.sent.value = this.input.value && !Number.isNaN(moment.getTime()) ? moment.toISOString() : "";
  }
}

// A form whose button opens the window that end users connect with, and which is sent when that has ended well.
class ConnectSystem extends HTMLElement {
  connectedCallback() {
    const button = this.querySelector("button");
    this.form = this.querySelector("form");
    if (!window.Crossdock?.create) return;
    this.opener = window.Crossdock.create(this.options());
    button.hidden = false;
    this.querySelector("[data-without]")?.remove();
    button.addEventListener("click", () => {
      this.say("");
      this.opener.update(this.options());
      this.opener.open();
    });
  }

  options() {
    const fields = new FormData(this.form);
    return {
      integrationType: fields.get("type") || this.dataset.type,
      sandbox: fields.has("sandbox"),
      getLinkToken: () => this.linkToken(),
      onSuccess: (code) => this.end(code),
    };
  }

  async linkToken() {
    const fields = new URLSearchParams(new FormData(this.form));
    fields.set("do", "token");
    const response = await fetch(location.pathname, { method: "POST", body: fields, headers: { accept: "application/json" } });
    const answer = await response.json();
    if (response.ok) return answer.link_token;
    this.say(answer.error);
    throw new Error(answer.error);
  }

  end(code) {
    this.form.elements.auth_code.value = code;
    this.form.requestSubmit();
  }

  say(text) {
    this.querySelector("[data-said]").textContent = text;
  }
}

customElements.define("exact-time", ExactTime);
customElements.define("local-time", LocalTime);
customElements.define("connect-system", ConnectSystem);
