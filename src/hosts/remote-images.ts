/** Sandboxes of an agent that leave for another host, or arrive from one, behind the same interface as in the agent. */
import type { Arrivals, Departure } from "../sandboxes/sandbox.ts";
import { bytesOf, openReply } from "./byte-streams.ts";
import { createCalls } from "./calls.ts";
import type { AgentConnection } from "./connection.ts";
import { readJson } from "./exchange.ts";
import { parseArrivals, parseHandle, parseMissing, parseSandboxImage } from "./replies.ts";
import { upload } from "./upload.ts";

/** All layers of a disk are read for their hashes. */
const imageTimeoutMs = 30 * 60_000;
const partTimeoutMs = 60_000;
const completeTimeoutMs = 5 * 60_000;

/** @param path of the sandbox, see agent/protocol.ts */
export function createRemoteDeparture(connection: AgentConnection, path: string): Departure {
  const call = createCalls(connection);
  return {
    async image() {
      const request = { method: "GET", path: `${path}/image`, timeoutMs: imageTimeoutMs } as const;
      return readJson(await call(request), parseSandboxImage);
    },
    async part(name) {
      const request = { method: "GET", path: `${path}/image/${encodeURIComponent(name)}`, hasBody: false } as const;
      return bytesOf(await openReply(connection, { ...request, timeoutMs: partTimeoutMs }), connection.name);
    },
  };
}

/** @param driver its name */
export function createRemoteArrivals(connection: AgentConnection, driver: string): Arrivals {
  const call = createCalls(connection);
  const path = `/v1/arrivals/${encodeURIComponent(driver)}`;
  const pathOf = (id: string) => `${path}/${encodeURIComponent(id)}`;
  return {
    list: async () => readJson(await call({ method: "GET", path }), parseArrivals),
    async begin(image) {
      const request = { method: "POST", path: pathOf(image.id), body: image, timeoutMs: imageTimeoutMs } as const;
      return readJson(await call(request), parseMissing).missing;
    },
    async put(id, { name, bytes, hash }, content) {
      await upload(connection, `${pathOf(id)}/parts/${encodeURIComponent(name)}?bytes=${bytes}&hash=${hash}`, content);
    },
    async complete(image) {
      const request = { method: "POST", path: `${pathOf(image.id)}/complete`, body: image } as const;
      return readJson(await call({ ...request, timeoutMs: completeTimeoutMs }), parseHandle);
    },
    async abandon(id) {
      await call({ method: "DELETE", path: pathOf(id) });
    },
  };
}
