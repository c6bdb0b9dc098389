/** What a machine with a network reaches, and what it does not. The rules are those of the namespace driver, and are tried there one by one; here it is shown that
 *  a machine is behind them. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { after, test } from "node:test";
import { skipUnless } from "../../platform/testing/parts.ts";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { until } from "../../platform/testing/until.ts";
import { outputOf } from "../conformance/suite.ts";
import { findTool } from "../namespace/availability.ts";
import { gateway } from "../namespace/network/addresses.ts";
import { echoPort, enterWorld, host, outside } from "../namespace/network/testing/world.ts";
import type { Sandbox } from "../sandbox.ts";
import { openMicrovmDriver } from "./driver.ts";
import { guestNetwork } from "./emulator-arguments.ts";
import { lendGoldenImage, skipWithoutMachines } from "./testing.ts";

const hasTools = findTool("nft") !== undefined && findTool("ip") !== undefined;
const needs = {
  skip: skipWithoutMachines() || skipUnless(hasTools, "nft and ip", "apt-get install nftables iproute2"),
};
/** What it has sent may still be on its way through the emulator. */
const healsWithinMs = 60_000;

test("a machine with a network", needs, async (t) => {
  using directory = temporaryDirectory();
  await lendGoldenImage(directory.path);
  await using _world = await enterWorld();
  const nameServers = () => [{ address: outside.gateway, port: 53 }];
  await using driver = await openMicrovmDriver({ directory: directory.path, nameServers });
  after(async () => {
    for (const one of await driver.sandboxes()) await one.destroy();
  });
  const run = async (machine: Sandbox, script: string) =>
    (await outputOf(await machine.exec({ id: randomUUID(), argv: ["sh", "-c", script] }))).trim();
  const echo = (address: string, port: number = echoPort) => `echo well | nc -w 2 ${address} ${port} 2>/dev/null; true`;
  const eachOf = (addresses: readonly string[], port?: number) =>
    `${addresses.map((address) => `{ ${echo(address, port)}; } &`).join(" ")} wait`;
  /** The busybox inside resolves no names for its other programs: it has no library for that. */
  const addressOf = (name: string) => `nslookup ${name} 2>/dev/null | sed -n '/^Name/,$s/^Address.*: *//p'`;
  const machine = await driver.create({ id: "outgoing", network: "outbound" });

  await t.test("reaches public addresses, and finds them by their names", async () => {
    assert.equal(await run(machine, echo(outside.public)), "well");
    assert.equal(await run(machine, addressOf("public.example")), outside.public);
  });

  await t.test("reaches no address that is not public", async () => {
    assert.equal(await run(machine, eachOf(["10.1.2.3", "169.254.169.254", outside.gateway])), "");
  });

  await t.test("does not reach the host, by whichever of its addresses", async () => {
    await using server = createServer((socket) => socket.on("error", () => {}).pipe(socket)).listen(0, "0.0.0.0");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    assert.equal(await run(machine, eachOf([host.private, host.public, gateway, guestNetwork.gateway], port)), "");
  });

  await t.test("leaves another one its network, and stays within reach, when it floods its own", async () => {
    const other = await driver.create({ id: "neighbour", network: "outbound" });
    const endlessly = (command: string) => `{ while :; do ${command}; done } >/dev/null 2>&1 &`;
    const datagrams = [outside.public, "10.1.2.3", outside.gateway].map((address) =>
      endlessly(`nc -u -w 1 ${address} 9 </dev/zero`),
    );
    const connections = endlessly(`nc -w 1 ${outside.public} 9; nc -w 1 10.1.2.3 9`);
    const names = endlessly("nslookup flood.example");
    const script = [...datagrams, connections, names, "wait"].join(" ");
    const flood = await machine.exec({ id: "flood", argv: ["sh", "-c", script] });
    for (let look = 0; look < 3; look++) {
      assert.equal(await run(other, echo(outside.public)), "well");
      assert.equal(await run(other, addressOf("public.example")), outside.public);
      assert.equal(await run(machine, "echo well"), "well");
    }
    await flood.stop({ graceMs: 0 });
    await until(async () => (await run(machine, echo(outside.public))) === "well", { timeoutMs: healsWithinMs });
    await other.destroy();
  });

  await t.test("has it again after a pause", async () => {
    await machine.pausing?.pause();
    await machine.pausing?.resume();
    assert.equal(await run(machine, addressOf("public.example")), outside.public);
  });

  await t.test("is not in the way of one without, which reaches nothing", async () => {
    const alone = await driver.create({ id: "alone" });
    assert.equal(await run(alone, echo(outside.public)), "");
    await alone.destroy();
  });

  await machine.destroy();
});
