/** The routes that tell of all sandboxes at once, whichever driver has them: what is there is compared with what should be, and what they use is asked
 *  for twice a second. */
import { YardError } from "../platform/errors.ts";
import { hostSandboxId } from "../sandboxes/host/driver.ts";
import type { LocalSandbox, LocalSandboxDriver, SandboxUsage } from "../sandboxes/sandbox.ts";
import { readJson, sendJson } from "./http.ts";
import { parseUsageQuestion } from "./parse.ts";
import type { SandboxReport } from "./protocol.ts";
import type { Routes } from "./router.ts";

const mostAtOnce = 10_000;

export function sandboxReportRoutes(drivers: ReadonlyMap<string, LocalSandboxDriver>): Routes {
  async function sandboxes(): Promise<readonly LocalSandbox[]> {
    const all = await Promise.all([...drivers.values()].map((driver) => driver.sandboxes()));
    return all.flat().filter(({ handle }) => handle.id !== hostSandboxId);
  }

  return {
    "GET /v1/sandboxes": async (request) => {
      const reports = (await sandboxes()).map((sandbox): SandboxReport => {
        const { driver, id } = sandbox.handle;
        const status = sandbox.status();
        return { driver, id, status, reason: status === "stopped" ? sandbox.whyStopped?.() : undefined };
      });
      sendJson(request, reports);
    },
    "POST /v1/sandboxes/usage": async (request) => {
      const ids = new Set(parseUsageQuestion(await readJson(request)).ids);
      if (ids.size > mostAtOnce) {
        throw new YardError("too_many", `Ask for at most ${mostAtOnce} sandboxes at once.`, { field: "ids" });
      }
      const wanted = (await sandboxes()).filter(({ handle }) => ids.has(handle.id));
      const usages = await Promise.all(wanted.map(usageOf));
      sendJson(request, Object.fromEntries(usages.flat()));
    },
  };
}

/** None of one that goes away meanwhile. */
async function usageOf(sandbox: LocalSandbox): Promise<[string, SandboxUsage][]> {
  try {
    const usage = await sandbox.usage?.();
    return usage ? [[sandbox.handle.id, usage]] : [];
  } catch {
    return [];
  }
}
