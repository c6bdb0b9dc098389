/** How a client has opened its connection, to do the same again unseen where the yard has forgotten it. Only the older protocol has an opening. */
import { randomUUID } from "node:crypto";
import {
  isInitializeRequest,
  isJSONRPCRequest,
  isJSONRPCResultResponse,
  type JSONRPCMessage,
  type JSONRPCRequest,
  type StreamableHTTPClientTransport,
} from "@modelcontextprotocol/client";

export interface Opening {
  /** Something that the client sends. */
  sent(message: JSONRPCMessage): void;
  /** Something that the yard answers. @returns whether it is for us, and not for the client */
  isOurs(message: JSONRPCMessage): boolean;
  /** Whether there is anything to be done again, for this message. */
  canRepeat(message: JSONRPCMessage): boolean;
  /** Once for all that ask meanwhile. */
  repeat(): Promise<void>;
}

export function createOpening(yard: StreamableHTTPClientTransport): Opening {
  let first: JSONRPCRequest | undefined;
  let ownId: string | undefined;
  let repeating: Promise<void> | undefined;

  async function initialize(): Promise<void> {
    if (first === undefined) return;
    ownId = randomUUID();
    await yard.send({ ...first, id: ownId });
    await yard.send({ jsonrpc: "2.0", method: "notifications/initialized" });
  }

  return {
    sent(message) {
      if (isJSONRPCRequest(message) && isInitializeRequest(message)) first = message;
    },
    isOurs(message) {
      if (!isJSONRPCResultResponse(message)) return false;
      if (message.id === first?.id) learnVersion(message.result, yard);
      return message.id === ownId;
    },
    canRepeat: (message) => first !== undefined && message !== first,
    repeat() {
      repeating ??= initialize().finally(() => {
        repeating = undefined;
      });
      return repeating;
    },
  };
}

/** Later messages are sent under the version that was agreed on. */
function learnVersion({ protocolVersion }: Record<string, unknown>, yard: StreamableHTTPClientTransport): void {
  if (typeof protocolVersion === "string") yard.setProtocolVersion(protocolVersion);
}
