/** Changes how many containers a service has, and nothing else about them. */
import type { ServiceSpec } from "../compose/project.ts";
import { configHash } from "./config-hash.ts";
import { converge } from "./converge.ts";
import { ensureImages } from "./images.ts";
import { planService } from "./plan.ts";
import { prepareProject } from "./prepare-project.ts";
import { ensureNetworks, ensureVolumes } from "./resources.ts";
import type { DeployTarget, DeployTools } from "./target.ts";

export interface Scaled {
  /** Containers that ran. */
  readonly previous: number;
  readonly current: number;
  readonly created: number;
  readonly removed: number;
}

/** What does not run does not count, and goes first: scaling to the number that there should be heals.
 *  @throws {YardError} precondition, forbidden, internal, unavailable */
export async function scaleService(
  target: DeployTarget,
  service: ServiceSpec,
  replicas: number,
  tools: DeployTools,
): Promise<Scaled> {
  const { host, project } = target;
  const { step } = tools;
  const { actual, maker, containers } = await prepareProject(target, tools);
  const existing = actual.containers.filter((one) => one.service === service.name && !one.isOneOff);
  const [running, dead] = [existing.filter(isThere), existing.filter((one) => !isThere(one))];
  const plan = planService(service, {
    ...{ project: project.name, configHash: configHash(project, service), replicas },
    existing: running,
    keepsOutdated: true,
  });
  for (const one of dead) await containers.remove(one);

  const created = plan.containers.filter(({ kind }) => kind !== "keep").length;
  if (created > 0) {
    await ensureImages([service], { ...tools, host });
    await ensureNetworks(host.engine, project, actual, step);
    await ensureVolumes(host.engine, project, actual, step);
    await target.files?.bring(step);
  }
  await converge([plan], { ...tools, engine: host.engine, maker, containers });
  return { previous: running.length, current: replicas, created, removed: plan.surplus.length + dead.length };
}

/** One that somebody has paused goes on. */
function isThere({ state }: { readonly state: string }): boolean {
  return state === "running" || state === "paused";
}
