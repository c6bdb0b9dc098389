/** threats.md F5 and F6: the disk under the data directory is full, then there is space again. */
import assert from "node:assert/strict";
import test from "node:test";
import { skipUnless } from "../src/platform/testing/parts.ts";
import { until } from "../src/platform/testing/until.ts";
import { type AppMesh, appMesh, type Reply } from "./support/appmesh.ts";
import { openHome } from "./support/home.ts";
import { smallDisk } from "./support/small-disk.ts";
import { startYard } from "./support/yard-process.ts";

const isRoot = process.getuid?.() === 0;

test("on a full disk writes fail with a clear error, reads and stops still work, and it heals", {
  skip: skipUnless(isRoot, "root", "a small file system can only be mounted by root"),
}, async () => {
  using home = openHome();
  using disk = smallDisk(home.data);
  await using yard = await startYard([], home);
  const api = appMesh(() => yard.url, yard.local.token);
  for (const name of ["steady", "stopped", "deleted"])
    await api.expect("PUT", `/app/${name}`, { body: { name, command: "sleep 600" } });
  await api.expect("PUT", "/app/talker", {
    body: { name: "talker", shell: true, command: "echo said; exec sleep 600" },
  });
  const { pid } = await view(api, "steady");
  const stopped = await view(api, "stopped");

  disk.fill();
  const refused = await firstRefusal(api);
  assert.equal(refused.reply.status, 507, refused.reply.text);
  assert.match(refused.reply.text, /disk .*is full.*Free some space/);
  assert.equal((await api.request("GET", `/app/${refused.name}`)).status, 404, "a refused change changed something");

  assert.ok((await api.expect("GET", "/applications")).json<unknown[]>().length >= 4);
  assert.equal((await api.expect("GET", "/app/talker/output")).text, "said\n");
  await api.expect("POST", "/app/stopped/disable");
  await until(() => !isAlive(stopped.pid), { what: "the disabled app's process is gone" });
  await api.expect("DELETE", "/app/deleted");
  assert.equal((await api.request("GET", "/app/deleted")).status, 404);

  disk.free();
  await until(
    async () =>
      (await api.request("PUT", "/app/healed", { body: { name: "healed", command: "sleep 600" } })).status === 201,
    { timeoutMs: 30_000, what: "writes work again" },
  );
  await until(
    async () =>
      (await api.request("POST", "/app/syncrun", { body: { command: "echo again", shell: true } })).text === "again\n",
    { timeoutMs: 30_000, what: "runs work again" },
  );
  assert.equal((await view(api, "steady")).pid, pid);
  await yard.kill();
  await yard.start();
  assert.equal((await view(api, "steady")).pid, pid);
  assert.equal((await view(api, "stopped")).status, 0);
});

interface View {
  readonly pid: number;
  readonly status: number;
}

async function view(api: AppMesh, name: string): Promise<View> {
  return (await api.expect("GET", `/app/${name}`)).json<View>();
}

/** Adds apps until one is refused: some space that was taken before may still be in use. */
async function firstRefusal(api: AppMesh): Promise<{ name: string; reply: Reply }> {
  for (let n = 0; n < 200; n++) {
    const name = `filler-${n}`;
    const reply = await api.request("PUT", `/app/${name}`, {
      body: { name, command: "sleep 600", status: 0, description: "x".repeat(60_000) },
    });
    if (reply.status !== 201) return { name, reply };
  }
  throw new Error("200 apps were added to a full disk");
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
