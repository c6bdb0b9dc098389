/** Makes a host's engine run a project: compares what is there with what the file describes, and does what is missing. Again after whatever cut it off, it
 *  finds what it has made by names and labels, and goes on from there. */
import type { ServiceSpec } from "../compose/project.ts";
import type { Running } from "./converge.ts";
import { converge } from "./converge.ts";
import { ensureImages } from "./images.ts";
import { desiredServices, needsImage, planProject } from "./plan-project.ts";
import { prepareProject } from "./prepare-project.ts";
import { type Ensured, ensureNetworks, ensureVolumes } from "./resources.ts";
import type { DeployTarget, DeployTools } from "./target.ts";

export interface Deployed {
  /** In the order in which they came up. */
  readonly services: readonly { readonly service: ServiceSpec; readonly containers: readonly Running[] }[];
  readonly networks: readonly Ensured[];
  readonly volumes: readonly Ensured[];
}

/** @throws {YardError} precondition, for what the engine refuses of the file; forbidden, for what is beyond its confines; internal, where a container does not come
 *  up; unavailable */
export async function deployProject(target: DeployTarget, tools: DeployTools): Promise<Deployed> {
  const { host, project } = target;
  const { order, actual, maker, containers } = await prepareProject(target, tools);
  const desired = desiredServices(project, order, actual);
  const imageUsers = desired.filter(needsImage).map(({ service }) => service);
  const images = await ensureImages(imageUsers, { ...tools, host });
  const plans = planProject(project, desired, images);
  const [networks, volumes] = await Promise.all([
    ensureNetworks(host.engine, project, actual, tools.step),
    ensureVolumes(host.engine, project, actual, tools.step),
    target.files?.bring(tools.step),
  ]);
  const running = await converge(plans, { ...tools, engine: host.engine, maker, containers });
  return {
    services: order.map((service) => ({ service, containers: running.get(service.name) ?? [] })),
    networks,
    volumes,
  };
}
