/** PM2's own client (`pm2.connect`, `pm2.start`, `pm2.list`, …) in a process of its own, since it takes its home from the
 *  environment when it is loaded, and prints. It works for the parent that forked it. */
import { createRequire } from "node:module";
import { promisify } from "node:util";
import { peerModules } from "../harness/paths.ts";
import type { SupervisedApp } from "../harness/supervisor.ts";

export type Pm2Request =
  | { readonly do: "connect" | "online" | "removeAll" | "end" }
  | { readonly do: "start"; readonly apps: readonly SupervisedApp[] };
export interface Pm2Reply {
  readonly online?: readonly (readonly [name: string, pid: number])[];
  readonly error?: string;
}

/** As far as it is used here. PM2's own types are installed with the benchmarks only, the type check knows nothing of them. */
interface Pm2 {
  connect(done: (error: Error | null) => void): void;
  start(options: object, done: (error: Error | null) => void): void;
  list(done: (error: Error | null, list: readonly Pm2Process[]) => void): void;
  delete(name: string, done: (error: Error | null) => void): void;
  killDaemon(done: (error: Error | null) => void): void;
  disconnect(): void;
}
interface Pm2Process {
  readonly name: string;
  readonly pid: number;
  readonly pm2_env: { readonly status: string };
}

const pm2: Pm2 = createRequire(`${peerModules}/`)("pm2");
const list = promisify(pm2.list.bind(pm2));

/** `vizion` reads the version control of each app's directory, which is no part of starting it: off, to PM2's advantage. */
const definition = ({ name, argv: [script, ...args] }: SupervisedApp) => ({
  name,
  script,
  args,
  interpreter: "none",
  exec_mode: "fork",
  vizion: false,
});

async function carryOut(request: Pm2Request): Promise<Pm2Reply> {
  if (request.do === "connect") await promisify(pm2.connect.bind(pm2))();
  if (request.do === "start") await promisify(pm2.start.bind(pm2))({ apps: request.apps.map(definition) });
  if (request.do === "removeAll" && (await list()).length > 0) await promisify(pm2.delete.bind(pm2))("all");
  if (request.do === "end") await promisify(pm2.killDaemon.bind(pm2))();
  if (request.do !== "online") return {};
  const online = (await list()).filter((app) => app.pm2_env.status === "online" && app.pid > 0);
  return { online: online.map((app) => [app.name, app.pid]) };
}

process.on("message", async (request: Pm2Request) => {
  process.send?.(await carryOut(request).catch((error) => ({ error: String(error?.message ?? error) })));
});
process.on("disconnect", () => process.exit());
