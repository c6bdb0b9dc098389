/** What a list of 51 containers costs, half of which run.
 *
 *  Ours: `GET /api/v1/containers?all=1` with a Bearer token, from the yard's inventory: authenticated, permission-checked, and no older than the request.
 *  Peer: `GET /containers/json?all=1` of the engine itself, over its own socket. Both are asked by the same client, one request after the other, on a
 *  connection that stays open.
 *  A cache is quick as long as it may be wrong. So each round begins with changes that are made behind the yard's back, through the engine; what the
 *  yard lists as soon as the engine has answered must be what the engine lists then, to the letter, or there is no figure.
 *  CPU time is that of the yard and the engine together, and for the peer of the engine alone. */
import { isDeepStrictEqual } from "node:util";
import { compare } from "../harness/compare.ts";
import type { Figure } from "../harness/figure.ts";
import { dockmesh, engineApi, type FleetBench, openFleetBench } from "../harness/fleet.ts";
import { timesOf } from "../harness/load.ts";
import { cpuSecondsOf } from "../harness/processes.ts";
import { median } from "../harness/statistics.ts";

const count = 51;
const listsPerRound = 300;
const changesPerRound = 5;
/** A second may pass between two lists, and `Up 3 seconds` with it. */
const looksPerChange = 5;

export const fleetInventory: Figure = {
  name: "fleet-inventory",
  title: `list of ${count} containers`,
  async run(bench) {
    await using fleet = await openFleetBench(bench);
    const { yard, docker } = fleet;
    for (let number = 0; number < count; number++) {
      const id = await fleet.create(`service-${number}`, ["sleep", "1000000"]);
      if (number % 2 === 0) await fleet.start(id);
    }
    const measure = async (pids: readonly number[], list: () => Promise<unknown>) => {
      await timesOf(listsPerRound / 10, list); // after a change an inventory needs a moment
      const before = cpuSecondsOf(pids);
      const time = median(await timesOf(listsPerRound, list));
      return { time, cpu: ((cpuSecondsOf(pids) - before) / listsPerRound) * 1e6 };
    };
    const aim = { at: "most", limit: 0.3 } as const;
    return await compare(bench, {
      metrics: {
        time: { label: `list of ${count}`, unit: "ms", score: "ratio", aim },
        cpu: { label: "the same, CPU of the servers", unit: "µs", score: "ratio" },
      },
      ours: {
        name: "runyard",
        pids: () => [yard.serverPid, yard.agentPid],
        async measure() {
          for (let number = 0; number < changesPerRound; number++) await proveTrue(fleet, number);
          return measure([yard.serverPid, docker.enginePid], () => listOfYard(fleet));
        },
      },
      peer: {
        name: "engine",
        pids: () => [docker.enginePid],
        measure: () => measure([docker.enginePid], () => listOfEngine(fleet)),
      },
    });
  },
};

const listOfYard = ({ yard }: FleetBench) => yard.call("GET", `${dockmesh}/containers?all=1`);
const listOfEngine = ({ engine }: FleetBench) =>
  engine.call({ method: "GET", path: `${engineApi}/containers/json?all=1` });

/** Another name, and running or not. @throws {Error} if the yard lists anything else than the engine */
async function proveTrue(fleet: FleetBench, number: number): Promise<void> {
  const name = `service-${number}`;
  const act = (action: string) => fleet.engine.call({ method: "POST", path: `${engineApi}/containers/${action}` });
  for (const change of [`${name}/rename?name=renamed`, "renamed/restart?t=0", `renamed/rename?name=${name}`]) {
    await act(change);
    for (let look = 1; ; look++) {
      const [ours, theirs] = [await listOfYard(fleet), await listOfEngine(fleet)].map(({ body }) =>
        JSON.parse(body.toString()),
      );
      if (isDeepStrictEqual(ours, theirs)) break;
      if (look === looksPerChange || !isDeepStrictEqual(withoutStatus(ours), withoutStatus(theirs)))
        throw new Error(`after ${change} the yard's list is not the engine's`);
    }
  }
}

function withoutStatus(rows: readonly { readonly Status: string }[]) {
  return rows.map(({ Status, ...row }) => row);
}
