export { CrossdockButton } from "./button.js";
export { useCrossdockLink } from "./hook.js";
export type { CrossdockButtonProps } from "./button.js";
export type { CloseReason, CrossdockLink, CrossdockLinkOptions, IntegrationType, OpenOptions } from "./types.js";
