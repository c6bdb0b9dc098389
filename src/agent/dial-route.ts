/** Connections to ports inside a sandbox: one stream of the connection each, whose body is what one side sends and whose reply what the other does. */
import { YardError } from "../platform/errors.ts";
import { joinStreams } from "./join-streams.ts";
import type { Routes } from "./router.ts";
import { required, type SandboxLookup, sandboxPath } from "./sandbox-lookup.ts";

const highestPort = 65_535;

export function dialRoutes(find: SandboxLookup): Routes {
  return {
    [`POST ${sandboxPath}/dial/{port}`]: async (request) => {
      const port = parsePort(request.params.port ?? "");
      const sandbox = await find.sandbox(request);
      const inside = await required(sandbox.dial?.(port), sandbox.handle.driver, "reach ports");
      const { stream } = request;
      if (stream.destroyed || stream.closed) return void inside.destroy();
      stream.respond({ ":status": 200, "content-type": "application/octet-stream" });
      joinStreams(stream, inside);
    },
  };
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port > 0 && port <= highestPort) return port;
  throw new YardError("invalid", `${text} is no port: 1 to ${highestPort} are.`, { field: "port" });
}
