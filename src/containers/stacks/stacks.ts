/** Stacks: what is deployed of them, where, and what has become of it. The files themselves are stack-files.ts'. */
import type { Database } from "../../platform/db/database.ts";
import { usualCompletionMs } from "../deploy/health-gate.ts";
import { createDependencies, type Dependencies } from "./dependencies.ts";
import { createDeployments, type Deployments } from "./deployments.ts";
import { createPlacements, type Placements } from "./placements.ts";
import { createStackDeploys, type StackDeploys } from "./stack-deploys.ts";
import { createStackEnds, type StackEnds } from "./stack-ends.ts";
import { openStackLeftovers } from "./stack-leftovers.ts";
import { createStackLocks } from "./stack-locks.ts";
import type { StackParts } from "./stack-parts.ts";
import { createStackPlans, type StackPlans } from "./stack-plans.ts";
import { createStackRemoval, type StackRemoval } from "./stack-removal.ts";
import { createStackScaling, type StackScaling } from "./stack-scaling.ts";

export interface Stacks extends AsyncDisposable {
  readonly deploys: StackDeploys;
  readonly plans: StackPlans;
  readonly scaling: StackScaling;
  readonly ends: StackEnds;
  readonly removal: StackRemoval;
  readonly placements: Placements;
  readonly deployments: Deployments;
  readonly dependencies: Dependencies;
}

export interface StacksParts
  extends Omit<StackParts, "placements" | "deployments" | "dependencies" | "locks" | "leftovers" | "times"> {
  readonly database: Database;
  /** How long a container without a healthcheck must have run before it is called up. */
  readonly settleMs: number;
  /** The yard's id. */
  readonly self: string;
}

/** Closing waits for changes that are under way, which stop before their next step. */
export async function openStacks({ database, self, settleMs, ...rest }: StacksParts): Promise<Stacks> {
  const { clock, log, essential, dockerHosts } = rest;
  const locks = createStackLocks({ database, clock, self, log, essential });
  await locks.giveBack();
  const leftovers = openStackLeftovers({ database, dockerHosts, locks, log });
  const parts: StackParts = {
    ...rest,
    times: { settleMs, completionMs: usualCompletionMs },
    placements: createPlacements(database, clock),
    deployments: createDeployments(database, clock),
    dependencies: createDependencies(database),
    ...{ locks, leftovers },
  };
  const ends = createStackEnds(parts);
  return {
    deploys: createStackDeploys(parts),
    plans: createStackPlans(parts),
    scaling: createStackScaling(parts),
    ends,
    removal: createStackRemoval({ ...parts, ends }),
    placements: parts.placements,
    deployments: parts.deployments,
    dependencies: parts.dependencies,
    async [Symbol.asyncDispose]() {
      await leftovers[Symbol.asyncDispose]();
      await locks[Symbol.asyncDispose]();
    },
  };
}
