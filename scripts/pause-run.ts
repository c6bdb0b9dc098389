/** `node scripts/pause-run.ts [pauses]`: a virtual machine whose writer is paused and resumed a hundred times through the API of a real yard, while the yard, its agent or
 *  the emulator is killed at a random moment of it. It looks each time whether a byte was lost of what the writer had said was on the disk, and, unless the emulator was
 *  killed, of what was in its memory. It takes a quarter of an hour where machines are emulated: no part of any test. Exit code 1 if something was lost. */
import assert from "node:assert/strict";
import { randomInt, randomUUID } from "node:crypto";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { idFromWire } from "../src/apis/wrenn/ids.ts";
import { askWrenn, type SignedUp, signUp } from "../src/apis/wrenn/testing.ts";
import { until } from "../src/platform/testing/until.ts";
import { kernelDirectory } from "../src/sandboxes/microvm/programs.ts";
import { emulatorsOf, lendGoldenImage } from "../src/sandboxes/microvm/testing.ts";
import { checkoutLauncher, openHome } from "../test/support/home.ts";
import { type RunningYard, startYard } from "../test/support/yard-process.ts";

const usualPauses = 100;
const victims = ["nobody", "yard", "agent", "emulator"] as const;
type Victim = (typeof victims)[number];
const steps = ["pause", "resume"] as const;
type Step = (typeof steps)[number];

/** Longer than either takes, so that some are killed after it. */
const longestMs = 3_000;
const timeoutMs = 180_000;
/** Of a machine that is emulated on a busy host. */
const execSeconds = 60;

/** In memory: it goes with the machine. */
const lock = "until mkdir /dev/shm/lock 2>/dev/null; do usleep 5000; done";
const unlock = "rmdir /dev/shm/lock";
/** Each piece with its checksum; once both are on the disk, its number is. What it counts in memory goes with the machine. */
const writer = `mkdir -p /root/pieces
i=$(cat /root/acknowledged 2>/dev/null || echo 0)
while :; do
  ${lock}
  i=$((i + 1))
  head -c 4096 /dev/urandom >/root/pieces/$((i % 50))
  sha256sum </root/pieces/$((i % 50)) >/root/pieces/$((i % 50)).sum
  sync
  echo $i >/root/next; mv /root/next /root/acknowledged; sync
  echo $i >/dev/shm/count
  ${unlock}
  usleep 10000
done`;
/** How many pieces are not as they were written. Between two of the writer's: it would change others while they are read. */
const checker = `${lock}
wrong=0
for sum in /root/pieces/*.sum; do
  [ "$(sha256sum <\${sum%.sum})" = "$(cat $sum)" ] || wrong=$((wrong + 1))
done
${unlock}
echo $wrong`;

interface Subject {
  readonly yard: RunningYard;
  readonly account: SignedUp;
  readonly id: string;
}

const ask = <Body>({ yard, account }: Subject, method: string, path: string, body?: unknown) =>
  askWrenn<Body>(yard.url, method, path, { key: account.key, body });

async function shell(subject: Subject, script: string): Promise<string> {
  const body = { cmd: "/bin/sh", args: ["-c", script], timeout_sec: execSeconds };
  const path = `/v1/capsules/${subject.id}/exec`;
  const { status, json, text } = await ask<{ stdout: string; exit_code: number }>(subject, "POST", path, body);
  assert.deepEqual([status, json.exit_code], [200, 0], text);
  return json.stdout.trim();
}

/** Starts the writer in a machine that was booted anew. @returns what only its memory knows */
async function begin(subject: Subject): Promise<string> {
  const token = randomUUID();
  await shell(subject, `echo ${token} >/dev/shm/token`);
  const body = { cmd: "/bin/sh", args: ["-c", writer], background: true };
  const { status, text } = await ask(subject, "POST", `/v1/capsules/${subject.id}/exec`, body);
  assert.equal(status, 202, text);
  return token;
}

const acknowledged = async (subject: Subject) => Number(await shell(subject, "cat /root/acknowledged || echo 0"));
const change = (subject: Subject, step: Step) => ask(subject, "POST", `/v1/capsules/${subject.id}/${step}`);

async function kill({ yard, id }: Subject, victim: Victim): Promise<void> {
  if (victim === "yard") await yard.kill();
  const agent = yard.agentPid();
  if (victim === "agent" && agent !== undefined) process.kill(agent, "SIGKILL");
  if (victim !== "emulator") return;
  for (const pid of emulatorsOf(driverOf(yard), idFromWire("capsule", id))) process.kill(pid, "SIGKILL");
}

const driverOf = ({ data }: Pick<RunningYard, "data">) => join(data, "agent", "microvm");

/** Whatever has died is there again, and the machine runs and answers. */
async function recover(subject: Subject, victim: Victim): Promise<void> {
  if (victim === "yard") await subject.yard.start();
  await until(
    async () => {
      try {
        return (await shell(subject, "echo well")) === "well";
      } catch {
        await change(subject, "resume").catch(() => {}); // it may be paused, hibernated, or not known to be either yet
        return false;
      }
    },
    { timeoutMs, intervalMs: 200, what: `the machine answers after the ${victim} was killed` },
  );
}

async function round(subject: Subject, token: string): Promise<{ line: string; token: string }> {
  const victim = victims[randomInt(victims.length)] ?? "nobody";
  const step = steps[randomInt(steps.length)] ?? "pause";
  const before = await acknowledged(subject);
  if (step === "resume") await change(subject, "pause");
  const atMs = randomInt(longestMs);
  const changing = change(subject, step).catch(() => {}); // who answers may be killed
  await sleep(atMs);
  await kill(subject, victim);
  await changing;
  await recover(subject, victim);
  const after = await acknowledged(subject);
  const wrong = Number(await shell(subject, checker));
  const isSame = (await shell(subject, "cat /dev/shm/token || true")) === token;
  const line = `${step}, ${victim} killed after ${atMs} ms: ${after} pieces, memory ${isSame ? "kept" : "lost with the emulator"}`;
  assert.ok(after >= before, `${before} were acknowledged, and ${after} are left (${line})`);
  const mostWrong = isSame ? 0 : 1; // the piece that was being written when the machine was cut off
  assert.ok(wrong <= mostWrong, `${wrong} pieces are not as they were written (${line})`);
  assert.ok(isSame || victim === "emulator", `the memory was lost (${line})`);
  return { line, token: isSame ? token : await begin(subject) };
}

async function main(pauses: number): Promise<void> {
  using home = openHome(checkoutLauncher, { XDG_CACHE_HOME: dirname(dirname(kernelDirectory)) }); // where the tests have unpacked a kernel
  await lendGoldenImage(driverOf(home));
  await using yard = await startYard(["--capsules-driver", "microvm"], home);
  const account = await signUp(yard.url, "ann");
  const made = await askWrenn(yard.url, "POST", "/v1/capsules", { key: account.key, body: { memory_mb: 160 } });
  assert.equal(made.status, 201, made.text);
  const subject = { yard, account, id: made.json.id };
  try {
    let token = await begin(subject);
    for (let number = 1; number <= pauses; number++) {
      const done = await round(subject, token);
      token = done.token;
      console.log(`${number}/${pauses} ${done.line}`);
    }
    console.log(`Nothing was lost in ${pauses} pauses.`);
  } finally {
    await ask(subject, "DELETE", `/v1/capsules/${subject.id}`);
  }
}

await main(Number(process.argv[2] ?? usualPauses));
