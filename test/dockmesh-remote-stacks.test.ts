/** Stacks on a host that is not the server's own: their files come along, and a line that breaks in the midst of a deployment costs another try. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, symlink, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import type Docker from "dockerode";
import { readLocalYard } from "../src/client/local-yard.ts";
import { until } from "../src/platform/testing/until.ts";
import { type CutLine, openCutLine } from "./support/cut-line.ts";
import { skipWithoutDocker } from "./support/docker.ts";
import { useDockmeshYard } from "./support/dockmesh.ts";
import { type JoinedAgent, joinYard } from "./support/joined-agent.ts";
import { busyboxImage, useTestEngine } from "./support/test-containers.ts";

interface Result {
  readonly services: readonly { readonly name: string; readonly container_id: string }[];
}
interface Log {
  readonly state: string;
  readonly error?: string;
  readonly steps: readonly { readonly text: string }[];
}

const service = (command: string, more = "") =>
  `{image: "${busyboxImage}", command: [sh, -c, ${JSON.stringify(command)}], network_mode: none, stop_grace_period: 0s${more}}`;
const forever = "exec sleep 100000";

/** As long, and with nothing in it. */
async function truncateFile(path: string, bytes: number): Promise<void> {
  await writeFile(path, "");
  await truncate(path, bytes);
}

describe("stacks on another host", { skip: skipWithoutDocker() }, () => {
  const tested = useTestEngine();
  const yard = useDockmeshYard({ "docker-socket": "/nonexistent/docker.sock" });
  let line: CutLine;
  let agent: JoinedAgent;
  let remote: string;
  before(async () => {
    const local = await readLocalYard(yard.opened.data);
    assert.ok(local);
    line = await openCutLine(yard.url);
    const inside = ["env", `DOCKER_HOST=unix://${tested.docker.socketPath}`];
    agent = await joinYard(local, { inside, url: line.url });
    remote = await until(onlineAgent);
  });
  after(async () => {
    await agent?.[Symbol.asyncDispose]();
    await line?.[Symbol.asyncDispose]();
  });

  async function onlineAgent(): Promise<string | undefined> {
    const hosts = await yard.admin.expect<readonly Record<string, string>[]>(200, "GET", "/hosts");
    return hosts.find(({ kind, status }) => kind === "agent" && status === "online")?.id;
  }

  const directoryOf = (stack: string) => join(yard.opened.data, "stacks", stack);
  const brought = join("stacks", "shop");
  const create = (name: string, compose: string, env?: string) =>
    yard.admin.expect(201, "POST", "/stacks", { name, compose, ...(env !== undefined && { env }) });
  const deploy = (name: string) =>
    yard.admin.ask<Result & { error: string }>("POST", `/stacks/${name}/deploy?host=${remote}`);
  async function deployed(name: string): Promise<Result> {
    const { status, text, json } = await deploy(name);
    assert.equal(status, 200, text);
    return json;
  }
  const logOf = (name: string) => yard.admin.expect<Log>(200, "GET", `/stacks/${name}/deployments/latest/log`);
  const linesOf = async (name: string) => (await logOf(name)).steps.map(({ text }) => text);
  const inspect = (id: string) => tested.containers.engine.call("look", (docker) => docker.getContainer(id).inspect());
  const idOf = ({ services }: Result, name: string) => services.find((one) => one.name === name)?.container_id ?? "";
  const dataSeen = (id: string, target: string) =>
    until(async () => {
      const source = (await inspect(id)).Mounts.find(({ Destination }) => Destination === target)?.Source ?? "";
      return existsSync(join(source, "seen")) ? readFile(join(source, "seen"), "utf8") : undefined;
    });

  test("its own files come along, and are mounted where it runs", async () => {
    const script = `cat /conf/deep/a /app.ini /run/secrets/key > /data/seen; ls -a /all > /data/all; ${forever}`;
    const mounts = ["./conf:/conf:ro", "./app.ini:/app.ini", "./data:/data", ".:/all:ro"];
    await create(
      "shop",
      `services:\n  web: ${service(script, `, volumes: ${JSON.stringify(mounts)}, secrets: [key]`)}\n  db: ${service(forever)}\nsecrets:\n  key: {file: ./key}\n`,
      "SECRET=1",
    );
    const own = directoryOf("shop");
    await mkdir(join(own, "conf/deep"), { recursive: true });
    await writeFile(join(own, "conf/deep/a"), "one ");
    await writeFile(join(own, "app.ini"), "two ");
    await writeFile(join(own, "key"), "three");
    const first = await deployed("shop");
    const web = idOf(first, "web");
    assert.equal(await dataSeen(web, "/data"), "one two three");
    for (const { Source } of (await inspect(web)).Mounts) assert.ok(Source.startsWith(agent.directory), Source);
    const all = await until(async () => {
      const data = (await inspect(web)).Mounts.find(({ Destination }) => Destination === "/data")?.Source ?? "";
      return existsSync(join(data, "all")) ? readFile(join(data, "all"), "utf8") : undefined;
    });
    assert.deepEqual(all.trim().split("\n"), [".", "..", "app.ini", "compose.yaml", "conf", "key"]);
    assert.ok(
      (await linesOf("shop")).some((text) => /^bring \.\/conf to .*: done/.test(text)),
      String(await linesOf("shop")),
    );

    const again = await deployed("shop");
    assert.deepEqual(again.services, first.services);
    assert.ok(!(await linesOf("shop")).some((text) => text.startsWith("bring")), "nothing is brought twice");
  });

  test("what changes on the server changes there with the next deployment; what containers have written stays", async () => {
    const before = await deployed("shop");
    await writeFile(join(directoryOf("shop"), "conf/deep/a"), "new ");
    await mkdir(join(directoryOf("shop"), "data"));
    await writeFile(join(directoryOf("shop"), "data/from-server"), "");
    const now = await deployed("shop");
    assert.equal(idOf(now, "db"), idOf(before, "db"));
    assert.notEqual(idOf(now, "web"), idOf(before, "web"));
    const data = (await inspect(idOf(now, "web"))).Mounts.find(({ Destination }) => Destination === "/data");
    assert.ok(data);
    await until(async () => (await readFile(join(data.Source, "seen"), "utf8")) === "new two three");
    assert.deepEqual((await readdir(data.Source)).toSorted(), ["all", "seen"]);
    assert.ok((await linesOf("shop")).includes("leave ./data as its containers have written it: done"));
    const places = await readdir(join(agent.directory, brought));
    for (const place of places) {
      assert.equal(
        (await readdir(join(agent.directory, brought, place))).length,
        1,
        "what is of no use any more is gone",
      );
    }
  });

  test("nothing leads out of the stack's directory, and what is missing is told", async () => {
    const make = async (name: string, mount: string, prepare: (directory: string) => Promise<void>) => {
      await create(name, `services:\n  web: ${service(forever, `, volumes: [${mount}]`)}\n`);
      await prepare(directoryOf(name));
      const { status, json } = await deploy(name);
      return `${status} ${json.error}`;
    };
    const link = (target: string, path: string) => async (directory: string) => {
      await mkdir(join(directory, "dir"));
      await symlink(target, join(directory, path));
    };
    assert.match(await make("out-one", '"./conf:/conf"', link("/etc", "conf")), /^422 .*conf.* link/);
    assert.match(
      await make("out-two", '"./dir:/conf"', link("/etc/passwd", "dir/passwd")),
      /^422 .*dir\/passwd.* link/,
    );
    assert.match(await make("out-three", '"./dir/x/passwd:/conf"', link("/etc", "dir/x")), /^422 .*link/);
    const bind = "{type: bind, source: ./none, target: /none, bind: {create_host_path: false}}";
    assert.match(await make("missing", bind, async () => {}), /^422 .*no \.\/none beside/);
    const large = (directory: string) => truncateFile(join(directory, "large"), 101 * 1024 ** 2);
    assert.match(await make("too-large", '"./large:/large"', large), /^422 .*\.\/large.* 104857600 bytes/);
  });

  test("a stack's files go with it", async () => {
    await yard.admin.expect(200, "DELETE", "/stacks/shop?stop=true");
    assert.equal(existsSync(join(agent.directory, brought)), false);
  });

  test("a line that is cut in the midst of a deployment fails it, and the next one does the rest, and nothing twice", async () => {
    const names = ["one", "two", "three", "four"];
    const services = names.map((name, i) => {
      const needs = i > 0 ? `, depends_on: [${names[i - 1]}]` : "";
      return `  ${name}: ${service(forever, `, volumes: ["./conf:/conf:ro", "data:/data"]${needs}`)}\n`;
    });
    await create("cut", `services:\n${services.join("")}volumes: {data: {}}\n`);
    await mkdir(join(directoryOf("cut"), "conf"));
    await writeFile(join(directoryOf("cut"), "conf/a"), "a".repeat(1_000_000));
    const engine = <T>(ask: (docker: Docker) => Promise<T>) =>
      tested.containers.engine.call("look", ask).then(Boolean, () => false);
    const moments: readonly (() => Promise<boolean>)[] = [
      () => engine((docker) => docker.getVolume("cut_data").inspect()),
      () => engine((docker) => docker.getContainer("cut-two-1").inspect()),
      () =>
        engine(async (docker) => (await docker.getContainer("cut-one-1").inspect()).State.Running || Promise.reject()),
    ];
    for (const [round, hasCome] of moments.entries()) {
      const begun = deploy("cut");
      await until(hasCome, { intervalMs: 1, what: `the moment ${round}` });
      line.cut();
      const { status, json } = await begun;
      assert.equal(status, 503, `in round ${round}: ${json.error}`);
      const log = await logOf("cut");
      assert.deepEqual([log.state, typeof log.error], ["failed", "string"]);
      assert.ok(
        log.steps.some(({ text }) => text.includes("failed")),
        JSON.stringify(log),
      );
      line.mend();
      await until(onlineAgent, { what: "the agent is back" });
    }
    const done = await deployed("cut");
    assert.deepEqual(done.services.map(({ name }) => name).toSorted(), names.toSorted());
    const list = await tested.containers.engine.call("list", (docker) => docker.listContainers({ all: true }));
    const made = list.flatMap(({ Names }) => Names).filter((name) => name.startsWith("/cut-") || name.includes("cut-"));
    assert.deepEqual(made.toSorted(), names.map((name) => `/cut-${name}-1`).toSorted());
    assert.equal((await readdir(join(agent.directory, "stacks", ".incoming"))).length, 0);
    const history = await yard.admin.expect<readonly unknown[]>(200, "GET", "/stacks/cut/deployments");
    assert.ok(history.length >= 1);
    await yard.admin.expect(200, "DELETE", "/stacks/cut?stop=true&volumes=true");
    assert.equal(existsSync(join(agent.directory, "stacks", "cut")), false);
  });

  test("a stack that is deleted while its host is away leaves nothing there: neither when that is back, nor to a stack of its name", async () => {
    const write = `echo old > /data/seen; ${forever}`;
    const compose = `services:\n  web: ${service(write, ', volumes: ["./data:/data"]')}\n`;
    const placesOf = (stack: string) => join(agent.directory, "stacks", stack);
    for (const name of ["early", "late"]) {
      await create(name, compose);
      await dataSeen(idOf(await deployed(name), "web"), "/data");
    }
    line.cut();
    await until(async () => !(await onlineAgent()), { what: "the agent is away" });
    for (const name of ["early", "late"]) {
      const { cleanup_error } = await yard.admin.expect(200, "DELETE", `/stacks/${name}?stop=true`);
      assert.match(String(cleanup_error), /offline/);
      assert.ok(existsSync(placesOf(name)));
    }
    await create("early", `services:\n  web: ${service(forever, ', volumes: ["./data:/data"]')}\n`);
    line.mend();
    await until(onlineAgent, { what: "the agent is back" });
    const { Mounts } = await inspect(idOf(await deployed("early"), "web"));
    assert.deepEqual(await readdir(Mounts[0]?.Source ?? ""), [], "nothing of the one before");
    await until(() => !existsSync(placesOf("late")), { what: "the other one's files are gone" });
    assert.ok(existsSync(placesOf("early")), "and no others");
    await yard.admin.expect(200, "DELETE", "/stacks/early?stop=true");
  });
});
