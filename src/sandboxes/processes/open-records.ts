/** What a driver keeps in its directory: the journal of its sandboxes and processes, and the outputs. Opened before anything is started. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { YardError } from "../../platform/errors.ts";
import { randomText } from "../../platform/ids.ts";
import { type Journal, openJournal } from "../../platform/journal.ts";
import { createOutputKeeper, type OutputKeeper } from "../output-keeper.ts";
import { asSandboxEntry, createSandboxState, type SandboxEntry, type SandboxState } from "./records.ts";

export interface RecordsOptions {
  /** Holds the journal and the outputs; private to the user the agent runs as. */
  readonly directory: string;
  /** Outputs give way below this much free space on that disk. */
  readonly reserveBytes?: number;
  /** Something happened that an operator may want to know. */
  readonly onNotice?: (message: string) => void;
}

export interface Records extends Disposable {
  /** A name for this directory's processes that no other agent on the machine uses. */
  readonly owner: string;
  readonly state: SandboxState;
  readonly journal: Journal<SandboxEntry>;
  readonly keeper: OutputKeeper;
}

export function openRecords({ directory, reserveBytes, onNotice }: RecordsOptions): Records {
  using opened = new DisposableStack();
  const outputs = join(directory, "output");
  mkdirSync(outputs, { recursive: true, mode: 0o700 });
  const owner = readOwner(join(directory, "owner"));
  const state = createSandboxState();
  const journal = opened.use(
    openJournal<SandboxEntry>({
      path: join(directory, "journal.ndjson"),
      replay: (value) => {
        const entry = asSandboxEntry(value);
        if (entry) state.apply(entry);
      },
      snapshot: () => state.entries(),
    }),
  );
  const keeper = opened.use(
    createOutputKeeper({
      directory,
      reserveBytes,
      onFreed: (bytes) => onNotice?.(`The disk of ${directory} is full: gave ${bytes} bytes of old output back.`),
    }),
  );
  deleteStrayOutputs(outputs, state.processes);
  const lifetime = opened.move();
  return { owner, state, journal, keeper, [Symbol.dispose]: () => lifetime.dispose() };
}

function readOwner(path: string): string {
  try {
    writeFileSync(path, randomText(16), { flag: "wx", mode: 0o600, flush: true });
  } catch {
    // There since an earlier start.
  }
  const owner = readFileSync(path, "utf8");
  if (!/^[a-z0-9]{16}$/.test(owner)) throw new YardError("internal", `${path} is damaged. Delete it if nothing runs.`);
  return owner;
}

/** Outputs whose process is not known any more: the agent died between the record and the deletion. */
function deleteStrayOutputs(directory: string, known: ReadonlyMap<string, unknown>): void {
  for (const name of readdirSync(directory)) {
    if (!known.has(name.replace(/\.log$/, ""))) rmSync(join(directory, name), { force: true });
  }
}
