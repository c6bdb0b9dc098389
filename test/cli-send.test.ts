import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { until } from "../src/platform/testing/until.ts";
import { useCommandYard } from "./support/command-yard.ts";

/** A worker that answers each message with its bytes from the last to the first. */
const worker = `
  const { APP_MESH_APPLICATION_NAME: name, APP_MESH_PROCESS_KEY: key, YARD: yard } = process.env;
  const box = yard + "/appmesh/app/" + name + "/task?process_key=" + key;
  for (;;) {
    const message = await fetch(box).catch(() => ({ ok: false }));
    if (!message.ok) await new Promise((resume) => setTimeout(resume, 50));
    else await fetch(box, { method: "PUT", body: Buffer.from(await message.arrayBuffer()).reverse() });
  }`;

describe("messages from the command line", () => {
  const line = useCommandYard();
  const { home, done } = line;
  before(async () => {
    const { yard } = line;
    await add("worker", "--env", `YARD=${yard.local.url}`, "--", process.execPath, "--input-type=module", "-e", worker);
    await add("deaf", "--", "sleep", "600");
    await add("off", "--disabled", "--", "sleep", "600");
  });

  async function add(...args: string[]): Promise<void> {
    await done(["app", "add", ...args]);
  }

  test("the reply is printed as it came, without a line break of ours", async () => {
    const ended = await home.runyard(["send", "worker", "stressed"]);
    assert.deepEqual(ended, { code: 0, signal: null, stdout: "desserts", stderr: "" });
  });

  for (const args of [
    ["send", "worker"],
    ["send", "worker", "-"],
  ]) {
    test(`${args.join(" ")} sends standard input`, async () => {
      const ended = await home.runyard(args, { stdin: "drawer\n" });
      assert.deepEqual([ended.code, ended.stdout], [0, "\nreward"]);
    });
  }

  test("bytes go out and come back as they are", async () => {
    const path = join(home.path, "bytes");
    const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * 7) % 256));
    writeFileSync(path, bytes);
    const sending = home.start(["send", "worker", "--file", path]);
    const chunks: Buffer[] = [];
    sending.stdout!.on("data", (chunk: Buffer) => chunks.push(chunk));
    assert.equal((await sending.ended).code, 0);
    assert.deepEqual(Buffer.concat(chunks), readFileSync(path).reverse());
  });

  test("as JSON a reply is text, or base64 where it is none", async () => {
    const asText = await home.runyard(["send", "worker", "--json", "abc"]);
    assert.deepEqual(JSON.parse(asText.stdout), { app: "worker", text: "cba" });
    const asBytes = await home.runyard(["send", "worker", "--json", "ü"]);
    assert.deepEqual(JSON.parse(asBytes.stdout), { app: "worker", base64: "vMM=" });
  });

  test("an app that does not answer in time is given up, with what to look at", async () => {
    const ended = await home.runyard(["send", "deaf", "--timeout", "1", "hello"]);
    assert.deepEqual([ended.code, ended.stdout], [1, ""]);
    assert.match(ended.stderr, /deaf has not replied within 1 s\. .*runyard app logs deaf.*--timeout/);
  });

  test("a message that another one displaces ends with that reason", async () => {
    const first = home.start(["send", "deaf", "first"]);
    first.ended.catch(() => {});
    let code: number | null = null;
    void first.ended.then((ended) => {
      code = ended.code;
    });
    await until(
      async () => {
        const second = home.start(["send", "deaf", "--timeout", "1", "second"]);
        await second.ended;
        return code !== null;
      },
      { intervalMs: 50 },
    );
    assert.equal(code, 1);
    assert.match((await first.ended).stderr, /got no reply: another one has taken its place/);
  });

  test("an app that is not there, or has no process, is an error that says so", async () => {
    const missing = await home.runyard(["send", "nobody", "hello"]);
    assert.deepEqual(
      [missing.code, missing.stderr],
      [1, "runyard: there is no app nobody. See which there are: runyard app ls\n"],
    );
    const off = await home.runyard(["send", "off", "hello"]);
    assert.equal(off.code, 1);
    assert.match(off.stderr, /^runyard: .*off/);
  });

  test("Ctrl-C ends the wait quietly", async () => {
    const sending = home.start(["send", "deaf", "hello"]);
    await until(async () => (await messagesOf("deaf")) === "busy");
    sending.kill("SIGINT");
    const ended = await sending.ended;
    assert.deepEqual([ended.code, ended.stderr], [130, ""]);
  });

  async function messagesOf(name: string): Promise<unknown> {
    return JSON.parse((await home.runyard(["app", "show", "--json", name])).stdout).task_status;
  }
});
