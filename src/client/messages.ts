/** Messages to running apps, which App Mesh calls tasks. */
import type { IncomingMessage } from "node:http";
import { isYardError, YardError } from "../platform/errors.ts";
import { appPath, noSuchApp } from "./apps.ts";
import type { YardClient } from "./http.ts";

/** Beyond what the app may take: the yard's own word that the time is up comes first. */
const graceMs = 10_000;

/** Hands `payload` to the app's process and resolves with its reply, byte for byte, as soon as that comes.
 *  @throws {YardError} not_found, timeout, interrupted (taken back, displaced, or the app was stopped), precondition (it has no process) */
export async function sendMessage(
  client: YardClient,
  name: string,
  payload: Uint8Array,
  { timeoutSeconds, signal }: { timeoutSeconds: number; signal: AbortSignal },
): Promise<IncomingMessage> {
  try {
    return await client.request({
      method: "POST",
      path: `${appPath(name)}/task`,
      query: { timeout: timeoutSeconds },
      bytes: payload,
      timeoutMs: timeoutSeconds * 1_000 + graceMs,
      signal,
    });
  } catch (error) {
    throw explained(error, name, timeoutSeconds);
  }
}

function explained(error: unknown, name: string, timeoutSeconds: number): unknown {
  if (isYardError(error, "not_found")) return noSuchApp(name);
  if (isYardError(error, "timeout")) {
    const advice = `Look whether it answers messages at all (runyard app logs ${name}), or wait longer with --timeout.`;
    return new YardError("timeout", `${name} has not replied within ${timeoutSeconds} s. ${advice}`, { cause: error });
  }
  if (isYardError(error, "interrupted")) {
    const reasons = "another one has taken its place, it was deleted, or the app was stopped";
    return new YardError("interrupted", `the message to ${name} got no reply: ${reasons} (${error.message})`, {
      cause: error,
    });
  }
  return error;
}
