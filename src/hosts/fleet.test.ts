import assert from "node:assert/strict";
import { performServerHandshake } from "node:http2";
import type { Socket } from "node:net";
import { test } from "node:test";
import { protocolVersion } from "../agent/protocol.ts";
import type { TestDatabase } from "../platform/db/testing.ts";
import { eachDialect } from "../platform/db/testing.ts";
import { socketPair } from "../platform/socket-pair.ts";
import { until } from "../platform/testing/until.ts";
import { createAgentHost } from "./agent-host.ts";
import { type Fleet, openFleet } from "./fleet.ts";
import type { HostChange } from "./hosts.ts";
import { createLiveness } from "./liveness.ts";
import { openTestEnrolment, type TestEnrolment } from "./test-enrolment.ts";
import { answerJson, connectTo, serveStandIn, silentLog } from "./testing.ts";

const machine = { arch: "x86_64", cpuCores: 8, memoryMb: 16_384, diskMb: 100_000 };

/** An agent's end of a tunnel that says who it is, and nothing else. */
async function dialInto(fleet: Fleet, hostId: string, hostname: string): Promise<Socket> {
  const [near, far] = await socketPair();
  const session = performServerHandshake(far);
  session.on("error", () => {});
  session.on("stream", (stream, headers) => {
    stream.on("error", () => {});
    const info = { version: "0", protocol: protocolVersion, pid: 1, startedAt: 0, hostname, osUser: "test", machine };
    const drivers = [
      {
        name: "namespace",
        can: { pause: "none", ownFiles: true, osUsers: false, limits: true, terminal: false },
        availability: { usable: true },
      },
    ];
    if (headers[":path"] === "/v1/info") answerJson(stream, { ...info, drivers });
    else answerJson(stream, {}, 204);
  });
  near.on("error", () => {});
  far.on("error", () => {});
  await fleet.moor(hostId, near);
  return far;
}

interface TestYard extends AsyncDisposable {
  readonly fleet: Fleet;
  readonly changes: readonly HostChange[];
}

/** A yard of that name on the database of these hosts. */
async function openYard({ database, clock, registry }: TestEnrolment, name: string): Promise<TestYard> {
  await using opened = new AsyncDisposableStack();
  const id = `host_${name}`;
  const agent = opened.use(await serveStandIn((stream) => answerJson(stream, {})));
  const connection = opened.use(connectTo(agent));
  const yards = new Map(["atlas", "borea"].map((yard) => [`host_${yard}`, { name: yard, isLive: true }]));
  const fleet = opened.use(
    await openFleet({
      ...{ registry, log: silentLog, yardId: id, local: createAgentHost(id, connection, silentLog) },
      liveness: createLiveness({ database, clock, tell() {}, changed: async () => {} }),
      findYard: async (yardId) => yards.get(yardId),
      usesOwnHosts: async () => false,
      loads: async () => new Map(),
      overcommit: { cpu: 1.5, memory: 1, disk: 1 },
      times: { lookMs: 20, judgeMs: 50 },
    }),
  );
  const changes: HostChange[] = [];
  fleet.onChange((change) => changes.push(change));
  const lifetime = opened.move();
  return { fleet, changes, [Symbol.asyncDispose]: () => lifetime.disposeAsync() };
}

const whoAnswers = async (fleet: Fleet, hostId: string) => (await fleet.get(hostId).info()).hostname;

eachDialect("the fleet", (open: () => Promise<TestDatabase>) => {
  test("a host that connects is there for everybody, with what its machine has, and a lost one is told of", async () => {
    await using hosts = await openTestEnrolment(open());
    const { host } = await hosts.join();
    await using yard = await openYard(hosts, "atlas");
    const { fleet, changes } = yard;
    const tunnel = await dialInto(fleet, host.id, "rig");
    await until(() => changes.some(({ hostId, isConnected }) => hostId === host.id && isConnected));
    assert.equal(await whoAnswers(fleet, host.id), "rig");
    assert.equal((await hosts.registry.get(host.id)).memoryMb, machine.memoryMb);
    const wanted = { teamId: "team_1", driver: "namespace", vcpus: 1, memoryMb: 512, diskMb: 1_024 };
    assert.equal((await fleet.place(wanted)).id, host.id);
    tunnel.destroy();
    await until(() => changes.at(-1)?.isConnected === false);
    await assert.rejects(fleet.place(wanted), { code: "unavailable", message: /rig cannot be reached/ });
  });

  test("of two tunnels of one host the newer one is used, and the older one cut", async () => {
    await using hosts = await openTestEnrolment(open());
    const { host } = await hosts.join();
    await using yard = await openYard(hosts, "atlas");
    const older = await dialInto(yard.fleet, host.id, "older");
    assert.equal(await whoAnswers(yard.fleet, host.id), "older");
    await dialInto(yard.fleet, host.id, "newer");
    await until(() => older.destroyed);
    assert.equal(await whoAnswers(yard.fleet, host.id), "newer");
  });

  test("an agent that goes to another yard is that one's: the first lets go of it, and says where it is", async () => {
    await using hosts = await openTestEnrolment(open());
    const { host } = await hosts.join();
    await using atlas = await openYard(hosts, "atlas");
    await using borea = await openYard(hosts, "borea");
    const first = await dialInto(atlas.fleet, host.id, "rig");
    await dialInto(borea.fleet, host.id, "rig");
    await until(() => first.destroyed);
    assert.equal(await whoAnswers(borea.fleet, host.id), "rig");
    await until(() => !atlas.fleet.get(host.id).connected);
    await assert.rejects(atlas.fleet.get(host.id).info(), {
      code: "unavailable",
      message: /connected to the yard on borea: ask there/,
    });
    const listed = ({ fleet }: TestYard) => fleet.list().map(({ id }) => id);
    assert.deepEqual([listed(atlas).includes(host.id), listed(borea).includes(host.id)], [false, true]);
    assert.deepEqual(await atlas.fleet.find(host.id), { name: "rig", isLive: true });
  });

  test("the tunnel of a host that is removed is cut, wherever it was removed", async () => {
    await using hosts = await openTestEnrolment(open());
    const { host } = await hosts.join();
    await using yard = await openYard(hosts, "atlas");
    const tunnel = await dialInto(yard.fleet, host.id, "rig");
    await hosts.registry.remove(host.id);
    await until(() => tunnel.destroyed);
    await until(() => yard.changes.some(({ hostId, status }) => hostId === host.id && status === undefined));
    assert.throws(() => yard.fleet.get(host.id), { code: "not_found" });
    await assert.rejects(dialInto(yard.fleet, host.id, "rig"), { code: "not_found" });
  });

  test("a host that no machine is yet says so at once", async () => {
    await using hosts = await openTestEnrolment(open());
    const { id } = await hosts.add({ name: "rig" });
    await using yard = await openYard(hosts, "atlas");
    await assert.rejects(yard.fleet.get(id).info(), { code: "unavailable", message: /rig has not joined yet/ });
  });
});
