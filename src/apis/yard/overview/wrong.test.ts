import assert from "node:assert/strict";
import { test } from "node:test";
import type { HostRow } from "../rows/host.ts";
import { emptyConsole, testPrincipal, viewerOf } from "../testing.ts";
import type { Look } from "./look.ts";
import { wrongOf } from "./wrong.ts";

const gibibyte = 1024 ** 3;

function lookWith(seen: Partial<Look>, isAdmin = false): Look {
  return {
    ...{
      at: 1_000,
      viewer: viewerOf(testPrincipal({ isAdmin })),
      apps: undefined,
      capsules: undefined,
      tasks: undefined,
    },
    ...{ executionsRunning: undefined, containers: undefined, stacks: undefined, hosts: undefined, alerts: undefined },
    ...seen,
  };
}

function hostRow(given: Partial<HostRow>): HostRow {
  return {
    ...{ id: "host_1", name: "one", engineId: "host_1", status: "online", connected: true, isLocal: false, tags: [] },
    ...{ lastSeenAt: 500, team: null, os: null, arch: null, agentVersion: null, dockerVersion: null },
    ...{ cpuCores: null, memoryMb: null, diskMb: null, load: null, ...given },
  };
}

const load = (diskBytes: number) => ({
  ...{ at: 1, cpuPercent: 1, memoryBytes: 1, memoryTotalBytes: 1 },
  ...{ diskBytes: diskBytes * gibibyte, diskTotalBytes: 100 * gibibyte },
});
const wrong = (look: Look) =>
  wrongOf(look, emptyConsole()).items.map(({ kind, severity, name, what }) => `${severity} ${kind} ${name}: ${what}`);

test("hosts that are not heard of come first, and disks that fill up are told", () => {
  const hosts = [
    hostRow({ id: "a", name: "roomy", load: load(80) }),
    hostRow({ id: "b", name: "filling", load: load(92) }),
    hostRow({ id: "c", name: "full", load: load(98) }),
    hostRow({ id: "d", name: "away", status: "unreachable" }),
  ];
  assert.deepEqual(wrong(lookWith({ hosts })), [
    "error host away: Its agent is not heard of.",
    "error disk full: Its disk is 98 % full.",
    "warning disk filling: Its disk is 92 % full.",
  ]);
});

test("an engine that does not answer is wrong where there is one, and its host is there", () => {
  const hosts = [
    hostRow({ id: "a", engineId: "a", name: "has one", dockerVersion: "28" }),
    hostRow({ id: "b", engineId: "b", name: "has none" }),
    hostRow({ id: "c", engineId: "c", name: "is away", dockerVersion: "28", status: "unreachable" }),
  ];
  const unreachable = hosts.map(({ engineId, name }) => ({ hostId: engineId, hostName: name, reason: "It hangs." }));
  const found = wrong(lookWith({ hosts, containers: { containers: [], unreachable } }));
  assert.deepEqual(found, ["error host is away: Its agent is not heard of.", "error engine has one: It hangs."]);
});

test("alerts that fire are told by their container, host and rule", () => {
  const alert = {
    ruleId: 3,
    ruleName: "hot",
    hostId: "host_1",
    containerName: "web",
    since: 7,
    severity: "critical",
  } as const;
  const { items } = wrongOf(lookWith({ hosts: [hostRow({})], alerts: [alert] }), emptyConsole());
  assert.deepEqual(items, [
    { kind: "alert", id: "3", name: "web", severity: "error", what: "The rule hot fires.", since: 7, where: "one" },
  ]);
});

test("what the doctor warns of is for administrators alone", () => {
  const known = { at: 1, findings: [{ name: "clock", state: "warning", what: "It is off.", fix: "Set it." }] } as const;
  const parts = emptyConsole({ doctor: { report: async () => known, known } });
  assert.deepEqual(wrongOf(lookWith({}), parts).items, []);
  assert.deepEqual(
    wrongOf(lookWith({}, true), parts).items.map(({ what }) => what),
    ["It is off. Set it."],
  );
});

test("of very many only the worst are shown, and all are counted", () => {
  const hosts = Array.from({ length: 150 }, (_, i) => hostRow({ id: `${i}`, name: `h${i}`, load: load(95) }));
  hosts.push(hostRow({ id: "away", name: "away", status: "unreachable" }));
  const { items, counts } = wrongOf(lookWith({ hosts }), emptyConsole());
  assert.deepEqual([items.length, items[0]?.name, counts], [100, "away", { host: 1, disk: 150 }]);
});
