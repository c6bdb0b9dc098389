/** Whether there is a Docker engine, and whether it answers. */
import { existsSync } from "node:fs";
import { openEngine } from "../../platform/docker/engine.ts";
import { errnoOf } from "../../platform/errors.ts";
import type { Finding } from "../finding.ts";

const name = "docker";

export async function checkDocker(socketPaths: readonly string[]): Promise<Finding> {
  const path = socketPaths.find((one) => existsSync(one));
  if (path === undefined) {
    const fix = "apt-get install docker.io, or name its socket: RUNYARD_DOCKER_SOCKET.";
    return { name, state: "missing", what: `There is no engine at ${socketPaths.join(", ")}: no containers.`, fix };
  }
  await using engine = openEngine({ socketPaths });
  try {
    const { Version: version } = await engine.version();
    return { name, state: "ok", what: `The engine at ${path} is version ${version}.` };
  } catch (error) {
    const isForbidden = errnoOf(error instanceof Error ? error.cause : error) === "EACCES";
    const fix = isForbidden ? "Add the yard's user to the group docker." : "Start it: systemctl start docker";
    return { name, state: "warning", what: `The engine at ${path} does not answer.`, fix };
  }
}
