/** What idle capsules cost in memory and in CPU time, as the slope from few to many.
 *
 *  Each round starts a yard afresh and reads the memory of control plane and agent with some capsules, and with many more. Nothing runs in them but what keeps
 *  them. CPU time is that of both processes over some seconds of rest, with all of them. There is no peer: the aims are absolute. */
import { setTimeout as delay } from "node:timers/promises";
import { type Capsules, openCapsules } from "../harness/capsules.ts";
import { compare } from "../harness/compare.ts";
import type { Bench, Figure } from "../harness/figure.ts";
import { cpuSecondsOf, memoryOf } from "../harness/processes.ts";

/** Enough that what is only allocated once is there. */
const few = 20;
const many = 80;
const atOnce = 4;
const settleMs = 5_000;
const restMs = 10_000;

export const capsuleIdle: Figure = {
  name: "capsule-idle",
  title: "idle capsules: memory of control plane and agent, CPU at rest",
  async run(bench) {
    const perCapsule = { unit: "MiB", score: "ours", aim: { at: "most", limit: 1 } } as const;
    return await compare(bench, {
      metrics: {
        yard: { label: "RSS of the control plane, each", ...perCapsule },
        agent: { label: "RSS of the agent, each", ...perCapsule },
        cpu: { label: `CPU at rest, ${many} idle`, unit: "% of a core", score: "ours", aim: { at: "most", limit: 5 } },
      },
      ours: { name: "runyard", pids: () => [], measure: () => measure(bench) },
      peer: { name: "-", pids: () => [], measure: async () => ({}) },
      warmUp: false, // every round starts cold
    });
  },
};

async function measure(bench: Bench): Promise<Record<"yard" | "agent" | "cpu", number>> {
  await using capsules = await openCapsules(bench, { driver: "namespace" });
  const { serverPid, agentPid } = capsules.yard;
  const settle = (ms: number) => delay(ms, undefined, { signal: bench.signal });
  const memory = () => [serverPid, agentPid].map((pid) => memoryOf([pid]).rssMiB) as [number, number];
  await createSome(capsules, few);
  await settle(settleMs);
  const before = memory();
  await createSome(capsules, many - few);
  await settle(settleMs);
  const after = memory();
  const cpuBefore = cpuSecondsOf([serverPid, agentPid]);
  await settle(restMs);
  const cpu = ((cpuSecondsOf([serverPid, agentPid]) - cpuBefore) / (restMs / 1_000)) * 100;
  return { yard: (after[0] - before[0]) / (many - few), agent: (after[1] - before[1]) / (many - few), cpu };
}

async function createSome(capsules: Capsules, count: number): Promise<void> {
  let left = count;
  const client = async () => {
    while (left-- > 0) await capsules.create();
  };
  await Promise.all(Array.from({ length: atOnce }, client));
}
