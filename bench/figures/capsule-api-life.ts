/** How long the shortest life of a capsule takes its owner, and how many of them a second there are: created with its limits, disk and network, `true` run to its
 *  end, destroyed; through the API, each step audited and on the disk before it is answered.
 *
 *  Peers: bare bubblewrap (bare-bubblewrap.ts); a Docker engine through its API, which creates, starts and waits, and keeps the container; `runc run`, which makes
 *  and removes one. All run the same program, and have no more than a busybox or the host's own programs around it. Peers have no network but a loopback, no
 *  disk of their own, no account, no audit. */

import { runBareBubblewrap } from "../harness/bare-bubblewrap.ts";
import { type Capsules, openCapsules } from "../harness/capsules.ts";
import { compare } from "../harness/compare.ts";
import { openDocker } from "../harness/docker.ts";
import type { Bench, Comparison, Figure, Side } from "../harness/figure.ts";
import { timesOf } from "../harness/load.ts";
import { openRunc } from "../harness/runc.ts";
import { median } from "../harness/statistics.ts";

const livesPerRound = 15;
const clients = 4;
const livesAtOnce = 40;

export const capsuleApiLife: Figure = {
  name: "capsule-api-life",
  title: "create, `true`, destroy of a capsule through the API",
  async run(bench) {
    await using capsules = await openCapsules(bench, { driver: "namespace" });
    await using docker = await openDocker(bench);
    await using runc = await openRunc(bench);
    return [
      ...(await oneAfterTheOther(bench, capsules, "bwrap", runBareBubblewrap, 1.5)),
      ...(await oneAfterTheOther(bench, capsules, "docker", docker.live, 1 / 12)),
      ...(await oneAfterTheOther(bench, capsules, "runc", runc.live, 1 / 2)),
      ...(await manyAtOnce(bench, capsules)),
    ];
  },
};

async function oneAfterTheOther(
  bench: Bench,
  capsules: Capsules,
  name: string,
  act: () => Promise<void>,
  most: number,
): Promise<readonly Comparison[]> {
  const measure = (once: () => Promise<void>) => async () => ({ time: median(await timesOf(livesPerRound, once)) });
  return await compare(bench, {
    metrics: {
      time: { label: `one life, beside ${name}`, unit: "ms", score: "ratio", aim: { at: "most", limit: most } },
    },
    ours: sideOf(capsules, measure(capsules.live)),
    peer: { name, pids: () => [], measure: measure(act) },
  });
}

async function manyAtOnce(bench: Bench, capsules: Capsules): Promise<readonly Comparison[]> {
  const measure = (once: () => Promise<void>) => async () => ({ rate: await rateOf(once) });
  return await compare(bench, {
    metrics: {
      rate: { label: `lives, ${clients} clients`, unit: "1/s", score: "ratio", aim: { at: "least", limit: 0.6 } },
    },
    ours: sideOf(capsules, measure(capsules.live)),
    peer: { name: "bwrap", pids: () => [], measure: measure(runBareBubblewrap) },
  });
}

function sideOf<Key extends string>({ yard }: Capsules, measure: Side<Key>["measure"]): Side<Key> {
  return { name: "runyard", pids: () => [yard.serverPid, yard.agentPid], measure };
}

async function rateOf(once: () => Promise<void>): Promise<number> {
  const started = performance.now();
  let left = livesAtOnce;
  const client = async () => {
    while (left-- > 0) await once();
  };
  await Promise.all(Array.from({ length: clients }, client));
  return livesAtOnce / ((performance.now() - started) / 1_000);
}
