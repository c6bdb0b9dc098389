/** Brings the file of a stack back whose containers are still there, from what the engines know of them. */
import { YardError } from "../../platform/errors.ts";
import { createSlots } from "../../platform/slots.ts";
import { listContainers } from "../deploy/actual-state.ts";
import type { DockerHost, DockerHosts, Reach } from "../docker-hosts.ts";
import type { Placements } from "./placements.ts";
import { type InspectedContainer, reconstructCompose } from "./recover-compose.ts";
import type { Author, StackFiles, StackSource } from "./stack-files.ts";
import { requireStackName } from "./stack-names.ts";

export interface RecoverParts {
  readonly files: Pick<StackFiles, "create" | "exists" | "read" | "write">;
  readonly placements: Pick<Placements, "get" | "put">;
  readonly dockerHosts: Pick<DockerHosts, "fanOut">;
}

export interface Recovered {
  readonly stack: StackSource;
  readonly warnings: readonly string[];
  readonly host: DockerHost;
  readonly containers: number;
}

const mostContainers = 200;
const inspectedAtOnce = 8;

/** On the host with most of its containers, among those within reach and there (none: undefined); and those that did not answer. */
export async function findContainers(name: string, reach: Reach, dockerHosts: Pick<DockerHosts, "fanOut">) {
  const { answers, unreachable } = await dockerHosts.fanOut(reach, ({ engine }) => listContainers(engine, name));
  const [best] = answers.toSorted((a, b) => b.answer.length - a.answer.length);
  const isFound = best !== undefined && best.answer.length > 0;
  return { found: isFound ? { host: best.host, containers: best.answer } : undefined, unreachable };
}

/** @throws {YardError} not_found (no containers), conflict (the file is there), unavailable */
export async function recoverStack(
  name: string,
  reach: Reach,
  by: Author,
  { files, placements, dockerHosts }: RecoverParts,
): Promise<Recovered> {
  requireStackName(name);
  const isThere = await files.exists(name);
  if (isThere && (await files.read(name)).compose.trim() !== "") {
    throw new YardError("conflict", `The stack ${name} has its compose.yaml: there is nothing to recover.`);
  }
  const { found, unreachable } = await findContainers(name, reach, dockerHosts);
  if (found === undefined && unreachable.length > 0) {
    const silent = unreachable.map(({ host }) => host.name).join(", ");
    throw new YardError("unavailable", `These hosts do not answer, and may have containers of ${name}: ${silent}.`);
  }
  if (found === undefined) {
    throw new YardError(
      "not_found",
      `No host has a container of the stack ${name}: there is nothing to recover it from.`,
    );
  }
  const { host, containers } = found;
  const inspected = await inspectAll(
    host,
    containers.slice(0, mostContainers).map(({ id }) => id),
  );
  const { compose, warnings } = reconstructCompose(name, inspected);
  const stack = isThere
    ? await files.write(name, { compose, env: (await files.read(name)).env }, by)
    : await files.create({ name, compose }, by);
  if ((await placements.get(name)) === undefined) await placements.put(name, { hostId: host.id });
  return { stack, warnings, host, containers: containers.length };
}

function inspectAll({ engine }: DockerHost, ids: readonly string[]): Promise<readonly InspectedContainer[]> {
  const withSlot = createSlots(inspectedAtOnce);
  const inspect = async (id: string): Promise<InspectedContainer> => {
    const container = await engine.call("inspect a container", (docker, abortSignal) =>
      docker.getContainer(id).inspect({ abortSignal }),
    );
    const image = engine.call("inspect an image", (docker) => docker.getImage(container.Image).inspect());
    return { container, image: await image.catch(() => undefined) };
  };
  return Promise.all(ids.map((id) => withSlot(() => inspect(id))));
}
