/** Replaces a service's containers a few at a time, so that the others serve meanwhile. A container that gives way is kept, stopped, until the whole update is
 *  over: it can come back as it was. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ServiceSpec } from "../compose/project.ts";
import { type ActualContainer, listContainers } from "./actual-state.ts";
import { configHash } from "./config-hash.ts";
import { containerName, incomingName, retiredName } from "./container-names.ts";
import type { Containers } from "./containers.ts";
import { type ConvergeParts, converge } from "./converge.ts";
import { waitUntilUp } from "./health-gate.ts";
import { ensureImages } from "./images.ts";
import type { ContainerMaker } from "./make-container.ts";
import { planService } from "./plan.ts";
import { prepareProject } from "./prepare-project.ts";
import { ensureNetworks, ensureVolumes } from "./resources.ts";
import { interrupted } from "./steps.ts";
import type { DeployTarget, DeployTools } from "./target.ts";

export interface RollOptions {
  /** How many at one time. */
  readonly parallelism: number;
  /** Between one lot and the next. */
  readonly delayMs: number;
  /** Whether the new container comes up before the old one stops, or after. */
  readonly order: "stop-first" | "start-first";
  /** After one that did not come up: leave the rest, go on, or take all back. */
  readonly failureAction: "pause" | "continue" | "rollback";
}

export interface Rolled {
  readonly total: number;
  readonly updated: number;
  readonly failed: number;
  /** Were not tried. */
  readonly skipped: number;
  readonly rolledBack: boolean;
  /** Of the first that was replaced. */
  readonly previousImage: string | undefined;
  readonly errors: readonly string[];
}

/** A container in the place of another one. */
interface Replaced {
  readonly old: ActualContainer;
  readonly id: string;
  readonly name: string;
}

/** Of those that run.
 *  @throws {YardError} precondition, forbidden, unavailable: before anything was replaced */
export async function rollService(
  target: DeployTarget,
  service: ServiceSpec,
  options: RollOptions,
  tools: DeployTools,
): Promise<Rolled> {
  const { host, project } = target;
  const { actual, maker, containers } = await prepareProject(target, tools);
  await ensureImages([service], { ...tools, host });
  await ensureNetworks(host.engine, project, actual, tools.step);
  await ensureVolumes(host.engine, project, actual, tools.step);
  await target.files?.bring(tools.step);

  const hash = configHash(project, service);
  const existing = await withoutCutOff(actual.containers.filter(isOf(service)), {
    ...{ target, service, configHash: hash },
    ...{ ...tools, engine: host.engine, maker, containers },
  });
  const running = existing.filter(({ state }) => state === "running");
  const replace = (old: ActualContainer) =>
    replaceOne({ service, configHash: hash, old, order: options.order }, { target, tools, maker, containers });
  const { replaced, errors } = await inLots(running, { ...options, signal: tools.signal }, replace);
  const takesBack = errors.length > 0 && options.failureAction === "rollback";
  if (takesBack) for (const one of replaced) await takeBack(one, service, containers);
  else for (const { old } of replaced) await containers.remove(old);
  return {
    total: running.length,
    updated: takesBack ? 0 : replaced.length,
    failed: errors.length,
    skipped: running.length - replaced.length - errors.length,
    rolledBack: takesBack,
    previousImage: running[0]?.image,
    errors,
  };
}

function isOf(service: ServiceSpec) {
  return (one: ActualContainer) => one.service === service.name && !one.isOneOff;
}

interface CutOffParts extends ConvergeParts {
  readonly target: DeployTarget;
  readonly service: ServiceSpec;
  readonly configHash: string;
}

/** Where an update was cut off there are two of one number: the one that has the name comes back, or else the one that took its place stays; the other goes.
 *  @returns what there is then */
async function withoutCutOff(
  existing: readonly ActualContainer[],
  { target: { host, project }, service, configHash, ...parts }: CutOffParts,
): Promise<readonly ActualContainer[]> {
  const replicas = existing.filter(({ number }) => number > 0);
  const groups = [...Map.groupBy(replicas, ({ number }) => number).values()].filter(({ length }) => length > 1);
  if (groups.length === 0) return existing;
  const plan = planService(service, {
    ...{ project: project.name, configHash, replicas: groups.length, keepsOutdated: true },
    existing: groups.flat(),
  });
  await converge([plan], parts);
  return (await listContainers(host.engine, project.name)).filter(isOf(service));
}

async function inLots(
  running: readonly ActualContainer[],
  { parallelism, delayMs, failureAction, signal }: RollOptions & Pick<DeployTools, "signal">,
  replace: (old: ActualContainer) => Promise<Replaced>,
): Promise<{ readonly replaced: readonly Replaced[]; readonly errors: readonly string[] }> {
  const replaced: Replaced[] = [];
  const errors: string[] = [];
  for (let at = 0; at < running.length; at += parallelism) {
    if (at > 0 && delayMs > 0) await sleep(delayMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) throw interrupted(signal.reason);
    for (const result of await Promise.allSettled(running.slice(at, at + parallelism).map(replace))) {
      if (result.status === "fulfilled") replaced.push(result.value);
      else errors.push(result.reason instanceof Error ? result.reason.message : String(result.reason));
    }
    if (errors.length > 0 && failureAction !== "continue") break;
  }
  return { replaced, errors };
}

interface Replacement {
  readonly service: ServiceSpec;
  readonly configHash: string;
  readonly old: ActualContainer;
  readonly order: RollOptions["order"];
}

interface ReplacementParts {
  readonly target: DeployTarget;
  readonly tools: DeployTools;
  readonly maker: ContainerMaker;
  readonly containers: Containers;
}

/** Leaves the old one stopped, under another name. If the new one does not come up, it goes and the old one runs as before. */
async function replaceOne(
  { service, configHash, old, order }: Replacement,
  { target, tools, maker, containers }: ReplacementParts,
): Promise<Replaced> {
  const { host, project } = target;
  const name = containerName(project.name, service, old.number);
  const incoming = incomingName(old.id, name);
  const id = await maker.make({ service, number: old.number, configHash, inherited: old.anonymousVolumes }, incoming);
  try {
    if (order === "stop-first") await containers.stop(old);
    await containers.start({ id, name: incoming }, service);
    await waitUntilUp(host.engine, id, incoming, { ...tools.times, signal: tools.signal });
  } catch (error) {
    await containers.remove({ id, name: incoming });
    await containers.start(old, service);
    throw error;
  }
  await containers.stop(old);
  await containers.rename(old, retiredName(old.id, name));
  await containers.rename({ id, name: incoming }, name);
  return { old, id, name };
}

async function takeBack({ old, id, name }: Replaced, service: ServiceSpec, containers: Containers): Promise<void> {
  await containers.stop({ id, name });
  await containers.remove({ id, name });
  await containers.rename({ id: old.id, name: retiredName(old.id, name) }, old.name);
  await containers.start(old, service);
}
