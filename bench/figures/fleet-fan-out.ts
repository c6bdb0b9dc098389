/** What it costs to ask five hosts instead of the slowest of them: the yard's own, and four that are reached through the tunnels of joined agents.
 *
 *  All of them have the same engine, which is a different number of milliseconds away from each agent. Ours: `GET /api/v1/containers?all=1&host=all`.
 *  Peer: the same list of the host that is farthest away, alone. What is between the two is what the others cost, and putting it all together. */
import { join } from "node:path";
import { joinYard } from "../../test/support/joined-agent.ts";
import { compare } from "../harness/compare.ts";
import { openDelayedSocket } from "../harness/delayed-socket.ts";
import type { Bench, Figure } from "../harness/figure.ts";
import { dockmesh, type FleetBench, openFleetBench } from "../harness/fleet.ts";
import { timesOf } from "../harness/load.ts";
import { median } from "../harness/statistics.ts";
import { openTemporaryDirectory } from "../harness/temporary.ts";
import { until } from "../harness/waiting.ts";

const containers = 10;
const listsPerRound = 40;
/** Of the engine from each agent. The last is the slowest host. */
const delaysMs = [5, 10, 20, 40];

export const fleetFanOut: Figure = {
  name: "fleet-fan-out",
  title: `list of ${containers} containers of each of ${delaysMs.length + 1} hosts`,
  async run(bench) {
    await using opened = new AsyncDisposableStack();
    const fleet = opened.use(await openFleetBench(bench));
    const { yard } = fleet;
    for (let number = 0; number < containers; number++) await fleet.create(`service-${number}`, ["sleep", "1000000"]);
    const hosts: string[] = [];
    for (const delayMs of delaysMs) {
      opened.use(await joinFarAway(bench, fleet, delayMs));
      hosts.push(await newHost(bench, fleet, hosts));
    }
    const slowest = String(hosts.at(-1));
    const list = (host: string) => async () => {
      const { body } = await yard.call("GET", `${dockmesh}/containers?all=1&host=${host}`);
      return JSON.parse(body.toString());
    };
    const measure = (host: string) => async () => ({ time: median(await timesOf(listsPerRound, list(host))) });
    const whole: { items: unknown[] } = await list("all")();
    if (whole.items.length !== (delaysMs.length + 1) * containers) throw new Error("a host is missing from the list");
    return await compare(bench, {
      metrics: { time: { label: "fan-out", unit: "ms", score: "difference", aim: { at: "most", limit: 10 } } },
      ours: { name: "all hosts", pids: () => [yard.serverPid], measure: measure("all") },
      peer: { name: "the slowest", pids: () => [yard.serverPid], measure: measure(slowest) },
    });
  },
};

async function joinFarAway(bench: Bench, { yard, docker }: FleetBench, delayMs: number): Promise<AsyncDisposable> {
  await using opened = new AsyncDisposableStack();
  const directory = opened.use(await openTemporaryDirectory(bench, "far"));
  const socketPath = join(directory.path, "docker.sock");
  opened.use(await openDelayedSocket(socketPath, docker.socketPath, delayMs));
  const token = yard.authorization.replace("Bearer ", "");
  opened.use(await joinYard({ url: yard.url, token }, { args: ["--docker-socket", socketPath] }));
  return opened.move();
}

/** The id of the one that has joined last. */
async function newHost(bench: Bench, { yard }: FleetBench, known: readonly string[]): Promise<string> {
  const patience = { timeoutMs: 30_000, everyMs: 100, signal: bench.signal };
  return until("the new host to be online", patience, async () => {
    const { body } = await yard.call("GET", `${dockmesh}/hosts`);
    const hosts: readonly Host[] = JSON.parse(body.toString());
    return hosts.find(({ id, kind, status }) => kind === "agent" && status === "online" && !known.includes(id))?.id;
  });
}

interface Host {
  readonly id: string;
  readonly kind: string;
  readonly status: string;
}
