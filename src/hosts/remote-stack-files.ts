/** Files of stacks on an agent's host, for their containers to mount. */
import type { Readable } from "node:stream";
import type { StackPlace, StackSource } from "../agent/protocol.ts";
import { isYardError, YardError } from "../platform/errors.ts";
import { createCalls } from "./calls.ts";
import type { AgentConnection } from "./connection.ts";
import { readJson } from "./exchange.ts";
import { parseStackPlaces } from "./replies.ts";
import { upload } from "./upload.ts";

/** @see agent/stack-places.ts */
export interface HostStackFiles {
  /** Where they are, or would be; changes nothing. @throws {YardError} precondition, from an agent that knows nothing of them */
  find(stack: string, sources: readonly StackSource[]): Promise<readonly StackPlace[]>;
  /** @param archive tar, of the source under its own name */
  fill(stack: string, source: StackSource, archive: Readable): Promise<void>;
  /** Removes its other places, but not those that containers have written to. */
  keepOnly(stack: string, hostPaths: readonly string[]): Promise<void>;
  remove(stack: string): Promise<void>;
}

/** A digest is taken of what is there already. */
const longMs = 120_000;

export function createRemoteStackFiles(connection: AgentConnection): HostStackFiles {
  const call = createCalls(connection);
  const at = (stack: string) => `/v1/stacks/${encodeURIComponent(stack)}`;
  return {
    async find(stack, sources) {
      const request = { method: "POST", path: `${at(stack)}/find`, body: { sources }, timeoutMs: longMs } as const;
      const reply = await call(request).catch((error: unknown) => {
        throw asTooOld(error, connection.name);
      });
      return readJson(reply, parseStackPlaces);
    },
    async fill(stack, { path, digest }, archive) {
      await upload(connection, `${at(stack)}/files?${new URLSearchParams({ path, digest })}`, archive);
    },
    async keepOnly(stack, hostPaths) {
      await call({ method: "POST", path: `${at(stack)}/keep`, body: { hostPaths }, timeoutMs: longMs });
    },
    async remove(stack) {
      await call({ method: "DELETE", path: at(stack), timeoutMs: longMs });
    },
  };
}

function asTooOld(error: unknown, host: string): unknown {
  if (!isYardError(error, "not_found")) return error;
  const message = `The agent of ${host} is of an older version, which takes no files of stacks: update it, or mount volumes.`;
  return new YardError("precondition", message, { cause: error });
}
