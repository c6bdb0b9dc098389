/** An app: the definition of a supervised process, who owns it, and what is known of its runs. */
import type { RunStatus, RunWindow, UnitContainer } from "../agent/protocol.ts";
import type { Limits } from "../sandboxes/sandbox.ts";

/** What happens when an app's process has ended. `keepalive` starts it again at once, `restart` by its schedule (for an app without one:
 *  at once too), `standby` leaves it, `remove` deletes the app. */
export const exitActions = ["standby", "restart", "keepalive", "remove"] as const;
export type ExitAction = (typeof exitActions)[number];

export interface AppDefinition {
  /** Empty: what the image of its container runs by itself. */
  readonly argv: readonly string[];
  /** The command as its author wrote it; `argv` is made from it. */
  readonly command: string;
  readonly shell: boolean;
  readonly sessionLogin: boolean;
  readonly description?: string;
  /** Given to the process on its standard input: text as it is, JSON compact. */
  readonly metadata?: unknown;
  readonly workingDirectory?: string;
  /** Each run is in a container of its own; absent: on the host itself. */
  readonly container?: AppContainer;
  readonly env: Readonly<Record<string, string>>;
  /** Plain here; stored encrypted, never listed. */
  readonly secretEnv: Readonly<Record<string, string>>;
  readonly exit: { readonly action: ExitAction; readonly byCode: Readonly<Record<string, ExitAction>> };
  readonly keepOutputs: number;
  readonly limits?: Limits;
  /** Absent: it runs from when it is enabled. */
  readonly schedule?: AppSchedule;
  readonly window?: RunWindow;
  /** How long an older run may live on beside the one that the schedule starts; also how long an app whose end asks for it waits to be
   *  removed. */
  readonly retention?: WrittenDuration;
  readonly healthCheck?: { readonly command: string; readonly argv: readonly string[] };
  /** When its author first defined it, by the author's account, in wall milliseconds. Absent: when it was added here. */
  readonly registeredAt?: number;
  /** The author's own count of changes. */
  readonly version?: number;
  /** What others may do: `none`, `read` or `write`. Absent: everybody who has the permission may do all. */
  readonly sharing?: { readonly team: Sharing; readonly others: Sharing };
}

/** What is not said is as the image has it. */
export interface AppContainer extends Omit<UnitContainer, "image"> {
  readonly image: string;
  /** By name or number inside, with or without a group. */
  readonly user?: string;
  /** Besides the app's own. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A duration as its author wrote it, and what it means. */
export interface WrittenDuration {
  readonly text: string;
  readonly ms: number;
}

export type AppSchedule =
  /** At `from + k * every`; `from` is wall milliseconds. */
  | { readonly kind: "interval"; readonly every: WrittenDuration; readonly from: number }
  /** Six fields, seconds first, in the host's time zone. */
  | { readonly kind: "cron"; readonly expression: string };

export type Sharing = "none" | "read" | "write";

export interface App {
  readonly id: string;
  readonly name: string;
  readonly ownerId: string | null;
  readonly ownerName: string | null;
  readonly definition: AppDefinition;
  /** `temporary`: made by a run, gone with it. */
  readonly kind: "defined" | "temporary";
  readonly enabled: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly runtime: AppRuntime;
}

export interface AppRuntime {
  readonly starts: number;
  /** Newest first. */
  readonly runs: readonly RunStatus[];
  /** The last run that has ended, also when its output is gone. */
  readonly lastEnded?: RunStatus;
  readonly nextStartAt?: number;
  readonly lastError?: { readonly at: number; readonly message: string };
  readonly healthy: boolean;
}
