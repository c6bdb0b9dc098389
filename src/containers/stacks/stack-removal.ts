/** The end of a stack: its files and all that the yard remembers of it; its containers and what they leave only where that is asked for.
 *
 *  Whenever the server dies, either the stack is still there and can be deleted again, or nothing of it is: what is listed goes last. */
import { isYardError, YardError } from "../../platform/errors.ts";
import type { Cleared } from "../deploy/remove-project.ts";
import { everywhere } from "../docker-hosts.ts";
import type { ClearOptions, StackEnds } from "./stack-ends.ts";
import type { StackLeftovers } from "./stack-leftovers.ts";
import { requireStackName } from "./stack-names.ts";
import type { StackCaller, StackParts } from "./stack-parts.ts";

export interface StackRemoval {
  /** What cannot be cleared away does not keep the stack: the host that it ran on may be gone for good.
   *  @throws {YardError} not_found, forbidden; conflict with the detail `dependents`; interrupted */
  remove(stack: string, options: RemoveOptions): Promise<Removed>;
}

export interface RemoveOptions {
  readonly caller: StackCaller;
  /** Also if others depend on it. */
  readonly isForced: boolean;
  /** On the host that it was deployed to. */
  readonly clear: ClearOptions;
}

export interface Removed {
  /** Absent: nothing was to be cleared away, or nothing could be. */
  readonly cleared?: Cleared;
  readonly clearError?: string;
}

export interface StackRemovalParts extends Pick<StackParts, "bus" | "clock" | "essential"> {
  readonly files: Pick<StackParts["files"], "exists" | "remove">;
  readonly dockerHosts: Pick<StackParts["dockerHosts"], "list">;
  readonly placements: Pick<StackParts["placements"], "get" | "remove">;
  readonly deployments: Pick<StackParts["deployments"], "hostsOf">;
  readonly dependencies: Pick<StackParts["dependencies"], "get">;
  readonly locks: Pick<StackParts["locks"], "withStack">;
  readonly leftovers: Pick<StackLeftovers, "note" | "clear">;
  readonly ends: Pick<StackEnds, "clear" | "hostOf" | "forgetPast">;
}

export function createStackRemoval(parts: StackRemovalParts): StackRemoval {
  const { files, dockerHosts, placements, deployments, dependencies, locks, ends, leftovers } = parts;
  const { bus, clock, essential } = parts;

  async function clearAway(stack: string, { caller, clear }: RemoveOptions, signal: AbortSignal): Promise<Removed> {
    if (!Object.values(clear).includes(true)) return {};
    const hostId = await ends.hostOf(stack);
    try {
      return {
        cleared: await ends.clear(stack, { ...clear, caller, ...(hostId !== undefined && { hostId }) }, signal),
      };
    } catch (error) {
      if (!isYardError(error) || error.code === "forbidden" || error.code === "interrupted") throw error;
      return { clearError: error.message };
    }
  }

  /** Hosts that files were brought to, for its containers. */
  async function hostsWithFiles(stack: string): Promise<readonly string[]> {
    const remote = new Set(dockerHosts.list(everywhere).flatMap(({ id, files }) => (files ? [id] : [])));
    const placed = (await placements.get(stack))?.hostId;
    return [placed, ...(await deployments.hostsOf(stack))]
      .filter((id) => id !== undefined)
      .filter((id) => remote.has(id));
  }

  async function removeHeld(stack: string, options: RemoveOptions, signal: AbortSignal): Promise<Removed> {
    const removed = await clearAway(stack, options, signal);
    await essential(async () => leftovers.note(stack, await hostsWithFiles(stack)));
    await essential(() => leftovers.clear(stack));
    await essential(() => ends.forgetPast(stack));
    await files.remove(stack);
    await essential(() => placements.remove(stack));
    return removed;
  }

  return {
    async remove(stack, options) {
      requireStackName(stack);
      const placement = await placements.get(stack);
      if (!placement && !(await files.exists(stack))) throw new YardError("not_found", `There is no stack ${stack}.`);
      const { dependents } = await dependencies.get(stack);
      if (dependents.length > 0 && !options.isForced) {
        const message = `Other stacks depend on ${stack}: ${dependents.join(", ")}. Remove them first, or force it.`;
        throw new YardError("conflict", message, { details: { dependents } });
      }
      const removed = await locks.withStack(stack, (signal) => removeHeld(stack, options, signal));
      const { username } = options.caller;
      await bus.publish("fleet.event", {
        ...{ type: "stack.delete", name: stack, actor: username, at: clock.now() },
        ...(placement !== undefined && { hostId: placement.hostId }), // so that nobody beyond its reach hears of it
      });
      return removed;
    },
  };
}
