import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Bench } from "./figure.ts";

export interface TemporaryDirectory extends AsyncDisposable {
  readonly path: string;
}

export async function openTemporaryDirectory(bench: Bench, name: string): Promise<TemporaryDirectory> {
  const path = await mkdtemp(join(bench.directory, `${name}-`));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) };
}
