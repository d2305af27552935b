// What a customer may write, and what the types refuse: checked by tsc --strict, never run.
import { useState, type ReactElement } from "react";
import { CrossdockButton, useCrossdockLink } from "@crossdock/react-link";
import type { CloseReason, CrossdockButtonProps, CrossdockLinkOptions } from "@crossdock/react-link";

const least: CrossdockLinkOptions = { getLinkToken: async () => "lt_1", onSuccess: () => {} };

export function Page(): ReactElement {
  const [reason, setReason] = useState<CloseReason | null>(null);
  const { open, close, ready, error } = useCrossdockLink({
    ...least,
    integrationType: "carrier",
    integrationAllowList: ["sandbox"] as const,
    onSuccess: async (authCode, integrationName, done) => {
      authCode.toUpperCase();
      integrationName.toUpperCase();
      done();
    },
    onClose: (why) => setReason(why),
  });
  const message: string | undefined = error?.message;
  const optional: Partial<CrossdockButtonProps> = { language: undefined, sandbox: undefined };
  return (
    <>
      <button disabled={!ready} onClick={() => open()} title={message}>{reason}</button>
      <button onClick={() => open({ integrationId: "sandbox" })} onBlur={close} />
      <CrossdockButton {...least} {...optional} className="wide" style={{ color: "red" }} disabled={false} src="https://x.example/main.js" nonce="n">
        Connect
      </CrossdockButton>
      {/* @ts-expect-error there is no such kind of system */}
      <CrossdockButton {...least} integrationType="crm" />
      {/* @ts-expect-error a link token has to come from somewhere */}
      <CrossdockButton onSuccess={() => {}} />
      {/* @ts-expect-error a link token is text */}
      <CrossdockButton {...least} getLinkToken={async () => ({ link_token: "lt_1" })} />
    </>
  );
}
