import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { findPostgres, startPostgres } from "../../platform/db/testing-postgres.ts";
import { selfSignedPaths, selfSignedTls } from "../../platform/http/tls-self-signed.ts";
import { skipUnless } from "../../platform/testing/parts.ts";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import type { Finding } from "../finding.ts";
import { checkClock } from "./clock.ts";
import { checkControlGroups } from "./control-groups.ts";
import { checkDatabase } from "./database.ts";
import { spaceOf } from "./disk.ts";
import { checkDocker } from "./docker.ts";
import { checkDrivers } from "./drivers.ts";
import { checkKernel } from "./kernel.ts";
import { checkListeners } from "./listeners.ts";
import { checkOpenFiles } from "./open-files.ts";
import { checkVirtualMachines } from "./virtual-machines.ts";

/** A root with these files, for checks that read what the kernel tells. */
function rootWith(files: Readonly<Record<string, string>>) {
  const directory = temporaryDirectory();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory.path, path)), { recursive: true });
    writeFileSync(join(directory.path, path), text);
  }
  return directory;
}

const states = (findings: readonly Finding[]) => findings.map(({ name, state }) => [name, state]);

test("a kernel is asked for namespaces and overlays", () => {
  using able = rootWith({
    "proc/sys/user/max_user_namespaces": "15000\n",
    "proc/filesystems": "nodev\tproc\nnodev\toverlay\n\text4\n",
  });
  assert.deepEqual(states(checkKernel(able.path)), [
    ["user namespaces", "ok"],
    ["overlayfs", "ok"],
  ]);
  using unable = rootWith({ "proc/sys/user/max_user_namespaces": "0\n", "proc/filesystems": "\text4\n" });
  const findings = checkKernel(unable.path);
  assert.deepEqual(states(findings), [
    ["user namespaces", "missing"],
    ["overlayfs", "missing"],
  ]);
  assert.match(findings[0]?.fix ?? "", /max_user_namespaces=/);
  assert.match(findings[1]?.fix ?? "", /modprobe overlay/);
  using unmounted = rootWith({});
  assert.deepEqual(states(checkKernel(unmounted.path)), [["kernel", "warning"]], "nothing is said that nobody knows");
});

test("control groups that are not there are named", () => {
  using nothing = rootWith({ "proc/self/cgroup": "", "proc/self/mountinfo": "" });
  const none = checkControlGroups(nothing.path);
  assert.deepEqual(
    [none.state, none.what],
    ["missing", "There is no controller for memory, cpu, pids: no limits on it."],
  );
  using some = rootWith({
    "proc/self/cgroup": "0::/\n",
    "proc/self/mountinfo": "1 2 0:3 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n",
    "sys/fs/cgroup/cgroup.controllers": "cpu pids\n",
  });
  assert.match(checkControlGroups(some.path).what, /no controller for memory:/);
  writeFileSync(join(some.path, "sys/fs/cgroup/cgroup.controllers"), "cpu memory pids\n");
  assert.deepEqual(checkControlGroups(some.path).state, "ok");
});

test("drivers are told as the agent finds them, with what they lack", async () => {
  const findings = await checkDrivers(async () => [
    { name: "host", availability: { usable: true } },
    { name: "namespace", availability: { usable: true }, can: { networks: ["none"], diskLimit: false } },
    { name: "container", availability: { usable: false, reason: "there is no engine", fix: "start one" } },
  ]);
  assert.deepEqual(states(findings), [
    ["sandbox: namespace", "ok"],
    ["sandbox network", "missing"],
    ["sandbox disks", "missing"],
    ["sandbox: container", "missing"],
  ]);
  assert.deepEqual([findings[3]?.what, findings[3]?.fix], ["There is no engine.", "Start one."]);
});

test("virtual machines want an emulator, and a processor that really runs them", async () => {
  using directory = rootWith({ kvm: "" });
  const device = join(directory.path, "kvm");
  const find = () => "/usr/bin/qemu";
  const stateOf = async (parts: Parameters<typeof checkVirtualMachines>[0]) =>
    states(await checkVirtualMachines(parts));
  const [there, away] = [["qemu", "ok"], ["qemu", "missing"]]; // biome-ignore format: a table
  assert.deepEqual(await stateOf({ device, find, accelerate: async () => "kvm" }), [there, ["kvm", "ok"]]);
  assert.deepEqual(await stateOf({ device, find, accelerate: async () => "tcg" }), [there, ["kvm", "missing"]]);
  assert.deepEqual(await stateOf({ device: `${device}none`, find }), [there, ["kvm", "missing"]]);
  assert.deepEqual(await stateOf({ device, find: () => undefined }), [away]);
});

test("an engine that answers tells its version, and one that does not is warned of", async () => {
  using directory = temporaryDirectory();
  const path = join(directory.path, "docker.sock");
  const server = createServer((_request, response) => {
    response.setHeader("content-type", "application/json").end('{"Version":"28.1.0","Arch":"amd64"}');
  });
  await new Promise<void>((resolve) => void server.listen(path, resolve));
  assert.deepEqual(await checkDocker([path]), {
    ...{ name: "docker", state: "ok", what: `The engine at ${path} is version 28.1.0.` },
  });
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  writeFileSync(path, ""); // a socket whose engine is gone
  const { state, fix } = await checkDocker([path]);
  assert.deepEqual([state, fix], ["warning", "Start it: systemctl start docker"]);
  assert.equal((await checkDocker([`${path}none`])).state, "missing");
});

test("little room is warned of: by its share, and by its size", () => {
  const gibibyte = 1024 ** 3;
  const stateOf = (freeGiB: number, totalGiB: number) =>
    spaceOf("/", { freeBytes: freeGiB * gibibyte, totalBytes: totalGiB * gibibyte }).state;
  assert.deepEqual(
    [stateOf(100, 1_000), stateOf(5, 1_000), stateOf(1, 1_000), stateOf(1, 8), stateOf(0.1, 8)],
    ["ok", "ok", "warning", "ok", "warning"],
  );
});

test("a directory that the yard may not write in is warned of, also where it is only to be made", () => {
  using directory = temporaryDirectory();
  chmodSync(directory.path, 0o755);
  const check = new URL("disk.ts", import.meta.url).href;
  const script = `import { checkDisk } from ${JSON.stringify(check)}; console.log(JSON.stringify(await checkDisk(process.argv[1])));`;
  const stateFor = (ids: { readonly uid?: number; readonly gid?: number }) => {
    const arguments_ = ["--input-type=module", "-e", script, join(directory.path, "not", "there")];
    const { stdout } = spawnSync(process.execPath, arguments_, { ...ids, encoding: "utf8" });
    return (JSON.parse(stdout) as Finding[]).find(({ name }) => name === "directory")?.state;
  };
  assert.equal(stateFor({}), undefined);
  const isRoot = process.getuid?.() === 0;
  if (!isRoot) chmodSync(directory.path, 0o555);
  assert.equal(stateFor(isRoot ? { uid: 65_534, gid: 65_534 } : {}), "warning");
});

test("a clock that nobody keeps right is warned of, and one of which nobody knows is not", () => {
  assert.deepEqual(
    [true, undefined, false].map((isRight) => checkClock(() => isRight).state),
    ["ok", "ok", "warning"],
  );
});

test("few open files are warned of", () => {
  const limitsOf = (most: string) =>
    `Limit  Soft Limit  Hard Limit  Units\nMax open files            ${most}   ${most} files\n`;
  using directory = rootWith({ few: limitsOf("1024"), many: limitsOf("1048576"), all: limitsOf("unlimited") });
  const stateOf = (file: string) => checkOpenFiles(join(directory.path, file)).state;
  assert.deepEqual([stateOf("few"), stateOf("many"), stateOf("all")], ["warning", "ok", "ok"]);
});

test("a listener that others reach without TLS is warned of, and a certificate that ends soon", async () => {
  using directory = temporaryDirectory();
  const yearMs = 365 * 86_400_000;
  const now = Date.now();
  await selfSignedTls(directory.path, { clock: { now: () => now, monotonic: () => 0 } }).load();
  const listen = [
    { secure: false, host: "localhost", port: 1 },
    { secure: true, host: "0.0.0.0", port: 2 },
    { secure: false, host: "0.0.0.0", port: 3 },
  ];
  const certificate = selfSignedPaths(directory.path).cert;
  const expected = ["ok", "ok", "warning"];
  assert.deepEqual(
    checkListeners({ listen, certificate }, now).map(({ state }) => state),
    [...expected, "ok"],
  );
  const late = checkListeners({ listen, certificate }, now + 100 * yearMs);
  assert.deepEqual(
    late.map(({ state }) => state),
    [...expected, "warning"],
  );
  assert.match(late[3]?.what ?? "", /has expired/);
  assert.equal(checkListeners({ listen, certificate: `${certificate}none` }).length, 3);
  const [, , , broken] = checkListeners({ listen, certificate: import.meta.filename });
  assert.equal(broken?.what, `${import.meta.filename} cannot be read as a certificate.`);
});

test("a PostgreSQL that is away is warned of, without its password", async () => {
  const { state, what } = await checkDatabase({ dialect: "postgres", url: "postgres://me:s3cret@127.0.0.1:1/x" });
  assert.equal(state, "warning");
  assert.doesNotMatch(what, /s3cret/);
});

const binaries = findPostgres();
const skip = skipUnless(binaries !== undefined, "PostgreSQL", "apt-get install postgresql");
test("a PostgreSQL that answers tells its version", { skip }, async () => {
  await using server = await startPostgres(binaries!);
  const { state, what } = await checkDatabase({ dialect: "postgres", url: server.url("postgres") });
  assert.equal(state, "ok", what);
  assert.match(what, /^PostgreSQL \d+/);
});
