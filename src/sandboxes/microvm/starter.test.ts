/** What starts processes in a machine (inside/starter.ts), where the drivers' common suite does not look. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { outputOf, textSoFar } from "../conformance/suite.ts";
import type { LocalSandbox, LocalSandboxDriver, ProcessSpec } from "../sandbox.ts";
import { openMicrovmDriver } from "./driver.ts";
import { lendGoldenImage, skipWithoutMachines } from "./testing.ts";

describe("a process in a machine", { skip: skipWithoutMachines() }, () => {
  const temporary = temporaryDirectory();
  let driver: LocalSandboxDriver;
  let sandbox: LocalSandbox;
  const shell = (script: string, more: Partial<ProcessSpec> = {}, ...args: string[]) =>
    sandbox.exec({ id: randomUUID(), argv: ["sh", "-c", script, "sh", ...args], ...more });

  before(async () => {
    await lendGoldenImage(temporary.path);
    driver = await openMicrovmDriver({ directory: temporary.path });
    sandbox = await driver.create({ id: "home" });
  });
  after(async () => {
    await sandbox?.destroy();
    await driver?.[Symbol.asyncDispose]();
    temporary[Symbol.dispose]();
  });

  test("gets a megabyte of arguments, and a refusal of what no program can be given", async () => {
    const argument = "x".repeat(100_000);
    const words = new Array<string>(10).fill(argument);
    assert.equal(await outputOf(await shell('shift 9; echo $#; echo "$1" | wc -c', {}, ...words)), "1\n100001\n");
    const tooLong = shell("true", {}, "x".repeat(200_000));
    await assert.rejects(tooLong, { code: "invalid", field: "argv", message: /Argument list too long/ });
    const tooMany = shell("true", {}, ...new Array<string>(30).fill(argument));
    await assert.rejects(tooMany, { code: "invalid", field: "argv" });
  });

  test("is its user's, with that one's groups and home", async () => {
    const entries = "echo zoe:x:1234:1234::/home/zoe:/bin/sh >>/etc/passwd; echo crew:x:77:mia,zoe >>/etc/group";
    await outputOf(await shell(`${entries}; mkdir -p /home/zoe; chown 1234:1234 /home/zoe`));
    for (const user of ["zoe", "1234"]) {
      const facts = await shell("id -u; id -G; pwd; cat /proc/self/status | grep CapEff", { user });
      assert.equal(await outputOf(facts), "1234\n1234 77\n/home/zoe\nCapEff:\t0000000000000000\n");
    }
    await assert.rejects(shell("true", { user: "nobody-here" }), { code: "invalid", field: "user" });
  });

  test("that cannot become its program is refused with the reason, and leaves no trace", async () => {
    await outputOf(await shell("printf '#!/no/such/shell\\n' >/root/broken; chmod 755 /root/broken"));
    const refused = sandbox.exec({ id: randomUUID(), argv: ["/root/broken"] });
    await assert.rejects(refused, { code: "invalid", field: "argv", message: /No such file/ });
    await sandbox.exec({ id: "next", argv: ["true"] }).then(({ exited }) => exited);
    const left = await outputOf(await shell("ls /.runyard/io | wc -l"));
    assert.ok(Number(left) <= 4, `${left} directories`);
  });

  test("prints a lot on both streams, and takes a lot, each to its end", async () => {
    const text = "a line of it\n".repeat(100_000);
    const process = await shell("cat | tee /dev/stderr", { stdin: { text }, streams: "separate" });
    assert.equal((await process.exited).code, 0);
    assert.equal(await process.output.size(), text.length);
    assert.equal(await process.errors?.size(), text.length);
  });

  test("has ended when it has, whatever it leaves behind", async () => {
    const process = await shell(
      "setsid sh -c 'while :; do echo late; sleep 0.1; done' & sleep 0.5; echo first; exit 4",
    );
    assert.equal((await process.exited).code, 4);
    assert.match(await textSoFar(process), /^first$/m);
    assert.match(await outputOf(await shell("ps | grep -c '[e]cho late'")), /^[1-9]/);
  });

  test("cannot see what has started it, nor whoever serves its files", async () => {
    await outputOf(await shell("head -c 1000000 /dev/zero >/root/large"));
    const { content } = await (sandbox.files ?? assert.fail("it has no files")).read("/root/large");
    for await (const _ of content);
    assert.doesNotMatch(await outputOf(await shell("cat /proc/[0-9]*/cmdline")), /perl|sftp-server|sshd/);
  });
});
