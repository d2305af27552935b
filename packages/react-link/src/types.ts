/** The kinds of systems that can be connected. */
export type IntegrationType = "wms" | "cart" | "carrier" | "freight";

/**
 * Why a flow ended without a connection: the end user closed it, pressed Escape, or met an error; `close()` was
 * called; the component is gone. More may come.
 */
export type CloseReason = "user" | "escape" | "error" | "done" | "api" | "unmount" | (string & {});

/** The options of a button. Those of the moment of `open` hold; of the callbacks always the newest. */
export interface CrossdockLinkOptions {
  /**
   * Gives a new link token, which your backend gets from `POST /link/token`. Asked for at each opening, and once
   * more if the token has expired meanwhile.
   */
  getLinkToken: () => Promise<string> | string;
  /**
   * Called once per connection, with the code that your backend exchanges for an access token
   * (`POST /link/exchange`), the name of the integration, and a function that closes the window, which is closed
   * already.
   */
  onSuccess: (authCode: string, integrationName: string, close: () => void) => unknown;
  /** Called when a flow ends without a connection. */
  onClose?: ((reason: CloseReason) => unknown) | undefined;
  /** Called once, when the button can open. */
  onLoad?: (() => unknown) | undefined;
  /** By default `wms`. */
  integrationType?: IntegrationType | undefined;
  /** Only these integrations. A list of one skips the choice. With both lists all are shown. */
  integrationAllowList?: readonly string[] | undefined;
  /** All but these integrations. */
  integrationBlockList?: readonly string[] | undefined;
  /** Only integrations that have all of these functions, `get_orders` say. */
  integrationsWithEndpoints?: readonly string[] | undefined;
  /** Functions to switch off for the connection, besides those that the organization has switched off. */
  disabledFunctions?: readonly string[] | undefined;
  /** Offers a sandbox, too. */
  sandbox?: boolean | undefined;
  /** The https address of a logo, in place of the organization's. */
  logo?: string | undefined;
  /** `en` or `de`. By default the language of the browser. */
  language?: string | undefined;
  /** Names the button: where there are several, a sign-in that leaves the page comes back to the same. */
  buttonId?: string | undefined;
  /** The address of your server's script, `https://…/main.js`. Not needed where the page has the script itself. */
  src?: string | undefined;
  /** The nonce of the page's Content-Security-Policy, for the script. */
  nonce?: string | undefined;
}

/** What to open. */
export interface OpenOptions {
  /** The name of the integration that is meant: the choice is skipped. */
  integrationId?: string | undefined;
}

/** A button to build your own from. */
export interface CrossdockLink {
  /** Opens the window; while the script loads, as soon as it is there; after an error it is loaded anew. */
  open: (options?: OpenOptions) => void;
  /** Closes the window. */
  close: () => void;
  /** Whether the script is there. */
  ready: boolean;
  /** Why the script is not there; null while nothing is wrong. */
  error: Error | null;
}
