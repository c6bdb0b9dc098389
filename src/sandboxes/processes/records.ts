/** What a driver remembers of its sandboxes and processes on disk: the entries of its journal, and the state they add up to. */
import type { Exit, ProcessMeta } from "../sandbox.ts";

export type SandboxEntry =
  | { readonly type: "sandbox"; readonly sandbox: string; readonly data?: SandboxData }
  | { readonly type: "destroyed"; readonly sandbox: string }
  | ({ readonly type: "starting" } & ProcessKey & Starting)
  | ({ readonly type: "started" } & ProcessKey & Started)
  | ({ readonly type: "ended"; readonly exit: Exit } & ProcessKey)
  | ({ readonly type: "forgotten" } & ProcessKey);

/** What the driver itself needs to find a sandbox again. */
export type SandboxData = Readonly<Record<string, unknown>>;

export interface ProcessKey {
  readonly sandbox: string;
  readonly process: string;
}

/** Recorded before the start. */
interface Starting {
  readonly at: number;
  readonly maxOutputBytes: number;
  /** Absent: `merged`. */
  readonly streams?: "separate";
  readonly meta?: ProcessMeta;
  readonly forgetAfterMs?: number;
  readonly sparesGroup?: boolean;
  readonly cgroup?: readonly string[];
}

/** Recorded after it. The boot tells whether pid and start time still mean anything. */
interface Started {
  readonly pid: number;
  readonly pidInside?: number;
  readonly startTicks: number;
  readonly boot: string;
}

export interface ProcessRecord extends ProcessKey, Starting {
  readonly started?: Started;
  readonly exit?: Exit;
}

export interface SandboxState {
  readonly sandboxes: ReadonlyMap<string, SandboxData | undefined>;
  readonly processes: ReadonlyMap<string, ProcessRecord>;
  apply(entry: SandboxEntry): void;
  /** Entries that make this state again. */
  entries(): Generator<SandboxEntry>;
}

/** One text for both ids: neither can hold a `~`. */
export const keyOf = ({ sandbox, process }: ProcessKey) => `${sandbox}~${process}`;

export function createSandboxState(): SandboxState {
  const sandboxes = new Map<string, SandboxData | undefined>();
  const processes = new Map<string, ProcessRecord>();

  function change(key: ProcessKey, changes: Partial<ProcessRecord>): void {
    const record = processes.get(keyOf(key));
    if (record) processes.set(keyOf(key), { ...record, ...changes });
  }

  return {
    sandboxes,
    processes,
    apply(entry) {
      switch (entry.type) {
        case "sandbox":
          sandboxes.set(entry.sandbox, entry.data);
          break;
        case "destroyed":
          sandboxes.delete(entry.sandbox);
          for (const [key, record] of processes) if (record.sandbox === entry.sandbox) processes.delete(key);
          break;
        case "starting": {
          const { type: _, ...record } = entry;
          processes.set(keyOf(entry), record);
          break;
        }
        case "started": {
          const { pid, pidInside, startTicks, boot } = entry;
          change(entry, { started: { pid, pidInside, startTicks, boot } });
          break;
        }
        case "ended":
          change(entry, { exit: entry.exit });
          break;
        case "forgotten":
          processes.delete(keyOf(entry));
          break;
      }
    },
    *entries() {
      for (const [sandbox, data] of sandboxes) yield { type: "sandbox", sandbox, data };
      for (const { started, exit, ...record } of processes.values()) {
        const { sandbox, process } = record;
        yield { type: "starting", ...record };
        if (started) yield { type: "started", sandbox, process, ...started };
        if (exit) yield { type: "ended", sandbox, process, exit };
      }
    },
  };
}

/** An entry as it was written, or undefined for what this version does not know. The file is our own and private (mode 0600), so its
 *  entries are taken as they are once their kind is known. */
export function asSandboxEntry(value: unknown): SandboxEntry | undefined {
  const known = ["sandbox", "destroyed", "starting", "started", "ended", "forgotten"];
  const isEntry = typeof value === "object" && value !== null && "type" in value && known.includes(String(value.type));
  return isEntry ? (value as SandboxEntry) : undefined;
}
