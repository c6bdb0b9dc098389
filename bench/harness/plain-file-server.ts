/** The peer of files over HTTP, started. */
import { once } from "node:events";
import type { PlainFileAddress } from "../peers/plain-file-server.ts";
import type { Bench } from "./figure.ts";
import { peer } from "./paths.ts";

export interface PlainFileServer extends AsyncDisposable {
  readonly pid: number;
  /** GET it, PUT a new file there, or POST one to have its SHA-256. */
  urlOf(path: string): string;
}

export async function openPlainFileServer(bench: Bench): Promise<PlainFileServer> {
  const child = bench.children.start(process.execPath, [peer("plain-file-server.ts")], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const [address] = await once(child.process, "message", { signal: bench.signal });
  const { port }: PlainFileAddress = address;
  return {
    pid: child.pid,
    urlOf: (path) => `http://127.0.0.1:${port}/?${encodeURIComponent(path)}`,
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}
