/** The private API behind the pages, below `/connect/api` of the server that this script came from. */

const ROOT = new URL("../../api/", import.meta.url);
const LONGEST_MS = 120_000;
/** Codes that a new link token helps against. */
const STALE = new Set(["link_token_expired", "link_token_invalid"]);

/** An answer that is an error. code: a key of the texts; fields: messages of a form, by field. */
export class ApiError extends Error {
  constructor(code, message = "", { status = 0, fields = {} } = {}) {
    super(message);
    Object.assign(this, { code, status, fields });
  }
}

/** A version 4 UUID; `crypto.randomUUID` is only there on https. */
export function newFlowId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

export class ConnectApi {
  /** renew: asked once for a new link token when one has expired; null: there is none. */
  constructor(renew) {
    this.token = "";
    this.renew = renew;
  }

  session(secret, flowId) {
    return this.#request("POST", "magic-links/session", flowId ? { secret, flow_id: flowId } : { secret });
  }

  open(options, integrationId) {
    return this.#renewing("POST", "open", integrationId ? { options, integration_id: integrationId } : { options });
  }

  integration(type, name) {
    return this.#renewing("GET", `integrations/${encodeURIComponent(type)}/${encodeURIComponent(name)}`);
  }

  connect(body) {
    return this.#renewing("POST", "connect", body);
  }

  beginOAuth(body) {
    return this.#renewing("POST", "oauth/begin", body);
  }

  permissions(flowId) {
    return this.#renewing("GET", `permissions?flow_id=${encodeURIComponent(flowId)}`);
  }

  flow(flowId) {
    return this.#renewing("GET", `flow?flow_id=${encodeURIComponent(flowId)}`);
  }

  /** As #request, and once more with a new link token where the one it has does not work any more. */
  async #renewing(method, path, body) {
    try {
      return await this.#request(method, path, body);
    } catch (error) {
      if (!STALE.has(error.code) || !this.renew) throw error;
      const renew = this.renew;
      this.renew = null;
      const token = await renew();
      if (!token) throw error;
      this.token = token;
      return this.#request(method, path, body);
    }
  }

  async #request(method, path, body) {
    const headers = { accept: "application/json" };
    if (this.token) headers.authorization = `Bearer ${this.token}`;
    if (body !== undefined) headers["content-type"] = "application/json";
    let response, answer;
    try {
      response = await fetch(new URL(path, ROOT), {
        method, headers, body: body === undefined ? undefined : JSON.stringify(body), credentials: "omit",
        cache: "no-store", referrerPolicy: "no-referrer", redirect: "error", signal: AbortSignal.timeout(LONGEST_MS),
      });
    } catch (error) {
      throw new ApiError(error.name === "TimeoutError" ? "timeout" : "offline");
    }
    try {
      answer = await response.json();
    } catch {
      answer = null;
    }
    if (response.ok && answer !== null) return answer;
    const { code = "internal_error", message = "", fields } = answer?.error ?? {};
    throw new ApiError(code, message, { status: response.status, fields });
  }
}
