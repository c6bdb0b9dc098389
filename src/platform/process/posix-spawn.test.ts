import assert from "node:assert/strict";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { temporaryDirectory } from "../testing/temporary-directory.ts";
import { closeInheritableOnExec } from "./descriptors.ts";
import { parseWaitStatus, posixSpawn, type SpawnRequest } from "./posix-spawn.ts";

async function run(command: readonly string[], request: Partial<SpawnRequest> = {}) {
  using directory = temporaryDirectory();
  const path = join(directory.path, "output");
  const output = openSync(path, "a");
  try {
    const stdio = [null, output, output] as const;
    const child = posixSpawn({
      file: command[0]!,
      argv: command,
      cwd: "/",
      env: { PATH: "/bin:/usr/bin" },
      stdio,
      ...request,
    });
    assert.ok(child, "this system's library has posix_spawn");
    const { pid } = child;
    return { pid, ...(await child.exited), output: readFileSync(path, "utf8") };
  } finally {
    closeSync(output);
  }
}

test("the first child of all is told, too, if it dies while we begin to listen", async (context) => {
  const listen = process.on.bind(process);
  context.mock.method(process, "on", (...[event, listener]: Parameters<typeof listen>) => {
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200); // a busy machine
    return listen(event, listener);
  });
  const output = openSync("/dev/null", "a");
  const child = posixSpawn({ file: "/bin/true", argv: ["true"], cwd: "/", env: {}, stdio: [null, output, output] });
  closeSync(output);
  assert.deepEqual(await child?.exited, { code: 0, signal: null });
});

test("arguments, directory, environment and both outputs are as asked for", async () => {
  const script = 'pwd; echo "$1|$GREETING"; echo oops >&2; cat; exit 7';
  const { code, signal, output } = await run(["/bin/sh", "-c", script, "sh", "a b'\"$"], {
    cwd: "/tmp",
    env: { GREETING: "grüße" },
  });
  assert.deepEqual({ code, signal, output }, { code: 7, signal: null, output: "/tmp\na b'\"$|grüße\noops\n" });
});

test("the child leads a session of its own, has no descriptor but its three, and no signal ignored or blocked", async () => {
  closeInheritableOnExec(); // what whoever runs the tests has left open
  process.on("SIGUSR2", ignore); // Node catches this one, and ignores SIGPIPE
  const { pid, output } = await run([
    "/bin/sh",
    "-c",
    "cat /proc/self/stat; ls /proc/$$/fd; grep -E 'Sig(Blk|Ign)' /proc/self/status",
  ]);
  process.off("SIGUSR2", ignore);
  const [stat = "", ...rest] = output.trim().split("\n");
  const [, , session] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(1)
    .map(Number);
  assert.equal(session, pid);
  assert.deepEqual(
    rest.filter((line) => /^\d+$/.test(line)),
    ["0", "1", "2"],
  );
  const standardSignals = rest
    .filter((line) => /^Sig/.test(line))
    .map((line) => Number.parseInt(line.slice(-8), 16) & 0x7fff_ffff);
  assert.deepEqual(standardSignals, [0, 0]);
});

test("a program that cannot be executed is an error with the errno's name", async () => {
  await assert.rejects(run(["/no/such/program"]), { code: "ENOENT" });
  await assert.rejects(run(["/tmp"]), { code: "EACCES" });
  await assert.rejects(run(["/bin/true"], { cwd: "/no/such/directory" }), { code: "ENOENT" });
});

test("many deaths at once are all told, each once", async () => {
  const codes = await Promise.all(
    Array.from({ length: 60 }, async (_, n) => (await run(["/bin/sh", "-c", `exit ${n}`])).code),
  );
  assert.deepEqual(
    codes,
    Array.from({ length: 60 }, (_, n) => n),
  );
});

for (const { status, expected } of [
  { status: 0, expected: { code: 0, signal: null } },
  { status: 3 << 8, expected: { code: 3, signal: null } },
  { status: 9, expected: { code: null, signal: "SIGKILL" } },
  { status: 11 | 0x80, expected: { code: null, signal: "SIGSEGV" } }, // with a core dump
]) {
  test(`wait status ${status} is ${JSON.stringify(expected)}`, () =>
    assert.deepEqual(parseWaitStatus(status), expected));
}

function ignore(): void {}
