/** What a process in a container cannot do, and what it does not see; and names that only files have. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { skipWithoutDocker, startDocker, type TestDocker } from "../../../test/support/docker.ts";
import { openEngine } from "../../platform/docker/engine.ts";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import type { LocalSandbox, LocalSandboxDriver } from "../sandbox.ts";
import { openContainerDriver } from "./driver.ts";

const needs = { skip: skipWithoutDocker() };
const canary = `canary-${randomUUID()}`;
process.env.RUNYARD_CANARY = canary; // as a secret of the control plane would be
const directory = temporaryDirectory();
let docker: TestDocker;
let driver: LocalSandboxDriver;
let sandbox: LocalSandbox;
before(async () => {
  if (needs.skip) return;
  docker = await startDocker();
  driver = await openContainerDriver({ directory: directory.path, socketPaths: [docker.socketPath] });
  sandbox = await driver.create({ id: "prisoner" });
});
after(async () => {
  await sandbox?.destroy();
  await driver?.[Symbol.asyncDispose]();
  await docker?.[Symbol.asyncDispose]();
  directory[Symbol.dispose]();
});

async function shell(script: string) {
  const process = await sandbox.exec({ id: randomUUID(), argv: ["sh", "-c", script] });
  const { code } = await process.exited;
  return { code, text: (await process.output.read({ position: 0, maxBytes: 1024 * 1024 })).bytes.toString() };
}

test("the kernel, devices, the network and our own tools are out of reach", needs, async () => {
  const attempts = [
    "mount -t tmpfs none /mnt",
    "umount /proc",
    "unshare -U true",
    "unshare -m true",
    "unshare -n true",
    "mknod /root/disk b 254 0",
    "echo x >/proc/sys/kernel/core_pattern",
    "echo b >/proc/sysrq-trigger",
    "hostname elsewhere",
    "ip link set lo down",
    "date -s 2001-01-01; [ $(date +%Y) = 2001 ]",
    "insmod /none.ko",
    "kill -9 1; sleep 0.1; kill -0 1 && exit 9",
    "mkdir /sys/fs/cgroup/memory/new",
    "ls /run/docker.sock || ls /var/run/docker.sock",
    "echo x >/.runyard/run",
    "rm /.runyard/bin/busybox",
    "touch /.runyard/bin/new",
    "cp /bin/busybox /.runyard/io/b && chmod 755 /.runyard/io/b && /.runyard/io/b true",
    "nc -w 1 169.254.169.254 80 </dev/null",
  ];
  const script = attempts.map((attempt, i) => `( ${attempt} ) >/dev/null 2>&1 && echo ${i}`).join("\n");
  const { text } = await shell(`${script}\ntrue`);
  assert.deepEqual(
    text
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => attempts[Number(line)]),
    [],
  );
});

test(
  "nothing of the host's processes, files or secrets is seen, and the only interface is the loopback",
  needs,
  async () => {
    const look = "cat /proc/*/environ /proc/*/cmdline; env; ls -a / /root /home /var/lib; cat /etc/passwd /etc/shadow";
    const { text } = await shell(`{ ${look}; } 2>&1 | tr '\\0' '\\n'`);
    assert.doesNotMatch(text, new RegExp(`${canary}|${directory.path}|docker.sock`));
    assert.equal((await shell("ls /sys/class/net")).text, "lo\n");
    assert.match((await shell("cat /proc/self/status")).text, /NoNewPrivs:\t1\n[\s\S]*Seccomp:\t2\n/);
  },
);

test("the engine is asked for no more than a container needs", needs, async () => {
  await using engine = openEngine({ socketPaths: [docker.socketPath] });
  const [{ Id } = assert.fail("no container")] = await engine.call("list", (client) => client.listContainers());
  const { HostConfig: host, Mounts } = await engine.call("look", (client) => client.getContainer(Id).inspect());
  const { Privileged, Binds, PidMode, IpcMode, NetworkMode, UTSMode, CapDrop, SecurityOpt, Devices } = host;
  assert.deepEqual(
    { Privileged, Binds, PidMode, IpcMode, NetworkMode, UTSMode, CapDrop, SecurityOpt, Devices },
    {
      Privileged: false,
      Binds: null,
      PidMode: "",
      IpcMode: "private",
      NetworkMode: "none",
      UTSMode: "",
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges"],
      Devices: null,
    },
  );
  assert.deepEqual(
    Mounts.map(({ Type, RW }) => [Type, RW]),
    [["volume", false]],
  );
});

test("a file may have any name, and our own things are not among the files", needs, async () => {
  const names = ["line\nfeed", "ünïcode", "$(reboot)", "'quoted' \"twice\"", "back\\slash", "-rf", " "];
  async function* content() {
    yield Buffer.from("x");
  }
  for (const name of names) assert.equal(await sandbox.files?.write(`/tmp/names/${name}`, content()), 1);
  const listed = await sandbox.files?.list("/tmp/names", { depth: 1, maxEntries: 100 });
  assert.deepEqual(listed?.map(({ name }) => name).sort(), names.toSorted());
  assert.deepEqual((await sandbox.files?.stat("/tmp/names/line\nfeed"))?.path, "/tmp/names/line\nfeed");
  for (const name of names) await sandbox.files?.remove(`/tmp/names/${name}`);
  assert.deepEqual(await sandbox.files?.list("/tmp/names", { depth: 1, maxEntries: 100 }), []);
  for (const path of ["/.runyard/run", "/proc/1/environ", "/dev/null"]) {
    await assert.rejects(sandbox.files?.stat(path) ?? assert.fail(), { code: "not_found" }, path);
  }
});

test("another user runs as that one, with what the image has for it", needs, async () => {
  const process = await sandbox.exec({
    id: randomUUID(),
    argv: ["sh", "-c", "id -un; echo $USER; exit 3"],
    user: "nobody",
  });
  assert.equal((await process.exited).code, 3);
  assert.equal((await process.output.read({ position: 0, maxBytes: 100 })).bytes.toString(), "nobody\nnobody\n");
});
