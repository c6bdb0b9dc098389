/** Networks of one name. Engines before 25 look for the name before they make one, but not for what they make at the same moment: so where a deployment was
 *  killed and the next one has begun, there may be two, and no container could be started in either. */
import type Docker from "dockerode";
import type { Engine } from "../../platform/docker/engine.ts";
import { isYardError } from "../../platform/errors.ts";

/** All but the oldest of that name and those labels go, unless something is connected to them. */
export async function removeTwins(engine: Engine, name: string, labels: readonly string[]): Promise<void> {
  const rows: readonly Docker.NetworkInspectInfo[] = await engine.call("list networks", (docker, abortSignal) =>
    docker.listNetworks({ filters: { name: [name], label: [...labels] }, abortSignal }),
  );
  const [, ...others] = rows
    .filter(({ Name }) => Name === name)
    .toSorted((a, b) => a.Created.localeCompare(b.Created) || a.Id.localeCompare(b.Id));
  for (const { Id } of others) {
    try {
      await engine.call("remove a network", (docker, abortSignal) => docker.getNetwork(Id).remove({ abortSignal }));
    } catch (error) {
      if (!isYardError(error, "conflict") && !isYardError(error, "not_found")) throw error;
    }
  }
}
