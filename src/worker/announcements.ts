/** Tells whoever listens in Redis how far a task has come, and asks how far others have. A convenience: whatever fails there is ignored. */
import type { Log } from "../platform/log.ts";
import { type ExecState, execStates } from "./exec-states.ts";

export interface Announcements extends AsyncDisposable {
  /** Never waits, never fails. @param options.timeoutMs of the task's run */
  announce(taskUuid: string, state: ExecState, options: { readonly timeoutMs: number }): void;
  /** The number that was announced last for a task, as far as that is known. */
  stateOf(taskUuid: string): Promise<number | undefined>;
}

/** Where there is no Redis. */
export const silence: Announcements = {
  announce() {},
  stateOf: async () => undefined,
  [Symbol.asyncDispose]: async () => {},
};

export async function openAnnouncements(url: string, log: Pick<Log, "info" | "warn">): Promise<Announcements> {
  const { openRedis } = await import("../platform/redis/connection.ts"); // 700 modules that most workers have no use for
  const redis = await openRedis({ url, log });
  /** In their order: a state is never overtaken by the one before it. */
  let last: Promise<unknown> = Promise.resolve();

  async function tell(key: string, state: ExecState, timeoutMs: number): Promise<void> {
    const { client } = redis;
    if (client === undefined) return;
    const value = String(execStates[state]);
    const seconds = lifetimeSeconds(state, timeoutMs);
    await (seconds === undefined ? client.set(key, value) : client.setEx(key, seconds, value));
    await client.publish(key, value);
  }

  return {
    announce(taskUuid, state, { timeoutMs }) {
      last = last.then(() => tell(keyOf(taskUuid), state, timeoutMs)).catch(() => {});
    },
    async stateOf(taskUuid) {
      try {
        const value = await redis.client?.get(keyOf(taskUuid));
        return value == null ? undefined : Number(value);
      } catch {
        return undefined;
      }
    },
    async [Symbol.asyncDispose]() {
      await last;
      await redis[Symbol.asyncDispose]();
    },
  };
}

const keyOf = (taskUuid: string): string => `task:${taskUuid}`;

/** How long what was announced may be asked for. A state that may last for ever is kept until the next one. */
function lifetimeSeconds(state: ExecState, timeoutMs: number): number | undefined {
  switch (state) {
    case "Watch":
    case "ExecSpawned":
      return undefined;
    case "FetchResource":
      return 360;
    case "ExecPending":
      return Math.ceil(timeoutMs / 1_000) + 60;
    case "ExecFinished":
    case "UploadResult":
    case "UploadFinishedResult":
    case "UploadCancelledResult":
      return 660;
    default:
      return 60;
  }
}
