/** How the yard starts the agent of its own machine, or finds it running. */
import { hostname } from "node:os";
import { join } from "node:path";
import type { Config } from "../config.ts";
import type { DataDirectory } from "../platform/data-directory.ts";
import type { Log } from "../platform/log.ts";

export function localHostParts(config: Config, data: DataDirectory, launcher: readonly string[], log: Log) {
  const orphanAfter =
    config.orphanAfterMs === undefined ? [] : ["--orphan-after", `${Math.ceil(config.orphanAfterMs / 1_000)}s`];
  const docker = config.dockerSocket === undefined ? [] : ["--docker-socket", config.dockerSocket];
  const socketPath = join(data.agent, "agent.sock");
  return {
    id: data.id,
    name: hostname(),
    directory: data.agent,
    socketPath,
    command: [...launcher, "agent", "--directory", data.agent, "--socket", socketPath, ...orphanAfter, ...docker],
    environment: process.env,
    log,
  };
}
