/** Notices what happens to the stacks' directories, by whomever: an API, an editor, git. The system's notices only say where to look; what is told is the
 *  difference between what was there at the last look and what is there now, so that nothing is told twice, and what a notice missed is found a little later. */
import { type FSWatcher, watch } from "node:fs";
import { lstat, readdir } from "node:fs/promises";
import path from "node:path";
import type { Log } from "../../platform/log.ts";
import { createNameLock } from "../../platform/name-lock.ts";
import { after, every } from "../../platform/timers.ts";
import { plainName, sealedName } from "./stack-env.ts";
import type { StackFileChange, StackFileListener } from "./stack-files.ts";
import { metaName } from "./stack-meta.ts";
import { isStackName } from "./stack-names.ts";

export interface StackWatch extends AsyncDisposable {
  /** Looks at one stack now, and tells what is new. */
  look(name: string): Promise<void>;
  onChange(listener: StackFileListener): Disposable;
}

export interface StackWatchParts {
  readonly root: string;
  readonly log: Log;
  /** How long after a notice it is looked, so that one edit is one look; and how often in any case. */
  readonly times?: { readonly settleMs: number; readonly everyMs: number };
}

/** By the name that clients know them under. */
const watched: Readonly<Record<string, readonly string[]>> = {
  "compose.yaml": ["compose.yaml"],
  ".env": [plainName, sealedName],
  [metaName]: [metaName],
};

/** What is the same as long as nobody writes. */
type Prints = ReadonlyMap<string, string>;

export async function openStackWatch({
  root,
  log,
  times = { settleMs: 50, everyMs: 30_000 },
}: StackWatchParts): Promise<StackWatch> {
  const known = new Map<string, Prints>();
  const watchers = new Map<string, FSWatcher>();
  const pending = new Map<string, Disposable>();
  const listeners = new Set<StackFileListener>();
  const inTurn = createNameLock();
  let isClosed = false;

  const tell = async (change: StackFileChange) => {
    await Promise.all([...listeners].map((listener) => listener(change)));
  };

  const look = (name: string) =>
    inTurn(name, async () => {
      const now = await readPrints(path.join(root, name));
      const before = known.get(name);
      if (isClosed) return;
      if (now === undefined) {
        known.delete(name);
        watchers.get(name)?.close();
        watchers.delete(name);
        if (before !== undefined) await tell({ type: "removed", name });
        return;
      }
      known.set(name, now);
      watchDirectory(name);
      if (before === undefined) await tell({ type: "created", name });
      else for (const change of changesBetween(before, now)) await tell({ name, ...change });
    });

  async function lookAtAll(): Promise<void> {
    const present = (await readdir(root)).filter(isStackName);
    for (const name of new Set([...present, ...known.keys()])) await look(name);
  }

  const lookSoon = (what: string, act: () => Promise<void>) => {
    if (isClosed) return;
    pending.get(what)?.[Symbol.dispose]();
    const failed = (error: unknown) => log.warn({ err: error }, "cannot look at the stacks' directories");
    pending.set(
      what,
      after(times.settleMs, () => void act().catch(failed)),
    );
  };

  /** Where the system has no more watchers to give, the look every now and then is what is left. */
  function startWatcher(directory: string, notice: (file: string | null) => void): FSWatcher | undefined {
    try {
      return watch(directory, { persistent: false }, (_event, file) => notice(file)).on("error", () => {});
    } catch {
      return undefined;
    }
  }

  function watchDirectory(name: string): void {
    if (watchers.has(name)) return;
    const watcher = startWatcher(path.join(root, name), () => lookSoon(name, () => look(name)));
    if (watcher !== undefined) watchers.set(name, watcher);
  }

  await lookAtAll(); // what is there already is no news: nobody listens yet
  const ofRoot = startWatcher(root, (file) => {
    if (file === null) lookSoon("", lookAtAll);
    else if (isStackName(file)) lookSoon(file, () => look(file));
  });
  const regularly = every(times.everyMs, () =>
    lookAtAll().catch((error) => log.warn({ err: error }, "cannot look at the stacks' directories")),
  );

  return {
    look,
    onChange(listener) {
      const added = (change: StackFileChange) => listener(change);
      listeners.add(added);
      return { [Symbol.dispose]: () => void listeners.delete(added) };
    },
    async [Symbol.asyncDispose]() {
      isClosed = true;
      ofRoot?.close();
      for (const watcher of watchers.values()) watcher.close();
      for (const timer of pending.values()) timer[Symbol.dispose]();
      await regularly[Symbol.asyncDispose]();
    },
  };
}

/** Undefined: there is no such directory. */
async function readPrints(directory: string): Promise<Prints | undefined> {
  const isDirectory = await lstat(directory).then(
    (stat) => stat.isDirectory(),
    () => false,
  );
  if (!isDirectory) return undefined;
  const prints = new Map<string, string>();
  for (const [shown, files] of Object.entries(watched)) {
    const parts = await Promise.all(files.map((file) => printOf(path.join(directory, file))));
    const print = parts.filter((part) => part !== undefined).join(" ");
    if (print !== "") prints.set(shown, print);
  }
  return prints;
}

async function printOf(file: string): Promise<string | undefined> {
  try {
    const { ino, size, mtimeNs } = await lstat(file, { bigint: true });
    return `${ino}:${size}:${mtimeNs}`;
  } catch {
    return undefined;
  }
}

function changesBetween(before: Prints, now: Prints): Pick<Required<StackFileChange>, "type" | "file">[] {
  return Object.keys(watched).flatMap((file) => {
    const [old, current] = [before.get(file), now.get(file)];
    if (old === current) return [];
    return [{ file, type: old === undefined ? "created" : current === undefined ? "removed" : "modified" } as const];
  });
}
