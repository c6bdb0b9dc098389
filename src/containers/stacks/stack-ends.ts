/** Stops stacks, looks at what runs of them, and clears away what they leave. */
import { YardError } from "../../platform/errors.ts";
import { type ActualContainer, listContainers } from "../deploy/actual-state.ts";
import {
  type Cleared,
  clearLeavings,
  findLeavings,
  type Leavings,
  removeContainers,
} from "../deploy/remove-project.ts";
import { createSteps } from "../deploy/steps.ts";
import { requireAwake } from "../engine-limits.ts";
import type { OnHost, StackParts } from "./stack-parts.ts";

export interface StackEnds {
  /** All its containers, stopped ones included. @throws {YardError} not_found, where there is no trace of it */
  status(stack: string, options: OnHost): Promise<readonly ActualContainer[]>;
  /** Stops and removes its containers; networks, volumes and files stay.
   *  @param options.isForced also if others depend on it
   *  @throws {YardError} not_found; conflict with the detail `dependents`; unavailable */
  stop(stack: string, options: OnHost & { readonly isForced: boolean }): Promise<void>;
  /** What `clear` would find. */
  leavings(stack: string, options: OnHost): Promise<Leavings>;
  /** Stops it first, where that is asked for. Under the stack's lock. */
  clear(stack: string, options: OnHost & ClearOptions, signal: AbortSignal): Promise<Cleared>;
  /** Where something of it may be: where it was deployed, or where somebody has tried to. */
  hostOf(stack: string): Promise<string | undefined>;
  /** Its history, and what it depends on. */
  forgetPast(stack: string): Promise<void>;
  /** Its placement, too: it is as if it had never been deployed. */
  forget(stack: string): Promise<void>;
}

export interface ClearOptions {
  readonly stop: boolean;
  readonly networks: boolean;
  readonly volumes: boolean;
  readonly images: boolean;
}

export function createStackEnds(parts: StackParts): StackEnds {
  const { files, dockerHosts, placements, deployments, dependencies, locks, bus, clock, essential } = parts;

  async function requireTrace(stack: string, containers: readonly ActualContainer[]): Promise<void> {
    if (containers.length > 0 || (await files.exists(stack)) || (await placements.get(stack))) return;
    throw new YardError("not_found", `There is no stack ${stack}.`);
  }

  /** Under the stack's lock. */
  async function stopHeld(stack: string, { hostId, caller }: OnHost, signal: AbortSignal): Promise<void> {
    const host = dockerHosts.get(hostId, caller.reach);
    const facts = { name: stack, hostId: host.id, actor: caller.username };
    const tell = (message: string) =>
      bus.publish("fleet.event", { type: "stack.step", ...facts, at: clock.now(), message });
    await removeContainers(host.engine, stack, createSteps(tell, signal));
    const placed = await placements.get(stack);
    if (placed?.hostId === host.id) await essential(() => placements.setStatus(stack, "stopped"));
    await bus.publish("fleet.event", { type: "stack.stop", ...facts, at: clock.now() });
  }

  async function forgetPast(stack: string): Promise<void> {
    await dependencies.remove(stack);
    await deployments.remove(stack);
  }

  return {
    async status(stack, { hostId, caller }) {
      const { engine } = dockerHosts.get(hostId, caller.reach);
      const containers = await listContainers(engine, stack);
      await requireTrace(stack, containers);
      return containers;
    },
    async stop(stack, { isForced, ...options }) {
      const { engine } = dockerHosts.get(options.hostId, options.caller.reach);
      await requireAwake(engine, () => requireTrace(stack, []));
      await requireTrace(stack, await listContainers(engine, stack));
      const { dependents } = await dependencies.get(stack);
      if (dependents.length > 0 && !isForced) throw needed(stack, dependents);
      await locks.withStack(stack, (signal) => stopHeld(stack, options, signal));
    },
    leavings: (stack, { hostId, caller }) => findLeavings(dockerHosts.get(hostId, caller.reach).engine, stack),
    async clear(stack, { stop, networks, volumes, images, ...options }, signal) {
      const { engine } = dockerHosts.get(options.hostId, options.caller.reach);
      await requireAwake(engine);
      const found = await findLeavings(engine, stack); // while its containers still tell of their images
      if (stop) await stopHeld(stack, options, signal);
      return clearLeavings(engine, {
        networks: networks ? found.networks : [],
        volumes: volumes ? found.volumes : [],
        images: images ? found.images : [],
      });
    },
    hostOf: async (stack) => ((await placements.get(stack)) ?? (await deployments.newest(stack)))?.hostId,
    forgetPast,
    async forget(stack) {
      await forgetPast(stack);
      await placements.remove(stack);
    },
  };
}

function needed(stack: string, dependents: readonly string[]): YardError {
  return new YardError(
    "conflict",
    `${dependents.join(", ")} ${dependents.length === 1 ? "depends" : "depend"} on the stack ${stack}: stop ${dependents.length === 1 ? "that" : "those"} first, or force it.`,
    { details: { dependents } },
  );
}
