/** Maps that are not finished, in `maps` of the user's state directory: the same call, made again, goes on with the one that was broken off. */
import { createHash, randomBytes } from "node:crypto";
import { rm } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { parseObject, textField } from "./json.ts";
import { readPrivateFile, writePrivateFile } from "./private-file.ts";

export interface MapMemory {
  /** Of the map that is begun now, or gone on with. */
  readonly id: string;
  /** When an earlier call has begun it. */
  readonly begunAt?: Date;
  /** It is finished: the same call begins a new one. */
  forget(): Promise<void>;
}

export interface MapCall {
  /** All that makes two calls the same: what is run, how, and the lines. */
  readonly identity: unknown;
  /** In place of the memory of this machine: the same name and the same call are the same map, wherever and whenever. */
  readonly name?: string;
  /** Begin a new map, whatever was before. */
  readonly isFresh?: boolean;
}

/** Saved before anything is submitted. */
export async function rememberMap(
  { identity, name, isFresh = false }: MapCall,
  env: NodeJS.ProcessEnv,
): Promise<MapMemory> {
  const digest = createHash("sha256")
    .update(JSON.stringify([name ?? null, identity]))
    .digest("hex");
  if (name !== undefined) return { id: digest.slice(0, idLength), forget: async () => {} };
  const stateHome = env.XDG_STATE_HOME || join(env.HOME || homedir(), ".local", "state");
  const path = join(stateHome, "runyard", "maps", `${digest}.json`);
  const forget = (): Promise<void> => rm(path, { force: true });
  const earlier = isFresh ? undefined : await readMap(path);
  if (earlier) return { ...earlier, forget };
  const id = randomBytes(idLength / 2).toString("hex");
  await writePrivateFile(path, `${JSON.stringify({ id, begunAt: new Date().toISOString() })}\n`);
  return { id, forget };
}

const idLength = 20;

async function readMap(path: string): Promise<{ id: string; begunAt: Date } | undefined> {
  const text = await readPrivateFile(path);
  if (text === undefined) return undefined;
  const map = parseObject(text);
  return { id: textField(map, "id"), begunAt: new Date(textField(map, "begunAt")) };
}
