/** What it takes to bring up a stack of ten services, and to find that there is nothing to do.
 *
 *  From nothing. Ours: `POST /stacks/{name}/deploy`. Peer: `docker run -d`, ten times in a row, of the same image, in a network that is there already; ours
 *  makes its own. Both are timed by the engine's own events: from the call until the tenth container has been started. Ours then waits on, to tell of services
 *  that end early; that is reported by itself, since `docker run` leaves it to whoever called.
 *  Unchanged. Ours: the same call again. Peer: the engine's list of all containers. */
import { isDeepStrictEqual } from "node:util";
import { compare } from "../harness/compare.ts";
import { image } from "../harness/docker.ts";
import { watchStarts } from "../harness/engine-starts.ts";
import type { Bench, Figure } from "../harness/figure.ts";
import { dockmesh, engineApi, type FleetBench, openFleetBench } from "../harness/fleet.ts";
import { timesOf } from "../harness/load.ts";
import { median } from "../harness/statistics.ts";

const services = 10;
const looksPerRound = 5;
const stack = "ten";
const network = "there-already";
const numbers = Array.from({ length: services }, (_, number) => number);

export const fleetDeploy: Figure = {
  name: "fleet-deploy",
  title: `deploy of a stack of ${services} services`,
  async run(bench) {
    await using fleet = await openFleetBench(bench);
    const { yard, docker } = fleet;
    await docker.cli("network", "create", network);
    const lines = numbers.map(
      (number) => `  service-${number}: {image: ${image}, command: sleep 1000000, stop_grace_period: 0s}`,
    );
    await yard.call("POST", `${dockmesh}/stacks`, { name: stack, compose: `services:\n${lines.join("\n")}\n` });
    return [...(await compareFirst(bench, fleet)), ...(await compareUnchanged(bench, fleet))];
  },
};

async function compareFirst(bench: Bench, fleet: FleetBench) {
  const { yard, docker } = fleet;
  const names = numbers.map((number) => `run-${number}`);
  return await compare(bench, {
    metrics: {
      started: {
        label: "from nothing, until all have started",
        unit: "ms",
        score: "ratio",
        aim: { at: "most", limit: 1 },
      },
      whole: { label: "the same, until it is answered", unit: "ms", score: "ratio" },
    },
    ours: {
      name: "runyard",
      pids: () => [yard.serverPid],
      async measure() {
        const values = await startsWithin(bench, fleet, () => deploy(fleet));
        await yard.call("POST", `${dockmesh}/stacks/${stack}/stop`);
        await docker.cli("network", "rm", `${stack}_default`);
        return values;
      },
    },
    peer: {
      name: "docker run -d",
      pids: () => [],
      async measure() {
        const values = await startsWithin(bench, fleet, async () => {
          for (const name of names)
            await docker.cli("run", "-d", "--name", name, "--network", network, image, "sleep", "1000000");
        });
        await docker.cli("rm", "--force", ...names);
        return values;
      },
    },
  });
}

async function startsWithin(bench: Bench, { docker }: FleetBench, act: () => Promise<unknown>) {
  using starts = await watchStarts(bench, docker.socketPath, services);
  const began = performance.now();
  await act();
  return { started: (await starts.all) - began, whole: performance.now() - began };
}

async function compareUnchanged(bench: Bench, fleet: FleetBench) {
  const first = await deploy(fleet);
  const list = () => fleet.engine.call({ method: "GET", path: `${engineApi}/containers/json?all=1` });
  const measure = (once: () => Promise<unknown>) => async () => ({ time: median(await timesOf(looksPerRound, once)) });
  const comparisons = await compare(bench, {
    metrics: { time: { label: "unchanged", unit: "ms", score: "difference", aim: { at: "most", limit: 100 } } },
    ours: { name: "runyard", pids: () => [fleet.yard.serverPid], measure: measure(() => deploy(fleet)) },
    peer: { name: "engine's list", pids: () => [], measure: measure(list) },
  });
  if (!isDeepStrictEqual(await deploy(fleet), first)) throw new Error("what was unchanged has been changed");
  return comparisons;
}

/** The containers of each service. */
async function deploy({ yard }: FleetBench): Promise<readonly string[]> {
  const { body } = await yard.call("POST", `${dockmesh}/stacks/${stack}/deploy`);
  const result: { services: readonly { name: string; container_id: string }[] } = JSON.parse(body.toString());
  if (result.services.length !== services) throw new Error(`${result.services.length} services were deployed`);
  return result.services.map(({ name, container_id: id }) => `${name} ${id}`);
}
