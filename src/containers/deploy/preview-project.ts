/** What a deployment would do, without doing it. */
import type { ServiceSpec } from "../compose/project.ts";
import type { DockerHost } from "../docker-hosts.ts";
import type { ActualContainer, ActualState } from "./actual-state.ts";
import { imageId } from "./images.ts";
import type { ContainerPlan, ServicePlan } from "./plan.ts";
import { desiredServices, needsImage, planProject } from "./plan-project.ts";
import { prepareProject } from "./prepare-project.ts";
import { type Ensured, isThere } from "./resources.ts";
import type { DeployTarget } from "./target.ts";

export const containerActions = ["keep", "start", "rename", "create", "replace", "remove", "leave"] as const;
/** `changed`: the file says something else than it was made of. `image`: its image's name means another one by now. `shared`: it is in the network of one that
 *  gives way. `unknown`: the file has no such service, and a deployment leaves it alone. */
export const containerReasons = [
  ...([
    "missing",
    "changed",
    "image",
    "unhealthy",
    "shared",
    "stopped",
    "paused",
    "name",
    "surplus",
    "unknown",
  ] as const),
] as const;

export interface ContainerChange {
  readonly service: string;
  readonly name: string;
  readonly action: (typeof containerActions)[number];
  /** Absent: it is as the file says. */
  readonly because?: (typeof containerReasons)[number];
}

export interface ProjectPreview {
  /** In the order of their services. */
  readonly containers: readonly ContainerChange[];
  /** References of images that would be pulled. */
  readonly pulls: readonly string[];
  readonly networks: readonly Ensured[];
  readonly volumes: readonly Ensured[];
}

/** @throws {YardError} as a deployment, for what is refused before anything is done */
export async function previewProject(target: DeployTarget): Promise<ProjectPreview> {
  const { host, project } = target;
  const { order, actual } = await prepareProject(target, { step: (_what, work) => work() });
  const desired = desiredServices(project, order, actual);
  const { known, pulls } = await lookAtImages(
    host,
    desired.filter(needsImage).map(({ service }) => service),
  );
  const plans = planProject(project, desired, known);
  const ensured = (
    existing: ActualState["networks"],
    [key, spec]: readonly [string, Parameters<typeof isThere>[1]],
    kind: string,
  ): Ensured => ({ name: spec.name, created: !isThere(existing, spec, `${kind}.${key}`) });
  return {
    containers: [...plans.flatMap(changesOf), ...strangers(actual, order)],
    pulls,
    networks: [...project.networks].map((one) => ensured(actual.networks, one, "networks")),
    volumes: [...project.volumes].map((one) => ensured(actual.volumes, one, "volumes")),
  };
}

/** What would be pulled may turn out to be the image that is there, so nothing is said to give way to it. */
async function lookAtImages({ engine }: DockerHost, services: readonly ServiceSpec[]) {
  const known = new Map<string, string>();
  const pulls: string[] = [];
  for (const [reference, users] of Map.groupBy(services, ({ image }) => image)) {
    const id = users.some(({ pullPolicy }) => pullPolicy === "always") ? undefined : await imageId(engine, reference);
    if (id === undefined) pulls.push(reference);
    else known.set(reference, id);
  }
  return { known, pulls };
}

function changesOf({ service: { name: service }, configHash, containers, surplus }: ServicePlan): ContainerChange[] {
  return [
    ...containers.map((one) => ({ service, name: one.name, ...changeOf(one, configHash) })),
    ...surplus.map(({ name }) => ({ service, name, action: "remove", because: "surplus" }) as const),
  ];
}

function changeOf(plan: ContainerPlan, configHash: string): Pick<ContainerChange, "action" | "because"> {
  if (plan.kind === "create") return { action: "create", because: "missing" };
  const { existing } = plan;
  if (plan.kind === "replace") return { action: "replace", because: whyReplaced(existing, configHash) };
  if (existing.state === "paused") return { action: "start", because: "paused" };
  if (existing.state !== "running") return { action: "start", because: "stopped" };
  return existing.name === plan.name ? { action: "keep" } : { action: "rename", because: "name" };
}

function whyReplaced(existing: ActualContainer, configHash: string): ContainerChange["because"] {
  if (existing.configHash !== configHash) return "changed";
  if (existing.health === "unhealthy") return "unhealthy";
  return existing.state === "running" ? "image" : "shared";
}

function strangers({ containers }: ActualState, services: readonly ServiceSpec[]): ContainerChange[] {
  const known = new Set(services.map(({ name }) => name));
  return containers
    .filter(({ service, isOneOff }) => !isOneOff && !known.has(service))
    .map(({ service, name }) => ({ service, name, action: "leave", because: "unknown" }));
}
