/** The peer of sync runs, as the figures ask it. */

import type { RateReply, SpawnerRequest, TimesReply } from "../peers/spawner.ts";
import type { Bench } from "./figure.ts";
import type { Load } from "./load.ts";
import { ask } from "./messages.ts";
import { peer } from "./paths.ts";

export interface BareSpawner extends AsyncDisposable {
  readonly pid: number;
  times(count: number): Promise<TimesReply>;
  rate(load: Load): Promise<RateReply>;
}

export function openBareSpawner(bench: Bench): BareSpawner {
  const child = bench.children.start(process.execPath, [peer("spawner.ts")], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const order = <Reply>(request: SpawnerRequest): Promise<Reply> => ask<Reply>(child, request, bench.signal);
  return {
    pid: child.pid,
    times: (count) => order<TimesReply>({ times: count }),
    rate: (load) => order<RateReply>({ load }),
    [Symbol.asyncDispose]: () => child[Symbol.asyncDispose](),
  };
}
