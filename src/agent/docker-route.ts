/** A connection to this machine's Docker engine, for the control plane: the agent passes bytes on and reads nothing of them. */
import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect } from "node:net";
import { errnoOf, YardError } from "../platform/errors.ts";
import { joinStreams } from "./join-streams.ts";
import type { Routes } from "./router.ts";

/** @param sockets where the engine may listen: the first that is there */
export function dockerRoutes(sockets: readonly string[]): Routes {
  return {
    "POST /v1/docker": async ({ stream }) => {
      const path = sockets.find((one) => existsSync(one));
      if (path === undefined) throw new YardError("unavailable", "No Docker engine is running on this host.");
      const engine = connect({ path, allowHalfOpen: true });
      try {
        await once(engine, "connect");
      } catch (error) {
        throw new YardError("unavailable", `The Docker engine at ${path} does not answer (${errnoOf(error)}).`, {
          cause: error,
        });
      }
      if (stream.destroyed || stream.closed) return void engine.destroy();
      stream.respond({ ":status": 200, "content-type": "application/octet-stream" });
      joinStreams(stream, engine);
    },
  };
}
