/** A terminal that waits for its client: one that is begun, or come back to, by a name of the client's own. */
import type { KeptTerminal, KeptTerminals } from "../../../containers/streams/kept-terminals.ts";
import type { ContainerTerminal } from "../../../containers/streams/terminal.ts";
import { principalOf } from "../../../identity/admission.ts";
import type { ApiRequest } from "../../../platform/http/api.ts";
import type { SocketChannel } from "../../../platform/http/socket-channel.ts";
import { passInput } from "./exec-input.ts";
import { tellAsJson } from "./socket-routes.ts";
import { isHangup } from "./words.ts";

export interface Slot {
  find(): KeptTerminal | undefined;
  keep(terminal: ContainerTerminal): KeptTerminal;
}

/** Where it waits: for the same login and container alone. @returns undefined for a client that gives no name */
export function slotOf(
  terminals: KeptTerminals,
  request: ApiRequest,
  container: string,
  { keep, host = "local" }: { readonly keep?: string; readonly host?: string },
): Slot | undefined {
  if (keep === undefined) return undefined;
  const { userId, credential } = principalOf(request);
  const owner = `${userId} ${credential.kind === "token" ? credential.sessionId : credential.keyId}`;
  const key = `${host} ${container} ${keep}`;
  return { find: () => terminals.find(owner, key), keep: (terminal) => terminals.keep(owner, key, terminal) };
}

/** Returns when the command has ended and all it has shown is on its way, when the client has left, or when another one has come in its place. Whoever may not
 *  look at it any more ends it. */
export async function talkToKept(
  channel: SocketChannel,
  gone: AbortSignal,
  terminal: KeptTerminal,
  { isNew, position = 0 }: { readonly isNew: boolean; readonly position?: number },
): Promise<void> {
  const over = Promise.withResolvers<void>();
  const leave = () => {
    if (gone.reason !== "closed") void terminal.end();
    over.resolve();
  };
  gone.addEventListener("abort", leave, { once: true });
  if (gone.aborted) leave();
  using view = terminal.view(isNew ? 0 : position, {
    show: channel.send,
    replaced() {
      void channel.send(tellAsJson("This terminal was taken over by another page."));
      over.resolve();
    },
  });
  const { missed, position: from } = view;
  void channel.send(JSON.stringify({ type: "kept", isNew, position: from, missed: missed.length }));
  void channel.send(missed);
  void passInput(channel, gone, terminal, (message) => {
    if (isHangup(message)) void terminal.end();
  });
  await Promise.race([terminal.ended, over.promise]);
}
