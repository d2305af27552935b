import { createElement, type CSSProperties, type ReactElement, type ReactNode } from "react";
import { useCrossdockLink } from "./hook.js";
import type { CrossdockLinkOptions, IntegrationType } from "./types.js";

/** The options of the window, and how the button looks. */
export interface CrossdockButtonProps extends CrossdockLinkOptions {
  /** By default `Connect WMS`, `Connect Cart`, `Connect Carrier` or `Connect Freight Forwarder`. */
  children?: ReactNode;
  className?: string | undefined;
  style?: CSSProperties | undefined;
  disabled?: boolean | undefined;
}

const LABELS: Record<IntegrationType, string> = {
  wms: "Connect WMS",
  cart: "Connect Cart",
  carrier: "Connect Carrier",
  freight: "Connect Freight Forwarder",
};

/**
 * A button that connects a system. It looks as buttons of your page do; `data-crossdock` says how it is: `loading`,
 * `ready` or `error`. A click while the script loads opens the window when it is there, and one after an error loads
 * the script anew.
 */
export function CrossdockButton(props: CrossdockButtonProps): ReactElement {
  const { children, className, style, disabled, ...options } = props;
  const { open, ready, error } = useCrossdockLink(options);
  return createElement(
    "button",
    {
      type: "button",
      className,
      style,
      disabled,
      "data-crossdock": error !== null ? "error" : ready ? "ready" : "loading",
      onClick: () => open(),
    },
    children ?? LABELS[options.integrationType ?? "wms"] ?? LABELS.wms,
  );
}
