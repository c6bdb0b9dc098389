/** How long the shortest life of a capsule takes with the driver `container`: created, `true` run to its end, destroyed; through the API.
 *
 *  Peer: `docker run --rm … true` on the same engine, with the same kind of image, and no network but a loopback. Ours is on a bridge, with its rules. */

import { openCapsules } from "../harness/capsules.ts";
import { compare } from "../harness/compare.ts";
import { openDocker } from "../harness/docker.ts";
import type { Figure } from "../harness/figure.ts";
import { timesOf } from "../harness/load.ts";
import { median } from "../harness/statistics.ts";

const livesPerRound = 5;

export const capsuleContainer: Figure = {
  name: "capsule-container",
  title: "create, `true`, destroy of a capsule with the driver container",
  async run(bench) {
    await using docker = await openDocker(bench);
    using _network = docker.enterNetwork();
    await using capsules = await openCapsules(bench, { driver: "container", dockerSocket: docker.socketPath });
    const { serverPid, agentPid } = capsules.yard;
    const measure = (once: () => Promise<void>) => async () => ({ time: median(await timesOf(livesPerRound, once)) });
    return await compare(bench, {
      metrics: { time: { label: "one life, container", unit: "ms", score: "ratio", aim: { at: "most", limit: 1 } } },
      ours: { name: "runyard", pids: () => [serverPid, agentPid], measure: measure(capsules.live) },
      peer: { name: "docker run --rm", pids: () => [], measure: measure(docker.runTrue) },
    });
  },
};
