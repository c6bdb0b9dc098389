/** Deploys stacks: their prerequisites first, then themselves, one change of a stack at a time. A deployment that has begun goes on whether or not whoever asked
 *  for it is still there. */
import { isYardError, YardError } from "../../platform/errors.ts";
import { listContainers, mountedPaths } from "../deploy/actual-state.ts";
import { type Deployed, deployProject } from "../deploy/deploy-project.ts";
import type { Ensured } from "../deploy/resources.ts";
import { createSteps } from "../deploy/steps.ts";
import type { DockerHost } from "../docker-hosts.ts";
import { requireAwake } from "../engine-limits.ts";
import type { Deployment } from "./deployments.ts";
import type { OnHost, StackCaller, StackParts } from "./stack-parts.ts";
import { requireStackWithin } from "./stack-reach.ts";
import { loadTarget, requireStack, type StackTarget } from "./stack-target.ts";
import { openStepLog } from "./step-log.ts";

export interface DeployReport {
  readonly stack: string;
  readonly deploymentId: number;
  /** In the order in which they came up, each with its first container. */
  readonly services: readonly { readonly name: string; readonly containerId: string; readonly image: string }[];
  readonly networks: readonly Ensured[];
  readonly volumes: readonly Ensured[];
  /** Stacks that had to be brought up first. */
  readonly dependenciesDeployed: readonly string[];
}

export interface DeployOptions extends OnHost {
  /** An overlay; absent: the active one, or none. */
  readonly environment?: string;
}

export interface StackDeploys {
  /** @throws {YardError} not_found; unavailable, forbidden (the host); precondition (the file, a port, an image; with the detail `dependency`, that stack could not be
   *  deployed); forbidden, with the field that reaches beyond the containers; internal, where a container does not come up */
  deploy(stack: string, options: DeployOptions): Promise<DeployReport>;
  /** Puts the file of an earlier deployment back, and deploys it.
   *  @throws {YardError} not_found, and as `deploy` */
  rollback(stack: string, deploymentId: number, options: OnHost): Promise<Rollback>;
}

export interface Rollback {
  readonly to: Deployment;
  readonly report: DeployReport;
}

interface OneDeployment {
  readonly host: DockerHost;
  readonly caller: StackCaller;
  readonly environment?: string;
  readonly note?: string;
  readonly withoutOverlay?: boolean;
  readonly isImplied?: boolean;
}

export function createStackDeploys(parts: StackParts): StackDeploys {
  const { files, dockerHosts, images, placements, deployments, dependencies, locks, leftovers } = parts;
  const { bus, clock, log, times } = parts;

  async function announce(type: string, name: string, { host, caller }: OneDeployment, message?: string) {
    const { id: hostId } = host;
    await bus.publish("fleet.event", {
      ...{ type, name, hostId, actor: caller.username, at: clock.now() },
      ...(message !== undefined && { message }),
    });
  }

  /** Its number, and what it has become. */
  async function run(target: StackTarget, one: OneDeployment, signal: AbortSignal) {
    const { project, loaded } = target;
    const { name: stack } = project;
    const { host, caller } = one;
    const note = one.note ?? (loaded.environment && `env: ${loaded.environment}`);
    const id = await deployments.begin({
      ...{ stack, hostId: host.id, compose: loaded.merged, isTrusted: !target.isConfined, note },
      services: [...project.services.values()].map(({ name, image }) => ({ service: name, image })),
      ...{ userId: caller.userId, userName: caller.username },
    });
    try {
      await using steps = openStepLog(id, {
        ...{ deployments, clock, log },
        listener: ({ text }) => void announce("stack.step", stack, one, text),
      });
      const step = createSteps(steps.tell, signal);
      return { id, deployed: await deployProject(target, { pull: images.pull, step, signal, times }) };
    } catch (error) {
      await recordFailure(id, error);
      throw error;
    }
  }

  async function recordFailure(id: number, error: unknown): Promise<void> {
    try {
      const why = error instanceof Error ? error.message : String(error);
      await parts.essential(() => deployments.end(id, why));
    } catch (cause) {
      log.warn({ err: cause, deploymentId: id }, "the failure of a deployment could not be recorded");
    }
  }

  /** Under the stack's lock. */
  async function deployHeld(stack: string, one: OneDeployment, signal: AbortSignal): Promise<DeployReport> {
    await leftovers.clearFrom(one.host, stack);
    const target = await loadTarget(parts, stack, one);
    const { id, deployed } = await run(target, one, signal);
    await placements.put(stack, { hostId: one.host.id, environment: target.loaded.environment });
    await deployments.end(id);
    await tidyFiles(target);
    await announce("stack.deploy", stack, one);
    return { ...reportOf(stack, deployed), deploymentId: id };
  }

  /** What is left over costs space alone: the next deployment tries it again. */
  async function tidyFiles({ host, project, files }: StackTarget): Promise<void> {
    try {
      await files?.tidy(() => mountedPaths(host.engine, project.name));
    } catch (error) {
      log.warn({ err: error, stack: project.name, host: host.name }, "old files of a stack could not be removed");
    }
  }

  /** @returns those that had to be deployed */
  async function deployPrerequisites(stack: string, { host, caller }: OneDeployment): Promise<readonly string[]> {
    const deployed: string[] = [];
    for (const needed of await dependencies.prerequisites(stack)) {
      if (await isRunning(host, needed)) continue;
      const one = { host, caller, isImplied: true };
      try {
        await locks.withStack(needed, (signal) => deployHeld(needed, one, signal));
      } catch (error) {
        throw asDependencyFailure(error, needed);
      }
      deployed.push(needed);
    }
    return deployed;
  }

  return {
    async deploy(stack, { hostId, caller, environment }) {
      await requireStack(parts, stack);
      const one = { host: dockerHosts.get(hostId, caller.reach), caller, environment };
      await requireAwake(one.host.engine, () => loadTarget(parts, stack, one));
      const dependenciesDeployed = await deployPrerequisites(stack, one);
      const report = await locks.withStack(stack, (signal) => deployHeld(stack, one, signal));
      return { ...report, dependenciesDeployed };
    },
    async rollback(stack, deploymentId, { hostId, caller }) {
      await requireStack(parts, stack);
      const to = await deployments.get(stack, deploymentId);
      if (to?.state !== "done") {
        throw new YardError("not_found", `The stack ${stack} has no deployment ${deploymentId}.`);
      }
      requireStackWithin(to, caller.reach, dockerHosts);
      const one = { host: dockerHosts.get(hostId, caller.reach), caller, note: `rollback to #${deploymentId}` };
      await requireAwake(one.host.engine);
      const dependenciesDeployed = await deployPrerequisites(stack, one);
      const report = await locks.withStack(stack, async (signal) => {
        requireStackWithin(await placements.get(stack), caller.reach, dockerHosts);
        const isTrusted = caller.mayReachHost || to.isTrusted;
        await files.writeCompose(stack, to.compose, { userId: caller.userId, isTrusted });
        return deployHeld(stack, { ...one, withoutOverlay: true }, signal);
      });
      await bus.publish("fleet.event", {
        ...{ type: "stack.rollback", name: stack, hostId: one.host.id, actor: caller.username, at: clock.now() },
      });
      return { to, report: { ...report, dependenciesDeployed } };
    },
  };
}

function reportOf(stack: string, { services, networks, volumes }: Deployed) {
  return {
    ...{ stack, networks, volumes, dependenciesDeployed: [] },
    services: services.map(({ service: { name, image }, containers }) => {
      return { name, containerId: containers[0]?.id ?? "", image };
    }),
  };
}

/** One that has done its work and ended well counts, as long as something of its stack runs. */
export async function isRunning({ engine }: DockerHost, stack: string): Promise<boolean> {
  const containers = await listContainers(engine, stack);
  return (
    containers.some(({ state }) => state === "running") &&
    containers.every(({ state, status }) => state === "running" || status.startsWith("Exited (0)"))
  );
}

/** The host's fault stays the host's. */
function asDependencyFailure(error: unknown, dependency: string): unknown {
  if (!isYardError(error) || error.code === "unavailable" || error.code === "interrupted") return error;
  return new YardError(
    "precondition",
    `The stack ${dependency}, which is needed, cannot be deployed: ${error.message}`,
    {
      cause: error,
      details: { dependency },
    },
  );
}
