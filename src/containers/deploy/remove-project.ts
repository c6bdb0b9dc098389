/** Ends what a host runs of a project, and clears away what it leaves. Goes by labels alone: the file may be gone, or never have been ours. */
import type Docker from "dockerode";
import type { Engine } from "../../platform/docker/engine.ts";
import { createSlots } from "../../platform/slots.ts";
import { engineLimits } from "../engine-limits.ts";
import { type ActualContainer, listContainers } from "./actual-state.ts";
import { allOver } from "./all-over.ts";
import { createContainers } from "./containers.ts";
import { label, ofProject } from "./labels.ts";
import type { Step } from "./steps.ts";

/** By the engine's names. */
export interface Leavings {
  readonly networks: readonly string[];
  readonly volumes: readonly string[];
  /** References of images that its containers are made of, and no others. */
  readonly images: readonly string[];
  /** Images of its containers that others are made of, too. */
  readonly imagesInUse: readonly string[];
}

export interface Cleared extends Omit<Leavings, "imagesInUse"> {
  /** What could not be removed, and why. */
  readonly errors: readonly string[];
}

const mostAtOnce = 6;

/** Stops and removes its containers, those first that wait for others. Their volumes stay. */
export async function removeContainers(engine: Engine, project: string, step: Step): Promise<void> {
  const containers = createContainers(engine, step);
  const withSlot = createSlots(mostAtOnce);
  const end = async (one: ActualContainer) => {
    await containers.stop(one);
    await containers.remove(one);
  };
  let left = await listContainers(engine, project);
  while (left.length > 0) {
    const next = thoseThatNobodyNeeds(left);
    await allOver(next.map((one) => withSlot(() => end(one))));
    left = left.filter((one) => !next.includes(one));
  }
}

/** Labels that make a circle are nobody's order: then all. */
function thoseThatNobodyNeeds(containers: readonly ActualContainer[]): readonly ActualContainer[] {
  const needed = new Set(containers.flatMap(({ dependsOn }) => dependsOn));
  const free = containers.filter(({ service }) => !needed.has(service));
  return free.length > 0 ? free : containers;
}

/** What removing a project could clear away. */
export async function findLeavings(engine: Engine, project: string): Promise<Leavings> {
  const [networks, { Volumes: volumes }, containers] = await Promise.all([
    engine.call("list networks", (docker, abortSignal) =>
      docker.listNetworks({ filters: ofProject(project), abortSignal }),
    ),
    engine.call("list volumes", (docker, abortSignal) =>
      docker.listVolumes({ filters: ofProject(project), abortSignal }),
    ),
    engine.call("list containers", (docker, abortSignal) => docker.listContainers({ all: true, abortSignal })),
  ]);
  const isOwn = ({ Labels }: Docker.ContainerInfo) => Labels?.[label.project] === project;
  const elsewhere = new Set(containers.filter((one) => !isOwn(one)).map(({ ImageID }) => ImageID));
  const own = containers.filter(isOwn);
  const imagesOf = (isInUse: boolean) =>
    [...new Set(own.filter(({ ImageID }) => elsewhere.has(ImageID) === isInUse).map(({ Image }) => Image))].toSorted();
  return {
    networks: networks.map(({ Name }) => Name).toSorted(),
    volumes: (volumes ?? []).map(({ Name }) => Name).toSorted(),
    images: imagesOf(false),
    imagesInUse: imagesOf(true),
  };
}

type Removal = (docker: Docker, name: string, options: { readonly abortSignal: AbortSignal }) => Promise<unknown>;

/** Removes what it can. */
export async function clearLeavings(
  engine: Engine,
  { networks, volumes, images }: Omit<Leavings, "imagesInUse">,
): Promise<Cleared> {
  const errors: string[] = [];
  async function remove(names: readonly string[], act: Removal) {
    const removed: string[] = [];
    for (const name of names) {
      try {
        await engine.call(`remove ${name}`, (docker, abortSignal) => act(docker, name, { abortSignal }), {
          timeoutMs: engineLimits.clearingMs,
        });
        removed.push(name);
      } catch (error) {
        errors.push(error instanceof Error ? error.message : String(error));
      }
    }
    return removed;
  }
  return {
    networks: await remove(networks, (docker, name, options) => docker.getNetwork(name).remove(options)),
    volumes: await remove(volumes, (docker, name, options) => docker.getVolume(name).remove(options)),
    images: await remove(images, (docker, name, options) => docker.getImage(name).remove(options)),
    errors,
  };
}
