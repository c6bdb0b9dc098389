/** What a container with an outbound network reaches, and what it does not: in the engine's own network, where this test runs itself once more, with addresses of
 *  every kind on the host's side of it. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { skipWithoutDocker, startDocker } from "../../../test/support/docker.ts";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { openContainerDriver } from "./driver.ts";

const inside = process.env.NETWORK_TEST_SOCKET;
const needs = { skip: skipWithoutDocker() };

if (inside === undefined) {
  test("an outbound network leads to public addresses, and nowhere else", needs, async () => {
    await using docker = await startDocker();
    const itself = fileURLToPath(import.meta.url);
    // Its own limit is the shorter one, so that what takes too long is named.
    const node = [process.execPath, "--test-reporter=spec", "--test-timeout=60000", itself];
    const argv = [`--net=/proc/${docker.pid}/ns/net`, ...node];
    const env = { ...process.env, NETWORK_TEST_SOCKET: docker.socketPath, NODE_TEST_CONTEXT: undefined };
    const child = spawn("nsenter", argv, { stdio: ["ignore", "pipe", "inherit"], env });
    let said = "";
    child.stdout.on("data", (bytes: Buffer) => {
      said += bytes;
    });
    const [code] = await once(child, "exit");
    assert.equal(code, 0, said);
    assert.match(said, /pass [1-9]/);
  });
} else {
  const directory = temporaryDirectory();
  const driver = await openContainerDriver({ directory: directory.path, socketPaths: [inside] });
  // Somebody else's machine, by way of another network namespace: a public address, and a private one.
  const ip = (...args: string[]) => execFileSync("ip", args);
  ip("netns", "add", "ry-out");
  ip("link", "add", "ry-up", "type", "veth", "peer", "name", "ry-far", "netns", "ry-out");
  for (const address of ["8.8.4.1/24", "10.77.0.1/24"]) ip("address", "add", address, "dev", "ry-up");
  ip("link", "set", "ry-up", "up");
  for (const address of ["8.8.4.4/24", "10.77.0.9/24"]) ip("-n", "ry-out", "address", "add", address, "dev", "ry-far");
  ip("-n", "ry-out", "link", "set", "ry-far", "up");
  ip("-n", "ry-out", "route", "add", "default", "via", "8.8.4.1");
  const far = spawn("ip", ["netns", "exec", "ry-out", "busybox", "nc", "-ll", "-p", "80", "-e", "/bin/echo", "far"]);
  const host = createServer((socket) => socket.end("host")).listen(8080, "0.0.0.0");
  await once(host, "listening");
  after(async () => {
    far.kill("SIGKILL");
    host.close();
    for (const sandbox of await driver.sandboxes()) await sandbox.destroy();
    await driver[Symbol.asyncDispose]();
    ip("netns", "delete", "ry-out");
    directory[Symbol.dispose]();
  });

  let number = 0;
  async function said(sandbox: Awaited<ReturnType<typeof driver.create>>, script: string): Promise<string> {
    const process = await sandbox.exec({ id: `p${number++}`, argv: ["sh", "-c", script] });
    await process.exited;
    return (await process.output.read({ position: 0, maxBytes: 10_000 })).bytes.toString().trim();
  }
  const reach = (address: string, port: number) => `nc -w 2 ${address} ${port} </dev/null 2>/dev/null || echo refused`;

  test("public addresses are reached, private ones, the host and other containers are not", async () => {
    const one = await driver.create({ id: "one", network: "outbound" });
    const other = await driver.create({ id: "other", network: "outbound" });
    await other.exec({ id: "server", argv: ["nc", "-ll", "-p", "80", "-e", "/bin/echo", "other"] });
    assert.equal(await said(one, reach("8.8.4.4", 80)), "far");
    assert.equal(await said(one, reach("10.77.0.9", 80)), "refused"); // the same machine, by its private address
    const gateway = await said(one, "ip route | sed -n 's/default via \\([^ ]*\\).*/\\1/p'");
    const neighbour = await said(other, "hostname -i");
    for (const address of [gateway, "10.77.0.1", "8.8.4.1", "169.254.169.254"]) {
      assert.equal(await said(one, reach(address, 8080)), "refused", address);
    }
    assert.match(neighbour, /^172\./);
    assert.equal(await said(one, reach(neighbour, 80)), "refused");
    assert.equal(await said(one, "ping -c 1 -W 1 8.8.4.4 >/dev/null 2>&1 || echo no raw sockets"), "no raw sockets");
    const none = await driver.create({ id: "none" });
    assert.equal(await said(none, reach("8.8.4.4", 80)), "refused");
  });

  test("rules that somebody has thrown away are there again before anything goes on", async () => {
    const sandbox = await driver.reattach({ driver: "container", version: 1, id: "one" });
    await sandbox.pausing?.pause();
    for (const chain of ["DOCKER-USER", "INPUT"]) execFileSync("iptables", ["-F", chain]);
    await sandbox.pausing?.resume();
    assert.equal(await said(sandbox, reach("10.77.0.9", 80)), "refused");
    assert.equal(await said(sandbox, reach("8.8.4.1", 8080)), "refused");
  });

  test("the last of these containers takes the network and its rules along", async () => {
    for (const sandbox of await driver.sandboxes()) await sandbox.destroy();
    assert.doesNotMatch(execFileSync("iptables", ["-S"]).toString(), /RUNYARD|-i ry/);
    assert.doesNotMatch(execFileSync("ip", ["link"]).toString(), /: ry[a-z0-9]{12,}/);
  });
}
