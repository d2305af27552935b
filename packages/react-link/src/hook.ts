import { useCallback, useEffect, useRef, useState } from "react";
import { loadScript, READY, type ButtonHandle } from "./script.js";
import type { CrossdockLink, CrossdockLinkOptions, OpenOptions } from "./types.js";

/** A button of your own: `{open, close, ready, error}`. Nothing is loaded or made before the component is shown. */
export function useCrossdockLink(options: CrossdockLinkOptions): CrossdockLink {
  const { src, nonce } = options;
  const [ready, setReady] = useState(false);
  const [error, setError] = useState<Error | null>(null);
  const [attempt, setAttempt] = useState(0);
  const handle = useRef<ButtonHandle | null>(null);
  const waiting = useRef<OpenOptions | null>(null);
  const newest = useRef(options);

  const close = useCallback(() => {
    waiting.current = null;
    handle.current?.close();
  }, []);

  useEffect(() => {
    newest.current = options;
    handle.current?.update(forScript(options, close));
  });

  useEffect(() => {
    let isGone = false;
    const retry = (): void => setAttempt((count) => count + 1);
    loadScript({ src, nonce }).then(
      (script) => {
        if (isGone) return;
        handle.current = script.create(forScript(newest.current, close));
        setError(null);
        setReady(true);
        const choice = waiting.current;
        waiting.current = null;
        if (choice !== null) handle.current.open(choice);
      },
      (reason: Error) => {
        if (isGone) return;
        const wasAsked = waiting.current !== null;
        waiting.current = null;
        setError(reason);
        window.addEventListener(READY, retry, { once: true }); // a script that comes late
        if (wasAsked) newest.current.onClose?.("error");
      },
    );
    return () => {
      isGone = true;
      window.removeEventListener(READY, retry);
      handle.current?.destroy();
      handle.current = null;
      setReady(false);
    };
  }, [src, nonce, attempt]);

  const open = useCallback(
    (choice?: OpenOptions) => {
      const plain: OpenOptions = typeof choice?.integrationId === "string" ? { integrationId: choice.integrationId } : {};
      if (handle.current !== null) {
        handle.current.open(plain);
        return;
      }
      waiting.current = plain;
      if (error === null) return;
      setError(null);
      setAttempt((count) => count + 1);
    },
    [error],
  );

  return { open, close, ready, error };
}

function forScript(options: CrossdockLinkOptions, close: () => void): object {
  const { onSuccess } = options;
  return {
    ...options,
    onSuccess: (authCode: string, integrationName: string) => onSuccess(authCode, integrationName, close),
  };
}
