/** What all that is done with stacks is built on. */
import type { Bus } from "../../platform/bus/bus.ts";
import type { Topics } from "../../platform/bus/topics.ts";
import type { Clock } from "../../platform/clock.ts";
import type { Log } from "../../platform/log.ts";
import type { GateTimes } from "../deploy/health-gate.ts";
import type { DockerHosts, Reach } from "../docker-hosts.ts";
import type { GlobalValues } from "../global-env/global-env.ts";
import type { ImagePulls } from "../image-pull.ts";
import type { Dependencies } from "./dependencies.ts";
import type { Deployments } from "./deployments.ts";
import type { Placements } from "./placements.ts";
import type { StackFiles } from "./stack-files.ts";
import type { StackLeftovers } from "./stack-leftovers.ts";
import type { StackLocks } from "./stack-locks.ts";

export interface StackParts {
  readonly files: StackFiles;
  readonly dockerHosts: Pick<DockerHosts, "get" | "list">;
  readonly images: Pick<ImagePulls, "pull">;
  readonly placements: Placements;
  readonly deployments: Deployments;
  readonly dependencies: Dependencies;
  readonly locks: StackLocks;
  readonly leftovers: StackLeftovers;
  readonly bus: Pick<Bus<Topics>, "publish">;
  readonly clock: Clock;
  readonly log: Pick<Log, "warn">;
  readonly times: GateTimes;
  /** Variables of the whole fleet, below those of a stack. */
  globalEnv(): Promise<GlobalValues>;
  /** Does it even on a full disk. */
  essential<T>(work: () => Promise<T>): Promise<T>;
}

/** Who changes a stack. */
export interface StackCaller {
  readonly userId: string;
  readonly username: string;
  readonly reach: Reach;
  /** Holds `containers.host-access`. */
  readonly mayReachHost: boolean;
}

/** Where something is to be done. */
export interface OnHost {
  /** Absent: on the control plane's own. */
  readonly hostId?: string;
  readonly caller: StackCaller;
}
