import assert from "node:assert/strict";
import { test } from "node:test";
import { readStats, usageOf } from "./usage.ts";

const report = (total: number, system: number, more: object = {}) => ({
  read: "2026-01-01T00:00:00Z",
  cpu_stats: { cpu_usage: { total_usage: total }, system_cpu_usage: system, online_cpus: 4 },
  precpu_stats: { cpu_usage: { total_usage: 0 } },
  memory_stats: { usage: 1_000, limit: 4_000, stats: { inactive_file: 200 } },
  networks: { eth0: { rx_bytes: 1, tx_bytes: 2 }, eth1: { rx_bytes: 10, tx_bytes: 20 } },
  blkio_stats: {
    io_service_bytes_recursive: [
      { major: 8, minor: 0, op: "read", value: 5 },
      { major: 8, minor: 0, op: "Write", value: 6 },
      { major: 8, minor: 16, op: "Read", value: 50 },
      { major: 8, minor: 16, op: "Total", value: 99 },
    ],
  },
  pids_stats: { current: 3 },
  ...more,
});

const read = (value: unknown) => {
  const stats = readStats(value);
  assert.ok(stats);
  return stats;
};

test("CPU is a share of one core, memory is without the page cache, the rest is added up", () => {
  const usage = usageOf(read(report(500, 3_000)), read(report(100, 1_000)));
  assert.deepEqual(usage, {
    ...{ cpuPercent: 80, memoryBytes: 800, memoryLimitBytes: 4_000, memoryPercent: 20 },
    ...{ receivedBytes: 11, sentBytes: 22, readBytes: 55, writtenBytes: 6, processes: 3 },
  });
});

test("the engine's own earlier report serves where there is no other, and none is no use", () => {
  const precpu_stats = { cpu_usage: { total_usage: 400 }, system_cpu_usage: 2_000 };
  assert.equal(usageOf(read(report(500, 3_000, { precpu_stats }))).cpuPercent, 40);
  assert.equal(usageOf(read(report(500, 3_000))).cpuPercent, 0);
  assert.equal(usageOf(read(report(100, 9_000)), read(report(500, 3_000))).cpuPercent, 0);
});

test("older engines count cores by their times, and the cache by another name", () => {
  const cpu_stats = { cpu_usage: { total_usage: 500, percpu_usage: [1, 2] }, system_cpu_usage: 3_000 };
  const memory_stats = { usage: 1_000, limit: 4_000, stats: { total_inactive_file: 900, inactive_file: 1 } };
  const usage = usageOf(read(report(0, 0, { cpu_stats, memory_stats })), read(report(100, 1_000)));
  assert.equal(usage.cpuPercent, 40);
  assert.equal(usage.memoryBytes, 100);
});

test("a container that does not run uses nothing, and what is no report is none", () => {
  const stopped = { cpu_stats: { cpu_usage: { total_usage: 0 } }, memory_stats: {}, blkio_stats: {}, pids_stats: {} };
  assert.deepEqual(new Set(Object.values(usageOf(read(stopped)))), new Set([0]));
  for (const value of [undefined, "x", {}, { cpu_stats: { cpu_usage: { total_usage: "1" } } }])
    assert.equal(readStats(value), undefined);
});
