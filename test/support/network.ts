/** Machines of their own, as far as the network goes: network namespaces of this one, each with a cable to it. */
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createServer } from "node:net";
import { promisify } from "node:util";

const run = promisify(execFile);
const ip = (...args: readonly string[]) => run("ip", args);

export interface TestMachine extends AsyncDisposable {
  /** Of this machine, as seen from there. */
  readonly gateway: string;
  /** Runs there what follows it. */
  readonly inside: readonly string[];
  unplug(): Promise<void>;
  plug(): Promise<void>;
}

/** Why there are none here, if so. */
export function noMachines(): string | undefined {
  const name = `ry-probe-${randomBytes(3).toString("hex")}`;
  try {
    execFileSync("ip", ["netns", "add", name], { stdio: "pipe" });
    execFileSync("ip", ["netns", "delete", name], { stdio: "pipe" });
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Addresses of the range that is kept for tests of networks (RFC 2544). */
export async function openMachine(): Promise<TestMachine> {
  const random = randomBytes(3);
  const name = `ry-${random.toString("hex")}`;
  const subnet = `198.${18 + (random[0]! & 1)}.${random[1]}`;
  const host = (random[2]! & 0xfc) | 1;
  const gateway = `${subnet}.${host}`;
  await using opened = new AsyncDisposableStack();
  await ip("netns", "add", name);
  opened.defer(async () => void (await ip("netns", "delete", name)));
  await ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name);
  opened.defer(async () => void (await ip("link", "delete", name)));
  await ip("address", "add", `${gateway}/30`, "dev", name);
  await ip("link", "set", name, "up");
  for (const args of [
    ["address", "add", `${subnet}.${host + 1}/30`, "dev", "eth0"],
    ["link", "set", "lo", "up"],
    ["link", "set", "eth0", "up"],
    ["route", "add", "default", "via", gateway],
  ])
    await ip("-n", name, ...args);
  const lifetime = opened.move();
  return {
    gateway,
    // Not `ip netns exec`, which also puts another /sys in place of ours, and with that no control groups.
    inside: ["nsenter", `--net=/run/netns/${name}`],
    unplug: async () => void (await ip("link", "set", name, "down")),
    plug: async () => void (await ip("link", "set", name, "up")),
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}

/** For a server that listens on several addresses, or again after its end. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  assert.ok(typeof address === "object" && address);
  return address.port;
}
