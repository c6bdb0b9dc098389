import assert from "node:assert/strict";
import { test } from "node:test";
import { createMachines, type MachineReport } from "./machines.ts";

const gibibyte = 1024 ** 3;
const usual: MachineReport = {
  ...{ cpuProcessors: 4, load: [2, 1, 1], uptimeSeconds: 60, memoryTotalBytes: 8, memoryFreeBytes: 5 },
  disks: [
    { mountPoint: "/data", totalBytes: 9 * gibibyte, usedBytes: 1 },
    { mountPoint: "/", totalBytes: gibibyte, usedBytes: 2 },
  ],
};

/** @param busy of 100 more milliseconds with each report */
function open(...busy: number[]) {
  let [busyMs, totalMs, now, asked] = [0, 0, 0, 0];
  const machines = createMachines({
    clock: { now: () => 0, monotonic: () => now },
    async report() {
      asked++;
      busyMs += busy.shift() ?? 0;
      totalMs += 100;
      return { ...usual, cpuTimes: { busyMs, totalMs } };
    },
  });
  return {
    machines,
    pass: (ms: number) => {
      now += ms;
    },
    asked: () => asked,
  };
}

test("CPU use is what was busy between two looks: of now, or the last one where that was not long ago", async () => {
  const { machines, pass, asked } = open(10, 20, 30, 0, 40);
  assert.equal((await machines.use("h")).cpuPercent, 20);
  assert.equal(asked(), 2);
  pass(1_000);
  assert.equal((await machines.use("h")).cpuPercent, 30);
  assert.equal(asked(), 3);
  pass(120_000);
  assert.equal((await machines.use("h")).cpuPercent, 40);
  assert.equal(asked(), 5);
});

test("an agent that does not tell is judged by its load, and a machine has the disk of its root", async () => {
  const machines = createMachines({ clock: { now: () => 0, monotonic: () => 0 }, report: async () => usual });
  const use = await machines.use("h");
  assert.deepEqual(
    [use.cpuPercent, use.cores, use.memoryBytes, use.memoryTotalBytes, use.disk?.mountPoint, use.uptimeSeconds],
    [50, 4, 3, 8, "/", 60],
  );
});
