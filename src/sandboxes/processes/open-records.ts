/** What a driver keeps in its directory: the journal of its sandboxes and processes, and the outputs. Opened before anything is started. */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { asStorageError, YardError } from "../../platform/errors.ts";
import { randomText } from "../../platform/ids.ts";
import { openJournal } from "../../platform/journal.ts";
import { createOutputKeeper, type OutputKeeper } from "../output-keeper.ts";
import { ownerOfLog } from "./logs.ts";
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
  /** Before an act. @throws {YardError} storage_full: do not act, nothing was recorded */
  intend(entry: SandboxEntry): void;
  /** After an act. Never fails. */
  note(entry: SandboxEntry): void;
  readonly keeper: OutputKeeper;
}

export function openRecords({ directory, reserveBytes, onNotice }: RecordsOptions): Records {
  using opened = new DisposableStack();
  const outputs = join(directory, "output");
  mkdirSync(outputs, { recursive: true, mode: 0o700 });
  const owner = ensureOwner(directory);
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
  return {
    owner,
    state,
    intend(entry) {
      journal.intend(entry);
      state.apply(entry);
    },
    note(entry) {
      state.apply(entry);
      journal.note(entry);
    },
    keeper,
    [Symbol.dispose]: () => lifetime.dispose(),
  };
}

/** Made at the first start, whole or not at all: without it nothing that runs is known for one's own. */
function ensureOwner(directory: string): string {
  const path = join(directory, "owner");
  if (!existsSync(path)) {
    try {
      writeFileSync(`${path}.new`, randomText(16), { mode: 0o600, flush: true });
    } catch (error) {
      throw asStorageError(error, directory);
    }
    renameSync(`${path}.new`, path);
  }
  const owner = readFileSync(path, "utf8");
  if (!/^[a-z0-9]{16}$/.test(owner)) throw new YardError("internal", `${path} is damaged. Delete it if nothing runs.`);
  return owner;
}

/** Outputs whose process is not known any more: the agent died between the record and the deletion. */
function deleteStrayOutputs(directory: string, known: ReadonlyMap<string, unknown>): void {
  for (const name of readdirSync(directory)) {
    if (!known.has(ownerOfLog(name))) rmSync(join(directory, name), { force: true });
  }
}
