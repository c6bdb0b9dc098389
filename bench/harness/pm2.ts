/** PM2 as a supervisor: a daemon of its own with a fresh home, through PM2's client. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Pm2Reply, Pm2Request } from "../peers/pm2-client.ts";
import { endDaemons } from "./children.ts";
import type { Bench } from "./figure.ts";
import { ask } from "./messages.ts";
import { peer } from "./paths.ts";
import type { Supervisor } from "./supervisor.ts";
import { openTemporaryDirectory } from "./temporary.ts";

export async function openPm2(bench: Bench): Promise<Supervisor> {
  await using opened = new AsyncDisposableStack();
  const home = opened.use(await openTemporaryDirectory(bench, "pm2"));
  const client = opened.use(
    bench.children.start(process.execPath, [peer("pm2-client.ts")], {
      cwd: home.path,
      env: { PATH: process.env.PATH, HOME: home.path, PM2_HOME: home.path, PM2_DISABLE_VERSION_CHECK: "true" },
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    }),
  );
  async function order(request: Pm2Request, signal = bench.signal): Promise<Pm2Reply> {
    const reply = await ask<Pm2Reply>(client, request, signal);
    if (reply.error !== undefined) throw new Error(`PM2 could not ${request.do}: ${reply.error}`);
    return reply;
  }

  // Not to be interrupted: a daemon that is just being started could not be told to stop, and would be started once more.
  await order({ do: "connect" }, AbortSignal.timeout(30_000));
  opened.defer(async () => {
    await order({ do: "end" }, AbortSignal.timeout(20_000)).catch(() => {}); // the daemon stops its apps, then itself
    await client.stop("SIGTERM", 1_000);
    await endDaemons(home.path, 5_000);
  });
  const daemonPid = Number(await readFile(join(home.path, "pm2.pid"), "utf8"));
  const lifetime = opened.move();
  return {
    name: "pm2",
    pids: () => [daemonPid],
    start: async (apps) => void (await order({ do: "start", apps })),
    online: async () => new Map((await order({ do: "online" })).online),
    removeAll: async () => void (await order({ do: "removeAll" })),
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}
