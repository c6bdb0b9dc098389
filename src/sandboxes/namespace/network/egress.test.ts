/** What a sandbox with a network reaches, and what it does not, tried from inside against real addresses of every kind. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { after, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { skipUnless } from "../../../platform/testing/parts.ts";
import { temporaryDirectory } from "../../../platform/testing/temporary-directory.ts";
import { until } from "../../../platform/testing/until.ts";
import type { LocalSandbox } from "../../sandbox.ts";
import { findPrograms, findTool } from "../availability.ts";
import { openNamespaceDriver } from "../driver.ts";
import { gateway } from "./addresses.ts";
import { echoPort, enterWorld, host, openNeighbour, outside } from "./testing/world.ts";

const { availability } = await findPrograms();
const isHere = availability.usable && findTool("nft") !== undefined && findTool("ip") !== undefined;
const needs = { skip: skipUnless(isHere, "what sandboxes with a network need", JSON.stringify(availability)) };
const world = isHere ? await enterWorld() : undefined;
after(() => world?.[Symbol.asyncDispose]());
const directory = temporaryDirectory();
after(() => directory[Symbol.dispose]());
const options = {
  directory: directory.path,
  nameServers: () => [{ address: outside.gateway, port: 53 }],
};
const open = () => openNamespaceDriver(options);
/** Another firewall of the host, as Docker and others set it up. */
function setFirewall(policy: "drop" | "accept"): void {
  const chain = `add chain ip filter FORWARD { type filter hook forward priority 0; policy ${policy}; }`;
  execFileSync("nft", [`add table ip filter; ${chain}`]);
}
if (isHere) setFirewall("drop");
const forwardingOfEth0 = () => readFileSync("/proc/sys/net/ipv4/conf/eth0/forwarding", "latin1").trim();

type Attempt = readonly [kind: "tcp" | "udp" | "icmp", address: string, port: number];

/** Each as `answered`, or the name of the error. */
const prober = `
import errno, json, socket, sys
def attempt(kind, address, port):
    try:
        if kind == "tcp":
            with socket.create_connection((address, port), 3) as s:
                s.sendall(b"hello"); s.shutdown(socket.SHUT_WR)
                return "answered" if s.recv(9) == b"hello" else "closed"
        icmp = socket.IPPROTO_ICMP if kind == "icmp" else 0
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM, icmp) as s:
            s.settimeout(1); s.connect((address, port))
            s.send(b"\\x08\\0\\0\\0\\0\\0\\0\\1hello" if kind == "icmp" else b"hello")
            return "answered" if s.recv(99).endswith(b"hello") else "strange"
    except OSError as error:
        return errno.errorcode.get(error.errno, "TIMEOUT")
print(json.dumps([attempt(*one) for one in json.loads(sys.argv[1])]))`;

async function run(sandbox: LocalSandbox, ...argv: string[]): Promise<string> {
  const process = await sandbox.exec({ id: randomUUID(), argv });
  await process.exited;
  return (await process.output.read({ position: 0, maxBytes: 1024 * 1024 })).bytes.toString();
}
async function attempt(sandbox: LocalSandbox, attempts: readonly Attempt[]): Promise<Record<string, string>> {
  const results: unknown = JSON.parse(await run(sandbox, "python3", "-c", prober, JSON.stringify(attempts)));
  assert.ok(Array.isArray(results));
  return Object.fromEntries(attempts.map(([kind, address], i) => [`${kind} ${address}`, String(results[i])]));
}
const everyKind = (address: string): Attempt[] => [
  ["tcp", address, echoPort],
  ["udp", address, echoPort],
  ["icmp", address, 0],
];
async function assertRefused(sandbox: LocalSandbox, attempts: readonly Attempt[]): Promise<void> {
  const results = await attempt(sandbox, attempts);
  for (const [what, result] of Object.entries(results)) assert.match(result, /^E|TIMEOUT/, what);
}

test("a sandbox with a network", needs, async (t) => {
  let driver = await open();
  let sandbox = await driver.create({ id: "outgoing", network: "outbound" });
  const other = await driver.create({ id: "other", network: "outbound" });
  after(async () => {
    for (const one of await driver.sandboxes()) await one.destroy();
    await driver[Symbol.asyncDispose]();
  });
  assert.deepEqual(driver.can.networks, ["none", "outbound"]);
  const addressIn = async (one: LocalSandbox) => (await run(one, "hostname", "-I")).trim();

  await t.test("reaches public addresses by TCP, UDP and ICMP", async () => {
    const results = await attempt(sandbox, everyKind(outside.public));
    assert.deepEqual(new Set(Object.values(results)), new Set(["answered"]), JSON.stringify(results));
  });

  await t.test("reaches no address that is not public", async () => {
    await assertRefused(sandbox, outside.closed.flatMap(everyKind));
    await assertRefused(sandbox, everyKind(outside.gateway));
    await assertRefused(sandbox, [
      ["udp", "255.255.255.255", echoPort],
      ["udp", "224.0.0.1", echoPort],
    ]);
  });

  await t.test("does not reach the host, by whichever of its addresses", async () => {
    await using server = createServer((socket) => socket.on("error", () => {}).pipe(socket)).listen(0, "0.0.0.0");
    await once(server, "listening");
    const { port } = server.address() as { port: number };
    const route = await run(sandbox, "sh", "-c", "cat /proc/net/route");
    assert.match(route, /eth0/);
    const uplinks = [...execFileSync("ip", ["-4", "-o", "address"], { encoding: "utf8" }).matchAll(/inet ([\d.]+)/g)];
    const addresses = [...uplinks.map(([, address = ""]) => address), gateway];
    assert.ok(addresses.includes(host.public) && addresses.length >= 5, addresses.join());
    const notItsOwn = addresses.filter((address) => !address.startsWith("127."));
    await assertRefused(
      sandbox,
      notItsOwn.flatMap((address): Attempt[] => [
        ["tcp", address, port],
        ["udp", address, port],
      ]),
    );
    await assertRefused(sandbox, [["tcp", "127.0.0.1", port]]);
  });

  await t.test("does not reach another sandbox", async () => {
    const listen = 'import socket; s = socket.create_server(("", 80)); print("up", flush=True); s.accept()';
    const server = await other.exec({ id: "server", argv: ["python3", "-c", listen] });
    await once(server.output.follow({ position: 0 }), "data");
    const address = await addressIn(other);
    assert.notEqual(address, await addressIn(sandbox));
    assert.match(address, /^198\.19\./);
    await assertRefused(sandbox, [["tcp", address, 80], ...everyKind(address)]);
    const tcp = 'import socket; print(socket.create_connection(("127.0.0.1", 80), 2) is not None)';
    assert.equal(await run(other, "python3", "-c", tcp), "True\n"); // it was there to be reached
  });

  await t.test("looks names up, and gains nothing by what they lead to", async () => {
    const lookUp = (name: string) =>
      run(sandbox, "python3", "-c", `import socket; print(socket.gethostbyname("${name}"))`);
    assert.equal(await lookUp("public.example"), `${outside.public}\n`);
    assert.match(await lookUp("none.example"), /gaierror/);
    await assertRefused(sandbox, [["tcp", "rebind.example", echoPort]]);
    assert.equal(await lookUp("rebind.example"), "10.1.2.3\n");
    const overTcp = `
import socket, struct
q = bytes.fromhex("abcd01000001000000000000") + b"\\6public\\7example\\0" + bytes.fromhex("00010001")
s = socket.create_connection(("${gateway}", 53), 3); s.sendall(struct.pack(">H", len(q)) + q)
print(s.recv(512)[2:4].hex())`;
    assert.equal(await run(sandbox, "python3", "-c", overTcp), "abcd\n");
  });

  await t.test("sends nothing under another's address", async () => {
    const [first] = await sandbox.processes();
    assert.ok(first);
    const sleeper = await sandbox.exec({ id: "sleeper", argv: ["sleep", "300"] });
    const own = await addressIn(sandbox);
    // With all rights over its network, which nobody inside has.
    const send = (source: string, word: string) =>
      execFileSync("nsenter", [
        `--net=/proc/${sleeper.pid}/ns/net`,
        "python3",
        "-c",
        rawSender,
        source,
        outside.public,
        word,
      ]);
    for (const source of ["8.8.4.4", "198.19.0.77", await addressIn(other), host.private])
      send(source, `spoofed-${source}`);
    send(own, "honest");
    const results = await attempt(sandbox, [["udp", outside.public, echoPort]]);
    assert.deepEqual(Object.values(results), ["answered"]); // so what was sent before has arrived
    await until(() => world?.received().includes("honest"));
    assert.doesNotMatch(world?.received() ?? "", /spoofed/);
    await sleeper.stop({ graceMs: 0 });
  });

  await t.test("has no IPv6, no packet sockets, and no say over its network", async () => {
    const six = 'import socket; socket.create_connection(("2606:4700::1111", 80), 2)';
    assert.match(await run(sandbox, "python3", "-c", six), /unreachable|Cannot assign/);
    assert.doesNotMatch(await run(sandbox, "cat", "/proc/net/if_inet6"), /eth0/);
    for (const family of ["AF_PACKET, socket.SOCK_RAW", "AF_INET, socket.SOCK_RAW, 1"]) {
      assert.match(await run(sandbox, "python3", "-c", `import socket; socket.socket(socket.${family})`), /Error/);
    }
    for (const command of ["link set eth0 down", "address add 198.19.0.99/32 dev eth0", "route add 9.9.9.9 dev eth0"]) {
      assert.match(await run(sandbox, "ip", ...command.split(" ")), /not permitted/);
    }
    assert.match(
      await run(sandbox, "sh", "-c", "echo 1 >/proc/sys/net/ipv4/ip_forward"),
      /denied|read-only|not permitted/i,
    );
  });

  await t.test("cannot be reached from outside, not even by who knows the way", async () => {
    const address = await addressIn(other); // port 80 is open there
    const [router] = /198\.18\.[\d.]+/.exec(execFileSync("ip", ["neighbour"], { encoding: "utf8" })) ?? [];
    assert.ok(router);
    execFileSync("ip", ["route", "add", "198.19.0.0/16", "via", router]);
    const socket = connect(80, address);
    await assert.rejects(
      once(
        socket.setTimeout(500, () => socket.destroy(new Error("silence"))),
        "connect",
      ),
      /silence/,
    );
    execFileSync("ip", ["route", "delete", "198.19.0.0/16"]);
  });

  await t.test("makes the host a router for nobody else", async () => {
    assert.equal(forwardingOfEth0(), "1");
    setFirewall("accept");
    using _again = { [Symbol.dispose]: () => setFirewall("drop") };
    await using neighbour = await openNeighbour();
    const send = (from: readonly string[], word: string) =>
      execFileSync("nsenter", [...from, "python3", "-c", datagramSender, neighbour.address, word]);
    world?.inOutside(["ip", "route", "add", `${neighbour.address}/32`, "via", host.private]);
    send([`--net=/proc/${world?.outsidePid}/ns/net`], "passed on");
    send([`--net=/proc/${process.pid}/ns/net`], "the host's own");
    await until(() => neighbour.received().includes("own"));
    assert.doesNotMatch(neighbour.received(), /passed on/);
  });

  await t.test("goes on through a restart of the agent", async () => {
    await driver[Symbol.asyncDispose]();
    assert.equal((await openedSandboxes()).length, 2);
    const results = await attempt(sandbox, [...everyKind(outside.public), ["udp", "public.example", echoPort]]);
    assert.deepEqual(new Set(Object.values(results)), new Set(["answered"]), JSON.stringify(results));
    await assertRefused(sandbox, [["tcp", "10.1.2.3", echoPort]]);
    const third = await driver.create({ id: "third", network: "outbound" });
    assert.equal((await attempt(third, everyKind(outside.public)))[`tcp ${outside.public}`], "answered");
    await third.destroy();
  });

  async function openedSandboxes() {
    driver = await open();
    sandbox = await driver.reattach({ driver: "namespace", version: 1, id: "outgoing" });
    return driver.sandboxes();
  }

  await t.test("leaves nothing on the host when the last one is destroyed", async () => {
    const owner = readFileSync(join(directory.path, "owner"), "utf8");
    const traces = () => ({
      links: execFileSync("ip", ["-o", "link"], { encoding: "utf8" }).match(/ry[a-z0-9]+/g),
      tables: execFileSync("nft", ["list", "ruleset"], { encoding: "utf8" }).match(/runyard\w*/g),
      namespace: existsSync(`/run/runyard/${owner}.network`),
      forwarding: forwardingOfEth0(),
      changes: existsSync(join(directory.path, "forwarding.json")),
    });
    const { links, tables, ...others } = traces();
    assert.ok(links && tables);
    assert.deepEqual(others, { namespace: true, forwarding: "1", changes: true });
    for (const one of await driver.sandboxes()) await one.destroy();
    const nothing = { links: null, tables: null, namespace: false, forwarding: "0", changes: false };
    await until(() => isDeepStrictEqual(traces(), nothing), { what: "nothing is left" });
  });
});

const datagramSender =
  "import socket, sys; socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(sys.argv[2].encode(), (sys.argv[1], 9))";

const rawSender = `
import socket, struct, sys
source, target, word = sys.argv[1:]
udp = struct.pack(">HHHH", 5555, ${echoPort}, 8 + len(word), 0) + word.encode()
ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, socket.inet_aton(source), socket.inet_aton(target))
socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW).sendto(ip + udp, (target, 0))`;
