/** The directory of one worker process: its driver's records, the directories of its tasks, its registrations. Its name says whose it is, so the next
 *  worker that starts here finds what a killed one has left behind. */
import { mkdir, readdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { errnoOf } from "../platform/errors.ts";
import { randomText } from "../platform/ids.ts";
import { isAlive, readStat } from "../platform/process/procfs.ts";
import { removeTree } from "./directories.ts";
import { asJson } from "./wire.ts";

export interface WorkerHome extends AsyncDisposable {
  readonly driver: string;
  readonly tasks: string;
  /** So that it can be given up by whoever finds it, should this process die. */
  remember(registration: RememberedRegistration): Promise<void>;
}

export interface RememberedRegistration {
  readonly origin: string;
  readonly token: string;
}

export interface Leftover {
  readonly path: string;
  readonly driver: string;
  registrations(): Promise<readonly RememberedRegistration[]>;
}

const registrationsFile = "registrations.ndjson";
const pattern = /^(\d+)-(\d+)-[a-z0-9]+$/;

/** @param root for the directories of all workers of this user; made if missing */
export async function openWorkerHome(root: string): Promise<WorkerHome> {
  const path = join(root, ownName());
  const tasks = join(path, "tasks");
  await mkdir(tasks, { recursive: true, mode: 0o700 });
  return {
    driver: join(path, "driver"),
    tasks,
    remember: (registration) =>
      writeFile(join(path, registrationsFile), `${JSON.stringify(registration)}\n`, { mode: 0o600, flag: "a" }),
    [Symbol.asyncDispose]: () => removeTree(path),
  };
}

/** Those of processes that are no more, each taken over by its new name: no other worker finds it. They are removed by whoever has cleared them. */
export async function* takeLeftovers(root: string): AsyncGenerator<Leftover, void> {
  for (const name of await readdir(root).catch(noneThere)) {
    const [, pid, startTicks] = pattern.exec(name) ?? [];
    if (pid === undefined || isAlive(Number(pid), Number(startTicks))) continue;
    const path = join(root, ownName());
    try {
      await rename(join(root, name), path);
    } catch (error) {
      if (errnoOf(error) === "ENOENT") continue; // another one was first
      throw error;
    }
    yield { path, driver: join(path, "driver"), registrations: () => readRegistrations(path) };
  }
}

function ownName(): string {
  return `${process.pid}-${readStat(process.pid)?.startTicks ?? 0}-${randomText(8)}`;
}

function noneThere(error: unknown): string[] {
  if (errnoOf(error) === "ENOENT") return [];
  throw error;
}

async function readRegistrations(path: string): Promise<readonly RememberedRegistration[]> {
  const text = await readFile(join(path, registrationsFile), "utf8").catch(() => "");
  return text.split("\n").flatMap((line) => {
    const value = asJson(line);
    const isOne = typeof value === "object" && value !== null && "origin" in value && "token" in value;
    return isOne ? [{ origin: String(value.origin), token: String(value.token) }] : [];
  });
}
