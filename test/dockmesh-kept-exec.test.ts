/** Terminals in containers that wait for their client, over Dockmesh's WebSocket, on a real engine. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { describe, test } from "node:test";
import { until } from "../src/platform/testing/until.ts";
import { skipWithoutDocker } from "./support/docker.ts";
import { type Caller, useDockmeshYard } from "./support/dockmesh.ts";
import { type DockmeshSocket, openDockmeshSocket } from "./support/dockmesh-socket.ts";
import { useTestEngine } from "./support/test-containers.ts";

interface Kept {
  readonly isNew: boolean;
  readonly position: number;
  readonly missed: number;
}

describe("Terminals in containers that wait for their client", { skip: skipWithoutDocker(), timeout: 60_000 }, () => {
  const tested = useTestEngine();
  const yard = useDockmeshYard(() => ({ "docker-socket": tested.docker.socketPath }));
  const open = (keep: string, query = "", { token }: Caller = yard.admin) =>
    openDockmeshSocket(yard.url, `/exec/shells?keep=${keep}${query}`, { authorization: `Bearer ${token}` });
  const keptOf = async (shell: DockmeshSocket) => JSON.parse(await shell.text(/"kept"/)) as Kept;
  const shows = (shell: DockmeshSocket, like: RegExp) => until(() => like.test(shell.shown()), { what: String(like) });

  test("one whose connection breaks goes on where it was, and ends when it is hung up", async () => {
    await tested.containers.run("shells", ["sleep", "1000"]);
    const keep = randomUUID();
    const first = await open(keep);
    assert.equal((await keptOf(first)).isNew, true);
    first.socket.send(Buffer.from("mark=here; echo begun $mark\n"));
    await shows(first, /begun here/);
    first.socket.terminate();
    const second = await open(keep);
    const { isNew, position, missed } = await keptOf(second);
    assert.deepEqual([isNew, position], [false, 0]);
    await shows(second, /begun here/);
    assert.ok(missed >= first.shown().length);
    second.socket.send(Buffer.from("echo still $mark\n"));
    await shows(second, /still here/);
    second.socket.send(JSON.stringify({ type: "hangup" }));
    assert.equal(await second.closed, 1000);
    using third = await open(keep);
    assert.equal((await keptOf(third)).isNew, true);
    await until(async () => (await shells()) === 1, { what: "the end of the one before" });
  });

  test("another login does not come to it, and its own is shown there where it looks last", async () => {
    const keep = randomUUID();
    using first = await open(keep);
    await keptOf(first);
    const other = await yard.makeUser("admin");
    using elsewhere = await open(keep, "", other);
    assert.equal((await keptOf(elsewhere)).isNew, true);
    using second = await open(keep, "&position=0");
    assert.equal((await keptOf(second)).isNew, false);
    assert.equal(await first.closed, 1000);
    await first.text(/taken over/);
  });

  const shells = async () =>
    (await tested.containers.processes("shells")).filter((line) => line.includes("/bin/sh")).length;
});
