/** How the run of a task ends without its command having ended by itself. */
import type { ExecState } from "./exec-states.ts";
import type { ResultMessage } from "./wire.ts";

/** The task is to be reported as cancelled, with this reason. */
export class TaskFailed extends Error {
  override readonly name = "TaskFailed";
  readonly reason: ResultMessage;
  readonly state: ExecState;

  constructor(reason: ResultMessage, state: ExecState, options?: ErrorOptions) {
    super(reason, options);
    this.reason = reason;
    this.state = state;
  }
}

/** Why a task is dropped in the middle: nothing is reported. */
export type DropReason = "lost" | "removed" | "stopping";

/** Thrown and used as the reason of signals. */
export class TaskDropped extends Error {
  override readonly name = "TaskDropped";
  readonly reason: DropReason;

  constructor(reason: DropReason) {
    super(reason);
    this.reason = reason;
  }
}
