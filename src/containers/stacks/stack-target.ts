/** A stack's files as what is to be run on a host. */
import { YardError } from "../../platform/errors.ts";
import type { OuterVariables } from "../compose/project-source.ts";
import type { DeployTarget } from "../deploy/target.ts";
import type { DockerHost } from "../docker-hosts.ts";
import type { GlobalValues } from "../global-env/global-env.ts";
import { placeFiles } from "./place-files.ts";
import type { LoadedStack } from "./stack-files.ts";
import type { StackCaller, StackParts } from "./stack-parts.ts";
import { requireStackWithin } from "./stack-reach.ts";

export interface StackTarget extends DeployTarget {
  readonly loaded: LoadedStack;
}

/** @param options.isImplied nobody has named this stack: it comes along with another one, and whoever deploys that vouches for nothing else
 *  @throws {YardError} not_found; forbidden, for the stack of a host beyond reach; precondition, for whatever is wrong with the file */
export async function loadTarget(
  { files, globalEnv, placements, dockerHosts }: Pick<StackParts, "files" | "globalEnv" | "placements" | "dockerHosts">,
  stack: string,
  options: {
    readonly host: DockerHost;
    readonly caller: StackCaller;
    readonly environment?: string;
    readonly withoutOverlay?: boolean;
    readonly isImplied?: boolean;
  },
): Promise<StackTarget> {
  const { host, caller, environment, withoutOverlay, isImplied = false } = options;
  // Also where it comes along with another one: on a host within reach anybody could look into it.
  requireStackWithin(await placements.get(stack), caller.reach, dockerHosts);
  const outer = watchUse(await globalEnv());
  const loaded = await files.load(stack, { environment, withoutOverlay, globalEnv: outer.variables });
  const isVouchedFor = caller.mayReachHost && !isImplied;
  const isConfined = !isVouchedFor && (loaded.isUntrusted || outer.isUntrustedUsed());
  return placeFiles({ host, project: loaded.project, directory: loaded.source.directory, isConfined, loaded });
}

/** The variables of the whole fleet, and whether one was asked for that somebody may have set to reach further than they may. */
function watchUse({ values, untrusted }: GlobalValues) {
  let isUntrustedUsed = false;
  const variables: OuterVariables = {
    get(name) {
      isUntrustedUsed ||= untrusted.has(name);
      return values.get(name);
    },
  };
  return { variables, isUntrustedUsed: () => isUntrustedUsed };
}

/** @throws {YardError} not_found */
export async function requireStack({ files }: Pick<StackParts, "files">, stack: string): Promise<void> {
  if (!(await files.exists(stack))) throw new YardError("not_found", `There is no stack ${stack}.`);
}
