/** Capsules that are moved between the hosts of a yard: real agents behind real tunnels, and whoever dies in the middle. What is counted each time: on how many hosts the
 *  capsule is, and whether what was in its memory is still there. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync, globSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";
import { idFromWire } from "../src/apis/wrenn/ids.ts";
import { freePort } from "../src/platform/testing/free-port.ts";
import { until } from "../src/platform/testing/until.ts";
import { lendGoldenImage, skipWithoutMachines } from "../src/sandboxes/microvm/testing.ts";
import { type Home, openHome } from "./support/home.ts";
import { askYard, type JoinedAgent, joinYard } from "./support/joined-agent.ts";
import { type SmallDisk, smallDisk } from "./support/small-disk.ts";
import { type RunningYard, startYard } from "./support/yard-process.ts";

const timeoutMs = 120_000;
const called = { yard: "the yard", from: "its host's agent", to: "the other host's agent" } as const;
const secretFile = "/dev/shm/secret";

interface MoveSeen {
  readonly phase: string;
}

describe("a capsule that is moved through a yard", { skip: skipWithoutMachines(), timeout: 20 * 60_000 }, () => {
  const names = ["east", "west"] as const;
  type Name = (typeof names)[number];
  const opened = new AsyncDisposableStack();
  const agents = new Map<Name, JoinedAgent>();
  let home: Home;
  let yard: RunningYard;
  let id = "";
  let blobsBefore = 0;
  /** Of the store of blobs. */
  let disk: SmallDisk;

  const done = async (args: readonly string[]): Promise<string> => {
    const { code, stdout, stderr } = await home.runyard(args);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const move = (host: string) => askYard(yard.local, "POST", `/yard/v1/capsules/${id}/move`, { host });
  const agent = (name: Name) => agents.get(name) ?? assert.fail(`there is no ${name}`);
  const driverOf = (name: Name) => join(agent(name).directory, "microvm");
  function query<Row>(sql: string): Row[] {
    const database = new DatabaseSync(join(yard.data, "runyard.db"), { readOnly: true, timeout: 5_000 });
    try {
      return database.prepare(sql).all() as Row[];
    } finally {
      database.close();
    }
  }
  const phase = (): string | undefined => query<MoveSeen>("select phase from capsule_moves")[0]?.phase;
  const hostOf = (): Name => {
    const sql = `select hosts.name from capsules join hosts on hosts.id = capsules.host_id where capsules.id = '${idFromWire("capsule", id)}'`;
    return names.find((name) => name === query<{ name: string }>(sql)[0]?.name) ?? assert.fail("it is nowhere");
  };
  const otherThan = (name: Name): Name => (name === "east" ? "west" : "east");
  const filesOn = (name: Name, directory: string): string[] => {
    const path = join(driverOf(name), directory);
    return existsSync(path) ? readdirSync(path) : [];
  };
  const blobs = (): number => globSync(join(yard.data, "blobs/objects/*/*")).length;
  const shell = (script: string) => done(["capsule", "exec", id, "--", "sh", "-c", script]);
  const statusOf = async () => JSON.parse(await done(["capsule", "show", "--json", id])).status;

  /** Of all that a move leaves nothing is there any more, and the capsule is on one host. */
  async function assertOnOneHost(): Promise<Name> {
    await until(() => phase() === undefined, { timeoutMs, what: "the move is over" });
    const host = hostOf();
    const isGone = () => filesOn(otherThan(host), "machines").length === 0;
    await until(isGone, { timeoutMs, what: "the other host has nothing of it" });
    assert.equal(filesOn(host, "machines").length, 1);
    assert.equal(blobs(), blobsBefore);
    for (const name of names)
      await until(() => filesOn(name, "incoming").length === 0, { timeoutMs, what: `${name} expects nothing` });
    return host;
  }
  async function keepSecret(): Promise<string> {
    if ((await statusOf()) !== "running") await done(["capsule", "resume", id]);
    const secret = randomUUID();
    await shell(`printf ${secret} >${secretFile}`);
    await done(["capsule", "pause", id]);
    return secret;
  }
  async function assertGoesOn(secret: string): Promise<void> {
    assert.equal(await statusOf(), "paused");
    await done(["capsule", "resume", id]);
    assert.equal(await shell(`cat ${secretFile}`), secret);
  }

  before(async () => {
    home = opened.use(openHome());
    disk = opened.use(smallDisk(join(home.data, "blobs"), { megabytes: 300 }));
    const listen = `127.0.0.1:${await freePort()}`; // agents find it there after its restart
    yard = opened.use(await startYard(["--capsules-driver", "microvm", "--listen", listen], home));
    for (const name of names) {
      const joined = opened.use(await joinYard(yard.local, { body: { type: "regular", name } }));
      agents.set(name, joined);
      await lendGoldenImage(driverOf(name));
    }
    // The yard's own machine takes none: it is tagged for another driver.
    const own = JSON.parse(await done(["host", "ls", "--json"])).find((host: { name: string }) => !isName(host.name));
    await done(["host", "tag", own.id, "driver:container"]);
    id = (await done(["capsule", "create", "--memory", "160"])).trim();
    assert.ok(isName(hostOf()));
    blobsBefore = blobs();
  });
  after(async () => {
    if (id) await home.runyard(["capsule", "rm", id]);
    await opened.disposeAsync();
  });
  const isName = (name: string): name is Name => names.some((one) => one === name);

  test("goes on there with its memory, by the command line; while it runs it is refused", async () => {
    const from = hostOf();
    const running = await home.runyard(["capsule", "move", id, otherThan(from)]);
    assert.notEqual(running.code, 0);
    assert.match(running.stderr, /running/);
    const secret = await keepSecret();
    assert.equal(await done(["capsule", "move", id, otherThan(from)]), `${id} is on ${otherThan(from)}.\n`);
    assert.equal(await done(["capsule", "move", id, otherThan(from)]), `${id} is on ${otherThan(from)}.\n`);
    assert.equal(await assertOnOneHost(), otherThan(from));
    await assertGoesOn(secret);
  });

  test("stays where it is if the host is none of the yard's, or cannot take it", async () => {
    const secret = await keepSecret();
    const from = hostOf();
    const nowhere = await move("nowhere");
    assert.deepEqual([nowhere.status, /reaches no host nowhere/.test(nowhere.text)], [404, true], nowhere.text);
    const [other] = [agent(otherThan(from))];
    await other.end("SIGKILL");
    const away = await move(otherThan(from));
    await other.start();
    // Whether its end was noticed already is a matter of moments.
    assert.deepEqual([away.status, /cannot be reached|does not answer/.test(away.text)], [503, true], away.text);
    assert.equal(await assertOnOneHost(), from);
    await assertGoesOn(secret);
  });

  test("stays where it is if the store of blobs is full", async () => {
    const secret = await keepSecret();
    const from = hostOf();
    disk.fill();
    const full = await move(otherThan(from));
    disk.free();
    assert.deepEqual([full.status, /is full/.test(full.text)], [507, true], full.text);
    assert.equal(await assertOnOneHost(), from);
    await assertGoesOn(secret);
  });

  for (const { who, when } of [
    { who: "yard", when: "sending" },
    { who: "yard", when: "sent" },
    { who: "from", when: "sending" },
    { who: "from", when: "sent" },
    { who: "to", when: "sending" },
    { who: "to", when: "sent" },
  ] as const) {
    test(`is on one host with its memory when ${called[who]} is killed while the move is ${when}`, async () => {
      const secret = await keepSecret();
      const from = hostOf();
      const victim = who === "from" ? agent(from) : agent(otherThan(from));
      const moving = move(otherThan(from)).catch((error: unknown) => error);
      await until(() => phase() === when, { timeoutMs, intervalMs: 1, what: `the move is ${when}` });
      if (who === "yard") {
        await yard.kill();
        await yard.start();
      } else {
        await victim.end("SIGKILL");
        await victim.start();
      }
      await moving;
      await assertOnOneHost();
      await assertGoesOn(secret);
    });
  }

  test("arrives without its old host, once all of it was sent, also for the next yard", async () => {
    const secret = await keepSecret();
    const from = hostOf();
    const moving = move(otherThan(from)).catch((error: unknown) => error);
    await until(() => phase() === "sent", { timeoutMs, intervalMs: 1, what: "all of it was sent" });
    await Promise.all([yard.kill(), agent(from).end("SIGKILL")]);
    await yard.start();
    await moving;
    await until(() => phase() === undefined, { timeoutMs, what: "the move is over" });
    assert.equal(hostOf(), otherThan(from));
    await assertGoesOn(secret);
    await done(["capsule", "pause", id]);
    await agent(from).start();
    assert.equal(await assertOnOneHost(), otherThan(from));
    await assertGoesOn(secret);
  });

  test("is over when it is destroyed in the middle", async () => {
    await keepSecret();
    const moving = move(otherThan(hostOf())).catch((error: unknown) => error);
    await until(() => phase() === "sending", { timeoutMs, intervalMs: 1, what: "the move has begun" });
    await done(["capsule", "rm", id]);
    await moving;
    await until(() => phase() === undefined && names.every((name) => filesOn(name, "machines").length === 0), {
      timeoutMs,
      what: "nothing of it is left",
    });
    id = "";
  });
});
