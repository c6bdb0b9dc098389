/** A host of our own with an outside of our own, for tests of what sandboxes can reach: network namespaces, so that the machine's own network is neither
 *  used nor changed. The test's process becomes the host and stays it. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { cLibrary } from "../../../../platform/process/c-library.ts";
import { until } from "../../../../platform/testing/until.ts";

/** All of them are the outside's, and answer there. */
export const outside = {
  public: "8.8.8.8",
  closed: [
    "10.1.2.3",
    "100.100.100.200",
    "169.254.169.254",
    "172.20.1.1",
    "192.0.2.1",
    "192.168.7.7",
    "198.51.100.1",
    "203.0.113.10",
    "240.0.0.1",
  ],
  gateway: "10.77.0.1",
} as const;

export const host = { private: "10.77.0.2", public: "9.9.9.9" } as const;
export const echoPort = 7;
/** What the outside's name server answers. */
export const names = { "public.example": outside.public, "rebind.example": "10.1.2.3" } as const;

export interface World extends AsyncDisposable {
  /** Everything that has arrived at the outside's echo port by UDP, as text. */
  received(): string;
  readonly outsidePid: number;
  /** Runs a program there. */
  inOutside(command: readonly string[]): void;
}

const CLONE_NEWNET = 0x40000000;

export async function enterWorld(): Promise<World> {
  const { check, declare } = cLibrary();
  check("unshare", declare("int unshare(int flags)")(CLONE_NEWNET));
  writeFileSync("/proc/sys/net/ipv4/ip_forward", "0"); // a new namespace has what the machine has
  const holder = spawn(
    "unshare",
    ["--net", "sh", "-c", 'echo; read line; exec "$0" -e "$1"', process.execPath, outsideProgram],
    {
      stdio: ["pipe", "pipe", "inherit"],
    },
  );
  await once(holder.stdout, "data");
  const inOutside = ["nsenter", `--net=/proc/${holder.pid}/ns/net`];
  const ip = (command: string, prefix: readonly string[] = []) => {
    const [file = "", ...args] = [...prefix, "ip", ...command.split(" ")];
    execFileSync(file, args);
  };
  ip("link set lo up");
  ip(`address add ${host.public}/32 dev lo`);
  ip(`link add eth0 type veth peer name eth0 netns ${holder.pid}`);
  ip(`address add ${host.private}/24 dev eth0`);
  ip("link set eth0 up");
  for (const address of [outside.public, ...outside.closed]) ip(`address add ${address}/32 dev lo`, inOutside);
  ip("link set lo up", inOutside);
  ip(`address add ${outside.gateway}/24 dev eth0`, inOutside);
  ip("link set eth0 up", inOutside);
  ip(`route add default via ${outside.gateway}`);
  holder.stdin.write("\n");
  await once(holder.stdout, "data");
  let received = "";
  holder.stdout.on("data", (bytes: Buffer) => {
    received += bytes;
  });
  return {
    received: () => received,
    outsidePid: holder.pid ?? 0,
    inOutside: (command) => void execFileSync("nsenter", [...inOutside.slice(1), ...command]),
    [Symbol.asyncDispose]: () => ended(holder),
  };
}

/** Somebody in another network of the host's, who prints what datagrams arrive at port 9. */
export async function openNeighbour(): Promise<AsyncDisposable & { readonly address: string; received(): string }> {
  const program =
    'require("node:dgram").createSocket("udp4").on("message", (text) => console.log(text.toString())).bind(9, () => console.log("ready"))';
  const script = 'echo; read line; exec "$0" -e "$1"';
  const neighbour = spawn("unshare", ["--net", "sh", "-c", script, process.execPath, program], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  await once(neighbour.stdout, "data");
  const there = ["nsenter", [`--net=/proc/${neighbour.pid}/ns/net`, "ip"]] as const;
  execFileSync("ip", `link add eth1 type veth peer name eth0 netns ${neighbour.pid}`.split(" "));
  for (const command of ["address add 10.88.0.1/24 dev eth1", "link set eth1 up"])
    execFileSync("ip", command.split(" "));
  for (const command of ["address add 10.88.0.2/24 dev eth0", "link set eth0 up"]) {
    execFileSync(there[0], [...there[1], ...command.split(" ")]);
  }
  neighbour.stdin.write("\n");
  let received = "";
  neighbour.stdout.on("data", (bytes: Buffer) => {
    received += bytes;
  });
  await until(() => received.includes("ready"));
  return {
    address: "10.88.0.2",
    received: () => received,
    async [Symbol.asyncDispose]() {
      neighbour.kill();
      await ended(neighbour);
    },
  };
}

async function ended(child: ChildProcess): Promise<void> {
  child.stdin?.end();
  await until(() => child.exitCode !== null || child.signalCode !== null);
}

/** Echoes TCP and UDP at all its addresses, and answers questions about names. Ends with its standard input. */
const outsideProgram = `
const { createSocket } = require("node:dgram");
const { createServer } = require("node:net");
const names = ${JSON.stringify(names)};
process.stdin.resume().on("end", () => process.exit());
createServer((socket) => socket.on("error", () => {}).pipe(socket)).listen(${echoPort}, "0.0.0.0");
for (const address of ${JSON.stringify([outside.public, ...outside.closed])}) { // an answer must come from where the question went
  const echo = createSocket("udp4").bind(${echoPort}, address);
  echo.on("message", (bytes, from) => { console.log(bytes.toString()); echo.send(bytes, from.port, from.address); });
}
function answer(question) {
  const labels = [];
  let at = 12;
  for (; question[at]; at += question[at] + 1) labels.push(question.subarray(at + 1, at + 1 + question[at]).toString());
  const isAddress = question.readUInt16BE(at + 1) === 1;
  const address = isAddress ? names[labels.join(".")] : undefined;
  const head = Buffer.from(question.subarray(0, at + 5));
  head.writeUInt16BE(address || !isAddress ? 0x8180 : 0x8183, 2);
  for (const [count, offset] of [[address ? 1 : 0, 6], [0, 8], [0, 10]]) head.writeUInt16BE(count, offset);
  const record = Buffer.from([0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, ...(address ?? "").split(".").map(Number)]);
  return address ? Buffer.concat([head, record]) : head;
}
const server = createSocket("udp4").bind(53, "0.0.0.0", () => console.log("ready"));
server.on("message", (question, from) => server.send(answer(question), from.port, from.address));
createServer((socket) => socket.on("error", () => {}).on("data", (bytes) => {
  const reply = answer(bytes.subarray(2));
  const size = Buffer.alloc(2);
  size.writeUInt16BE(reply.length);
  socket.end(Buffer.concat([size, reply]));
})).listen(53, "0.0.0.0");
`;
