import assert from "node:assert/strict";
import { test } from "node:test";
import type { HostRecord } from "./host-record.ts";
import { type Candidate, choosePlace, type WantedPlace } from "./placement.ts";

const overcommit = { cpu: 1.5, memory: 1, disk: 1 };
const usual = { usesOwnHosts: false, overcommit };
const wanted: WantedPlace = { teamId: "team_1", driver: "namespace", vcpus: 1, memoryMb: 512, diskMb: 5_120 };

function host(name: string, changes: Partial<HostRecord> = {}, rest: Partial<Candidate> = {}): Candidate {
  const record: HostRecord = {
    ...{
      id: `host_${name}`,
      name,
      kind: "regular",
      status: "online",
      isLocal: false,
      link: 0,
      tokenEpoch: 0,
      tags: [],
    },
    ...{ cpuCores: 16, memoryMb: 65_536, diskMb: 512_000, createdAt: 0, updatedAt: 0 },
    ...changes,
  };
  return {
    ...{ record, isConnected: true, drivers: new Map([["namespace", { usable: true }]]) },
    load: { vcpus: 0, memoryMb: 0, diskMb: 0 },
    ...rest,
  };
}

const chosen = (candidates: readonly Candidate[], changes: Partial<WantedPlace> = {}, options = usual) =>
  choosePlace(candidates, { ...wanted, ...changes }, options).record.name;

for (const { what, candidate, changes, reason } of [
  { what: "is not connected", candidate: host("rig", {}, { isConnected: false }), reason: /rig cannot be reached/ },
  { what: "has not joined", candidate: host("rig", { status: "pending" }), reason: /rig has not joined yet/ },
  { what: "has no such driver", candidate: host("rig", {}, { drivers: new Map() }), reason: /has no driver namespace/ },
  {
    what: "cannot use the driver",
    candidate: host("rig", {}, { drivers: new Map([["namespace", { usable: false, reason: "no bwrap" }]]) }),
    reason: /cannot use the driver namespace \(no bwrap\)/,
  },
  {
    what: "lacks a tag",
    candidate: host("rig", { tags: ["ssd"] }),
    changes: { tags: ["ssd", "gpu"] },
    reason: /the tag gpu/,
  },
  {
    what: "is tagged for another driver than one that nobody asked for",
    candidate: host("rig", { tags: ["driver:microvm"] }),
    changes: { yieldsToTag: true },
    reason: /rig is tagged for the driver microvm/,
  },
  {
    what: "would have to emulate what may not be emulated",
    candidate: host("rig", {}, { drivers: new Map([["namespace", { usable: true, isEmulated: true }]]) }),
    changes: { unlessEmulated: true },
    reason: /rig would have to emulate the driver namespace/,
  },
  {
    what: "is short of memory",
    candidate: host("rig", {}, { load: { vcpus: 0, memoryMb: 57_000, diskMb: 0 } }),
    reason: /rig has 344 MiB of memory left, and 512 are needed/,
  },
  {
    what: "is short of disk",
    candidate: host("rig", {}, { load: { vcpus: 0, memoryMb: 0, diskMb: 480_000 } }),
    reason: /rig has 1280 MiB of disk left, and 5120 are needed/,
  },
  { what: "is a team's own", candidate: host("rig", { kind: "byoc", teamId: "team_1" }), reason: /none for everybody/ },
] as const) {
  test(`a host that ${what} is not chosen, and the error says so`, () => {
    const both = [host("atlas"), candidate];
    assert.equal(chosen(both, changes && "tags" in changes ? {} : changes), "atlas");
    assert.throws(() => chosen([candidate], changes), { code: "unavailable", field: "host", message: reason });
  });
}

test("the host is chosen whose scarcest resource has the most room", () => {
  const hosts = [
    host("memory", {}, { load: { vcpus: 0, memoryMb: 40_000, diskMb: 0 } }),
    host("disk", {}, { load: { vcpus: 0, memoryMb: 0, diskMb: 200_000 } }),
    host("busy", {}, { load: { vcpus: 17, memoryMb: 0, diskMb: 0 } }),
  ];
  assert.equal(chosen(hosts), "disk");
});

test("processors may all be given away: what is busy is only the last to be chosen", () => {
  const busy = host("busy", {}, { load: { vcpus: 100, memoryMb: 0, diskMb: 0 } });
  assert.equal(chosen([busy]), "busy");
  assert.equal(chosen([busy, host("free", { memoryMb: 16_384 })]), "free");
});

test("a machine of 4 GiB is a host, too", () => {
  const small = host("pi", { cpuCores: 2, memoryMb: 3_800, diskMb: 30_000 });
  assert.equal(chosen([small]), "pi");
});

test("memory and disk are given away as often over as the settings say", () => {
  const full = host("rig", {}, { load: { vcpus: 0, memoryMb: 57_344, diskMb: 0 } });
  assert.throws(() => chosen([full]), { code: "unavailable" });
  assert.equal(chosen([full], {}, { ...usual, overcommit: { ...overcommit, memory: 2 } }), "rig");
});

test("a team that has its own hosts is on those alone, and on no other team's", () => {
  const hosts = [
    host("everybody's"),
    host("own", { kind: "byoc", teamId: "team_1" }),
    host("other", { kind: "byoc", teamId: "team_2" }),
  ];
  assert.equal(chosen(hosts, {}, { ...usual, usesOwnHosts: true }), "own");
  assert.throws(() => chosen([hosts[0]!, hosts[2]!], {}, { ...usual, usesOwnHosts: true }), {
    message: /the team has none of its own/,
  });
});

test("a host that is asked for is chosen, or none", () => {
  const hosts = [host("atlas"), host("rig", {}, { load: { vcpus: 0, memoryMb: 10_000, diskMb: 0 } })];
  assert.equal(chosen(hosts, { hostId: "host_rig" }), "rig");
  assert.throws(() => chosen(hosts, { hostId: "host_x" }), { message: /not among those/ });
});

test("a host that is tagged for a driver emulates it, too", () => {
  const drivers = new Map([["namespace", { usable: true, isEmulated: true } as const]]);
  const tagged = host("rig", { tags: ["driver:namespace"] }, { drivers });
  assert.equal(chosen([tagged], { yieldsToTag: true, unlessEmulated: true }), "rig");
});

test("a tag for a driver does not keep out what asks for another one", () => {
  assert.equal(chosen([host("rig", { tags: ["driver:microvm"] })]), "rig");
});
