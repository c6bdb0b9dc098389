/** Tells what deploying a stack would do. */
import { type ProjectPreview, previewProject } from "../deploy/preview-project.ts";
import { type DeployOptions, isRunning } from "./stack-deploys.ts";
import type { StackParts } from "./stack-parts.ts";
import { loadTarget, requireStack } from "./stack-target.ts";

export interface StackPlan extends ProjectPreview {
  readonly stack: string;
  /** The overlay that would be merged, if one would. */
  readonly environment?: string;
  /** Stacks that would be brought up first. */
  readonly dependencies: readonly string[];
}

export interface StackPlans {
  /** Changes nothing. @throws {YardError} as a deployment, for what is refused before anything is done */
  plan(stack: string, options: DeployOptions): Promise<StackPlan>;
}

export function createStackPlans(parts: StackParts): StackPlans {
  const { dockerHosts, dependencies } = parts;
  return {
    async plan(stack, { hostId, caller, environment }) {
      await requireStack(parts, stack);
      const host = dockerHosts.get(hostId, caller.reach);
      const target = await loadTarget(parts, stack, { host, caller, environment });
      const needed: string[] = [];
      for (const one of await dependencies.prerequisites(stack)) if (!(await isRunning(host, one))) needed.push(one);
      const preview = await previewProject(target);
      const chosen = target.loaded.environment;
      return { stack, ...preview, dependencies: needed, ...(chosen !== undefined && { environment: chosen }) };
    },
  };
}
