/** What a process in a sandbox cannot do: every way out that is tried here must end inside. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:net";
import { after, test } from "node:test";
import { skipUnless } from "../../platform/testing/parts.ts";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { until } from "../../platform/testing/until.ts";
import type { LocalSandbox } from "../sandbox.ts";
import { findPrograms } from "./availability.ts";
import { openNamespaceDriver } from "./driver.ts";

const { availability } = await findPrograms();
const needs = { skip: skipUnless(availability.usable, "what namespace sandboxes need", JSON.stringify(availability)) };
const canary = `canary-${randomUUID()}`;
process.env.RUNYARD_CANARY = canary; // as a secret of the control plane would be
const directory = temporaryDirectory();
const driver = await openNamespaceDriver({ directory: directory.path });
const sandbox = availability.usable ? await driver.create({ id: "prisoner" }) : undefined;
after(async () => {
  await sandbox?.destroy();
  await driver[Symbol.asyncDispose]();
  directory[Symbol.dispose]();
});

async function run(argv: readonly string[], inside: LocalSandbox | undefined = sandbox) {
  assert.ok(inside);
  const process = await inside.exec({ id: randomUUID(), argv });
  const { code } = await process.exited;
  return { code, text: (await process.output.read({ position: 0, maxBytes: 1024 * 1024 })).bytes.toString() };
}
const shell = (script: string) => run(["sh", "-c", script]);

for (const [name, script] of Object.entries({
  "a mount": "mount -t tmpfs none /mnt",
  "an unmount": "umount /proc",
  "a new user namespace": "unshare --user true",
  "a new mount namespace": "unshare --mount true",
  "a new network namespace": "unshare --net true",
  "a device of the host": "mknod /root/disk b 254 0",
  "the kernel's settings": "echo x >/proc/sys/kernel/core_pattern",
  "the system request key": "echo b >/proc/sysrq-trigger",
  "the host's name": "hostname elsewhere",
  "a network interface": "ip link set lo down",
  "the clock": "date -s 2001-01-01",
  "the kernel's log": "dmesg",
  "a kernel module": "insmod /usr/lib/modules/none.ko",
  "the first process": "kill -9 1; sleep 0.1; kill -0 1 && exit 9",
  "what covers /dev": "touch /dev/new",
  "the host's control groups": "ls /sys/fs/cgroup/memory",
  "a Docker socket": "ls /run/docker.sock /var/run/docker.sock",
})) {
  test(`${name} is out of reach`, needs, async () => assert.notEqual((await shell(script)).code, 0));
}

/** System calls by their x64 number: what has no program of its own. Expected: the number of the error. */
for (const [name, call, errno] of [
  ["keyctl", "250, 0, 0, 0", 1],
  ["bpf", "321, 0, 0, 0", 1],
  ["io_uring_setup", "425, 1, 0", 38],
  ["perf_event_open", "298, 0, 0, -1, -1, 0", 1],
  ["userfaultfd", "323, 0", 1],
  ["kexec_load", "246, 0, 0, 0, 0", 1],
  ["open_by_handle_at", "304, 0, 0, 0", 1],
  ["clone3", "435, 0, 0", 38],
  ["ptrace of another process", "101, 16, 1, 0, 0", 1],
  ["process_vm_readv", "310, 1, 0, 0, 0, 0, 0", 1],
  ["AF_ALG", "41, 38, 5, 0", 97],
  ["AF_VSOCK", "41, 40, 1, 0", 97],
  ["AF_PACKET", "41, 17, 3, 0", 97],
  ["a raw socket", "41, 2, 3, 1", 1],
  ["TIOCSTI", "16, 0, 21522, 0", 1],
] as const) {
  const skip = needs.skip || (process.arch === "x64" ? false : "the numbers are those of x64");
  test(`the kernel's ${name} is refused`, { skip }, async () => {
    const source = `import ctypes; c = ctypes.CDLL(None, use_errno=True); print(c.syscall(${call}), ctypes.get_errno())`;
    assert.equal((await run(["python3", "-c", source])).text, `-1 ${errno}\n`);
  });
}

test("nothing of the host's processes, files or secrets is seen", needs, async () => {
  const look = "cat /proc/*/environ /proc/*/cmdline; env; ls -a / /root /home /var/lib; cat /etc/passwd /etc/shadow";
  const { text } = await shell(`{ ${look}; } 2>&1 | tr '\\0' '\\n'`);
  assert.doesNotMatch(text, new RegExp(`${canary}|${directory.path}/(journal|owner)`));
  const { text: pids } = await shell("ls /proc | grep -c '^[0-9]'");
  assert.ok(Number(pids) < 10, `${pids} processes are seen`);
  assert.equal((await shell(`ls ${directory.path} /data /work`)).code === 0, false);
});

test("who is root inside is nobody outside", needs, async () => {
  const { text } = await shell(
    "id -u; touch /root/mine; stat -c %u /usr/bin/env; touch /usr/bin/added && echo own copy",
  );
  assert.equal(text, "0\n0\nown copy\n");
  const sleeper = await sandbox?.exec({ id: randomUUID(), argv: ["sleep", "300"] });
  // Until it is the guest's program, it is one of ours on the way in.
  await until(async () => Number((await sleeper?.usage())?.user) >= 0x7100_0000);
  await sleeper?.stop({ graceMs: 0 });
});

test("it has a loopback of its own, and no other network", needs, async () => {
  await using server = createServer((socket) => socket.end("host")).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const connect = (host: string, to: number) =>
    run(["python3", "-c", `import socket; print(socket.create_connection(("${host}", ${to}), 2).recv(9))`]);
  assert.notEqual((await connect("127.0.0.1", port)).code, 0);
  assert.notEqual((await connect("169.254.169.254", 80)).code, 0);
  const own =
    'import socket; s = socket.create_server(("127.0.0.1", 0)); socket.create_connection(s.getsockname()); print("up")';
  assert.equal((await run(["python3", "-c", own])).text, "up\n");
  assert.equal((await shell("ls /proc/sys/net/ipv4/conf")).text, "all\ndefault\nlo\n");
});

test("what one sandbox writes is in no other, and not in the template", needs, async () => {
  await shell("echo changed >/etc/hosts; rm -f /usr/bin/env.other; echo evil >/usr/local/evil; echo x >/tmp/x");
  const other = await driver.create({ id: "other" });
  const { text } = await run(["sh", "-c", "cat /etc/hosts; ls /usr/local /tmp"], other);
  await other.destroy();
  assert.doesNotMatch(text, /changed|evil|^x$/m);
});

test("variables for the dynamic linker reach the guest's program alone", needs, async () => {
  const env = { LD_PRELOAD: "/root/none.so", LD_DEBUG: "libs" };
  const process = await sandbox?.exec({ id: randomUUID(), argv: ["true"], env });
  await process?.exited;
  const said = (await process?.output.read({ position: 0, maxBytes: 1024 * 1024 }))?.bytes.toString() ?? "";
  assert.match(said, /calling init|LD_PRELOAD/);
  assert.doesNotMatch(said, /nsenter/);
});
