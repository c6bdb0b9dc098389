/** OpenSSH's own client with a shared master connection to a virtual machine of ours, which nobody else speaks to meanwhile. */
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openMicrovmDriver } from "../../src/sandboxes/microvm/driver.ts";
import { asRecord, type MicrovmRecord } from "../../src/sandboxes/microvm/records.ts";
import type { Bench } from "./figure.ts";
import { machineLimits } from "./machines.ts";
import { run } from "./run.ts";
import { openTemporaryDirectory } from "./temporary.ts";
import { until } from "./waiting.ts";

export interface SharedSsh extends AsyncDisposable {
  execTrue(): Promise<void>;
  /** A file of ours to one on the machine's disk, by `sftp`. */
  put(from: string, to: string): Promise<void>;
  /** A file on the machine's disk to nowhere, likewise. */
  get(from: string): Promise<void>;
}

const id = "peer";
/** Where the server of SFTP sees it. */
const disk = "/mnt";

export async function openSharedSsh(bench: Bench): Promise<SharedSsh> {
  await using opened = new AsyncDisposableStack();
  const { path: directory } = opened.use(await openTemporaryDirectory(bench, "ssh"));
  const made = await openMicrovmDriver({ directory });
  try {
    await made.create({ id, limits: machineLimits });
  } finally {
    await made[Symbol.asyncDispose](); // lets go of it
  }
  opened.defer(async () => {
    await using driver = await openMicrovmDriver({ directory });
    for (const sandbox of await driver.sandboxes()) await sandbox.destroy();
  });
  const { keys, place } = recordIn(directory);
  const key = join(directory, "key");
  writeFileSync(key, keys.client);
  chmodSync(key, 0o600);
  const program = `const s = require("net").connect(${JSON.stringify(join(place?.sockets ?? "", "ssh"))}); process.stdin.pipe(s); s.pipe(process.stdout)`;
  const proxy = join(directory, "proxy");
  writeFileSync(proxy, `#!/bin/sh\nexec ${process.execPath} -e '${program}'\n`, { mode: 0o700 });
  const options = [
    ...["-F", "none", "-i", key, "-o", `ProxyCommand=${proxy}`, "-o", `ControlPath=${join(directory, "control")}`],
    ...["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"],
    ...["-o", "Ciphers=chacha20-poly1305@openssh.com", "-o", "KexAlgorithms=ecdh-sha2-nistp256"],
  ];
  const master = opened.use(bench.children.start("ssh", [...options, "-M", "-N", "root@peer"], { stdio: "ignore" }));
  const patience = { timeoutMs: 120_000, everyMs: 100, signal: bench.signal };
  await until("the master connection", patience, async () => {
    if (master.process.exitCode !== null) throw new Error(`ssh ended with ${master.process.exitCode}`);
    const isThere = run(bench, "ssh", [...options, "-O", "check", "root@peer"]).then(() => true);
    return isThere.catch(() => undefined);
  });
  const sftp = (command: string) =>
    run(bench, "sh", ["-c", 'printf "%s\\n" "$0" | sftp -q -b - "$@"', command, ...options, "root@peer"]);
  const lifetime = opened.move();
  return {
    execTrue: () => run(bench, "ssh", [...options, "root@peer", "true"]),
    put: (from, to) => sftp(`put ${from} ${disk}${to}`),
    get: (from) => sftp(`get ${disk}${from} /dev/null`),
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}

function recordIn(directory: string): MicrovmRecord {
  const lines = readFileSync(join(directory, "journal.ndjson"), "utf8").trim().split("\n");
  const entries = lines.map((line) => JSON.parse(line) as { type?: string; data?: object });
  const data = entries.findLast(({ type }) => type === "sandbox")?.data;
  const record = asRecord(data as Parameters<typeof asRecord>[0]);
  if (!record) throw new Error("the machine is in no journal");
  return record;
}
