/** MCP over standard input and output, carried to a yard's `/mcp` message by message: whatever the yard serves is served here, in both generations
 *  of the protocol. A yard that was restarted has forgotten the older one's session; it is opened again, unseen by the client, and
 *  scripts, memories and files are as they were. */
import {
  isJSONRPCErrorResponse,
  isJSONRPCRequest,
  isJSONRPCResultResponse,
  type JSONRPCMessage,
  type RequestId,
  SdkHttpError,
  type StreamableHTTPClientTransport,
  type Transport,
} from "@modelcontextprotocol/client";
import { createOpening } from "./opening.ts";

const internalError = -32_603;
const sessionNotFound = 404;

/** Until the client closes its end, or `signal` is aborted. */
export async function bridge(
  client: Transport,
  yard: StreamableHTTPClientTransport,
  signal: AbortSignal,
): Promise<void> {
  const closed = Promise.withResolvers<void>();
  const opening = createOpening(yard);
  /** Requests that are not answered yet. */
  const waiting = new Set<RequestId>();

  async function carry(message: JSONRPCMessage): Promise<void> {
    const options = { onRequestStreamEnd: () => refuse(message, "The yard went away before it answered.") };
    try {
      await yard.send(message, options);
    } catch (error) {
      if (!isSessionLost(error) || !opening.canRepeat(message)) throw error;
      await opening.repeat();
      await yard.send(message, options);
    }
  }

  function refuse(message: JSONRPCMessage, reason: string): void {
    if (!isJSONRPCRequest(message) || !waiting.delete(message.id)) return;
    void client.send({ jsonrpc: "2.0", id: message.id, error: { code: internalError, message: reason } });
  }

  client.onmessage = (message) => {
    opening.sent(message);
    if (isJSONRPCRequest(message)) waiting.add(message.id);
    carry(message).catch((error: unknown) => refuse(message, error instanceof Error ? error.message : String(error)));
  };
  yard.onmessage = (message) => {
    if (opening.isOurs(message)) return;
    if (isAnswer(message) && message.id !== undefined) waiting.delete(message.id);
    void client.send(message);
  };
  client.onclose = closed.resolve;
  signal.addEventListener("abort", () => closed.resolve(), { once: true });

  await yard.start();
  await client.start();
  if (signal.aborted) closed.resolve();
  await closed.promise;
  await yard.terminateSession().catch(() => {}); // it ends by itself, later
  await yard.close();
  await client.close();
}

function isAnswer(message: JSONRPCMessage) {
  return isJSONRPCResultResponse(message) || isJSONRPCErrorResponse(message);
}

function isSessionLost(error: unknown): boolean {
  return error instanceof SdkHttpError && error.status === sessionNotFound;
}
