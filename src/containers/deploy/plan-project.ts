/** What is to be done with all services of a project: decides, and does nothing. */
import type { ComposeProject, ServiceSpec } from "../compose/project.ts";
import type { ActualContainer, ActualState } from "./actual-state.ts";
import { configHash } from "./config-hash.ts";
import { planService, type ServicePlan } from "./plan.ts";
import { sharedServices } from "./service-order.ts";

export interface DesiredService {
  readonly service: ServiceSpec;
  readonly configHash: string;
  readonly existing: readonly ActualContainer[];
}

/** @param order all services, each after those that it needs */
export function desiredServices(
  project: ComposeProject,
  order: readonly ServiceSpec[],
  actual: ActualState,
): readonly DesiredService[] {
  return order.map((service) => ({
    service,
    configHash: configHash(project, service),
    existing: actual.containers.filter((one) => one.service === service.name),
  }));
}

/** Whether anything is made of it, or may have to be: where all is there, and of an image that still has its name, nobody need ask. */
export function needsImage({ service, configHash, existing }: DesiredService): boolean {
  if (service.pullPolicy === "always") return true;
  const same = existing.filter((one) => one.configHash === configHash && one.image === service.image);
  return same.length < service.replicas || same.some(({ health }) => health === "unhealthy");
}

/** @param images of those services that may have to be made: a container of another image than its reference has now gives way */
export function planProject(
  { name: project }: ComposeProject,
  desired: readonly DesiredService[],
  images: ReadonlyMap<string, string>,
): readonly ServicePlan[] {
  const plans = new Map<string, ServicePlan>();
  for (const { service, configHash, existing } of desired) {
    const imageId = images.get(service.image);
    const isMoved = sharedServices(service).some((name) => hasNewNamespaces(plans.get(name)));
    const mustReplace = (one: ActualContainer) => isMoved || (imageId !== undefined && one.imageId !== imageId);
    plans.set(
      service.name,
      planService(service, { project, configHash, existing, replicas: service.replicas, mustReplace }),
    );
  }
  return [...plans.values()];
}

/** Whoever has entered the old ones is left in nothing. */
function hasNewNamespaces(plan: ServicePlan | undefined): boolean {
  return plan?.containers.some((one) => one.kind !== "keep" || one.existing.state !== "running") ?? false;
}
