/** The routes of all that runs in a sandbox, whoever has started it. */
import { YardError } from "../platform/errors.ts";
import { readJson, sendJson, sendNothing } from "./http.ts";
import { parseSignal } from "./parse.ts";
import type { Routes } from "./router.ts";
import { required, type SandboxLookup, sandboxPath } from "./sandbox-lookup.ts";

export function inhabitantRoutes(find: SandboxLookup): Routes {
  return {
    [`GET ${sandboxPath}/inhabitants`]: async (request) => {
      const { inhabitants, handle } = await find.sandbox(request);
      sendJson(request, await required(inhabitants, handle.driver, "tell all that runs").list());
    },
    [`POST ${sandboxPath}/inhabitants/{pid}/signal`]: async (request) => {
      const { inhabitants, handle } = await find.sandbox(request);
      const signal = parseSignal(await readJson(request));
      await required(inhabitants, handle.driver, "tell all that runs").signal(
        parsePid(request.params.pid ?? ""),
        signal,
      );
      sendNothing(request);
    },
  };
}

function parsePid(text: string): number {
  if (/^\d{1,10}$/.test(text)) return Number(text);
  throw new YardError("invalid", `${text} is no number of a process.`, { field: "pid" });
}
