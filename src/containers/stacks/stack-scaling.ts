/** How many containers the services of stacks have, and how they give way to new ones. */
import { YardError } from "../../platform/errors.ts";
import type { PortSpec, ServiceSpec } from "../compose/project.ts";
import { listContainers } from "../deploy/actual-state.ts";
import { type Rolled, type RollOptions, rollService } from "../deploy/roll-service.ts";
import { type Scaled, scaleService } from "../deploy/scale-service.ts";
import { createSteps } from "../deploy/steps.ts";
import type { DeployTools } from "../deploy/target.ts";
import type { DockerHost } from "../docker-hosts.ts";
import { requireAwake } from "../engine-limits.ts";
import type { OnHost, StackParts } from "./stack-parts.ts";
import { loadTarget, requireStack, type StackTarget } from "./stack-target.ts";
import { isStateful } from "./stateful-images.ts";

export interface ScaleFacts {
  readonly service: string;
  /** Running ones. */
  readonly replicas: number;
  readonly hasContainerName: boolean;
  /** A port of the host that only one container can have: `8080:80/tcp`. */
  readonly fixedPort?: string;
  /** Each container of this image would keep data of its own. */
  readonly statefulImage?: string;
  readonly hasVolumes: boolean;
}

export interface StackScaling {
  /** Running containers of each service of the file, and of those that have some though the file does not know them. */
  replicas(stack: string, options: OnHost): Promise<readonly { readonly service: string; readonly replicas: number }[]>;
  /** @throws {YardError} not_found */
  facts(stack: string, service: string, options: OnHost): Promise<ScaleFacts>;
  /** @param options.isForced also of what keeps data
   *  @throws {YardError} not_found; invalid (`replicas`), where there cannot be two; conflict with the detail `statefulImage`; as a deployment */
  scale(stack: string, service: string, options: ScaleOptions): Promise<Scaled>;
  /** What is not said is as the file says, and else one at a time, stopped first, and left as it is if it fails.
   *  @throws {YardError} not_found; precondition, where old and new cannot run side by side; as a deployment */
  roll(stack: string, service: string, options: OnHost & Partial<RollOptions>): Promise<RolledTo>;
}

export interface ScaleOptions extends OnHost {
  /** 0 to 100. */
  readonly replicas: number;
  readonly isForced: boolean;
}

export interface RolledTo extends Rolled {
  readonly image: string;
}

export function createStackScaling(parts: StackParts): StackScaling {
  const { dockerHosts, images, locks, leftovers, bus, clock, times } = parts;

  async function find(stack: string, service: string, host: DockerHost, { caller }: OnHost) {
    const target = await loadTarget(parts, stack, { host, caller });
    const spec = target.project.services.get(service);
    if (!spec) throw new YardError("not_found", `The stack ${stack} has no service ${service}.`);
    return { target, spec };
  }

  /** Changes one service, under its stack's lock, and tells of each step. */
  async function change<T>(
    stack: string,
    service: string,
    options: OnHost,
    act: (target: StackTarget, spec: ServiceSpec, tools: DeployTools) => Promise<T>,
  ): Promise<T> {
    await requireStack(parts, stack);
    const host = dockerHosts.get(options.hostId, options.caller.reach);
    await requireAwake(host.engine, () => find(stack, service, host, options));
    const facts = { name: stack, hostId: host.id, actor: options.caller.username };
    const tell = (message: string) =>
      bus.publish("fleet.event", { type: "stack.step", ...facts, at: clock.now(), message });
    return locks.withStack(stack, async (signal) => {
      await leftovers.clearFrom(host, stack);
      const { target, spec } = await find(stack, service, host, options);
      const result = await act(target, spec, { pull: images.pull, step: createSteps(tell, signal), signal, times });
      await bus.publish("fleet.event", { type: "stack.scale", ...facts, at: clock.now() });
      return result;
    });
  }

  return {
    async replicas(stack, { hostId, caller }) {
      await requireStack(parts, stack);
      const host = dockerHosts.get(hostId, caller.reach);
      const { project } = await loadTarget(parts, stack, { host, caller });
      const counts = new Map([...project.services.keys()].map((name) => [name, 0]));
      for (const [name, count] of await runningOf(host, stack)) counts.set(name, count);
      return [...counts].map(([service, replicas]) => ({ service, replicas })).toSorted(byService);
    },
    async facts(stack, service, options) {
      await requireStack(parts, stack);
      const host = dockerHosts.get(options.hostId, options.caller.reach);
      const { spec } = await find(stack, service, host, options);
      return factsOf(spec, (await runningOf(host, stack)).get(service) ?? 0);
    },
    scale: (stack, service, options) =>
      change(stack, service, options, (target, spec, tools) => {
        const { replicas, isForced } = options;
        if (replicas > 1) checkMayBeMany(spec, { replicas, isForced });
        return scaleService(target, spec, replicas, tools);
      }),
    roll: (stack, service, options) =>
      change(stack, service, options, async (target, spec, tools) => {
        const wanted = rollOptions(spec, options);
        if (wanted.order === "start-first") checkMayOverlap(spec);
        return { ...(await rollService(target, spec, wanted, tools)), image: spec.image };
      }),
  };
}

async function runningOf({ engine }: DockerHost, stack: string): Promise<ReadonlyMap<string, number>> {
  const running = (await listContainers(engine, stack)).filter((one) => one.state === "running" && !one.isOneOff);
  const groups = Map.groupBy(running, ({ service }) => service);
  return new Map([...groups].map(([service, containers]) => [service, containers.length]));
}

function factsOf(spec: ServiceSpec, replicas: number): ScaleFacts {
  const fixed = fixedPortOf(spec);
  return {
    ...{ service: spec.name, replicas, hasContainerName: spec.containerName !== undefined },
    hasVolumes: spec.mounts.some(({ kind }) => kind !== "tmpfs"),
    ...(fixed !== undefined && { fixedPort: fixed }),
    ...(isStateful(spec.image) && { statefulImage: spec.image }),
  };
}

function fixedPortOf({ ports }: ServiceSpec): string | undefined {
  const fixed = ports.find(({ published }) => published !== undefined);
  return fixed && portText(fixed);
}

function portText({ published, target, protocol }: PortSpec): string {
  return `${published}:${target}/${protocol}`;
}

function checkMayBeMany(spec: ServiceSpec, { replicas, isForced }: Pick<ScaleOptions, "replicas" | "isForced">): void {
  const one = onlyOneOf(spec);
  if (one !== undefined) {
    throw new YardError("invalid", `${spec.name} cannot have ${replicas} containers: ${one}`, { field: "replicas" });
  }
  if (!isStateful(spec.image) || isForced) return;
  throw new YardError(
    "conflict",
    `${spec.name} runs ${spec.image}, of which each container keeps data of its own: several do not share it. Scale with force if that is meant.`,
    { details: { statefulImage: spec.image } },
  );
}

function checkMayOverlap(spec: ServiceSpec): void {
  const one = onlyOneOf(spec);
  if (one === undefined) return;
  throw new YardError("precondition", `${spec.name} cannot start before the old one stops: ${one}`, { field: "order" });
}

/** Why there cannot be two at one time. */
function onlyOneOf(spec: ServiceSpec): string | undefined {
  if (spec.containerName !== undefined) return `container_name gives all of them the name ${spec.containerName}.`;
  const port = fixedPortOf(spec);
  return port && `the port ${port} of the host can be had once.`;
}

function rollOptions({ update }: ServiceSpec, options: Partial<RollOptions>): RollOptions {
  return {
    parallelism: options.parallelism ?? update.parallelism ?? 1,
    delayMs: options.delayMs ?? update.delayMs ?? 0,
    order: options.order ?? update.order ?? "stop-first",
    failureAction: options.failureAction ?? update.failureAction ?? "pause",
  };
}

function byService(a: { readonly service: string }, b: { readonly service: string }): number {
  return a.service < b.service ? -1 : 1;
}
