/** What the sandboxes of an agent start from, behind the same interface as in the agent. */
import type { SandboxTemplates } from "../sandboxes/sandbox.ts";
import { createCalls } from "./calls.ts";
import type { AgentConnection } from "./connection.ts";
import { readJson } from "./exchange.ts";
import { parseTemplate, parseTemplates } from "./replies.ts";
import { upload } from "./upload.ts";

/** A large one takes a while to delete. */
const removeTimeoutMs = 120_000;

/** A machine boots, which takes an emulator minutes on a busy host. */
const prepareTimeoutMs = 10 * 60_000;

/** @param driver its name */
export function createRemoteTemplates(connection: AgentConnection, driver: string): SandboxTemplates {
  const call = createCalls(connection);
  const path = `/v1/templates/${encodeURIComponent(driver)}`;
  return {
    async list() {
      return readJson(await call({ method: "GET", path }), parseTemplates);
    },
    async import(name, archive) {
      return readJson(await upload(connection, `${path}/${encodeURIComponent(name)}`, archive), parseTemplate);
    },
    async prepare(name, limits) {
      const body = { limits };
      await call({
        method: "POST",
        path: `${path}/${encodeURIComponent(name)}/prepare`,
        body,
        timeoutMs: prepareTimeoutMs,
      });
    },
    async remove(name) {
      await call({ method: "DELETE", path: `${path}/${encodeURIComponent(name)}`, timeoutMs: removeTimeoutMs });
    },
  };
}
