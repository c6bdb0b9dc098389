/** Ctrl-K finds everything by an id that somebody has pasted, and leads to it. */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { until } from "../src/platform/testing/until.ts";
import { skip as noSandbox } from "./support/capsule-yard.ts";
import { noBrowser, signIn } from "./support/console-browser.ts";
import { useVisitors } from "./support/console-suite.ts";
import { skipWithoutDocker } from "./support/docker.ts";
import { useDockmeshYard } from "./support/dockmesh.ts";
import { useTestEngine } from "./support/test-containers.ts";
import { adminPassword } from "./support/yard-process.ts";

const kinds = ["app", "capsule", "task", "run", "memory", "container", "stack", "host", "user"] as const;
type Kind = (typeof kinds)[number];

const skip = noBrowser || noSandbox || skipWithoutDocker();

describe("An id that is pasted into Ctrl-K", { skip, timeout: 120_000 }, () => {
  const tested = useTestEngine();
  const yard = useDockmeshYard(() => ({ "docker-socket": tested.docker.socketPath }));
  const { open, asAdmin } = useVisitors(() => yard.url, skip);
  /** What is pasted, and where it leads. */
  const things = {} as Record<Kind, { readonly id: string; readonly place: RegExp }>;

  const made = async <T>(method: string, path: string, body?: object): Promise<T> => {
    const reply = await asAdmin(method, path, body);
    assert.ok(reply.ok, `${path}: ${reply.status}`);
    return (await reply.json()) as T;
  };

  before(async () => {
    await made("PUT", "/appmesh/app/web", { command: "sleep 600" });
    const [app] = (await made<{ items: { id: string }[] }>("GET", "/yard/v1/apps?name=web")).items;
    things.app = { id: app?.id ?? "", place: /\/apps\/web$/ };

    const capsule = await made<{ id: string }>("POST", "/v1/capsules", {});
    things.capsule = { id: capsule.id, place: new RegExp(`/capsules/${capsule.id}$`) };

    const { uuid } = await made<{ uuid: string }>("POST", "/tasks", {
      ...{ group_name: "admin", tags: [], labels: [], timeout: "60s", priority: 0 },
      task_spec: { args: ["true"], terminal_output: true },
    });
    things.task = { id: uuid, place: new RegExp(`/tasks/${uuid}$`) };

    const { execution_id: run } = await made<{ execution_id: string }>("POST", "/api/exec", {
      code: "globalThis.a = 1",
    });
    const heap = await until(
      async () => (await made<{ heap: string | null }>("GET", `/api/executions/${run}`)).heap ?? undefined,
      { what: "the script's memory", timeoutMs: 30_000 },
    );
    things.run = { id: run, place: new RegExp(`/scripts/${run}$`) };
    things.memory = { id: heap, place: new RegExp(`/scripts/memory\\?heap=${heap}$`) };

    const container = await tested.containers.run("box", ["sleep", "1000"], { StopTimeout: 0 });
    things.container = { id: container, place: new RegExp(`/containers/local/${container}$`) };
    await made("POST", "/api/v1/stacks", { name: "shop-front", compose: "services:\n  a:\n    image: b\n" });
    things.stack = { id: "shop-front", place: /\/stacks\/shop-front$/ };
    const [host] = (await made<{ items: { id: string }[] }>("GET", "/yard/v1/hosts")).items;
    things.host = { id: host?.id ?? "", place: new RegExp(`/hosts/${host?.id}$`) };
    const user = await yard.makeUser("viewer");
    things.user = { id: user.userId, place: new RegExp(`/users\\?search=${user.username}$`) };
  });

  test("leads to what it names, whatever that is", async (t) => {
    const page = await open(t);
    await signIn(page, yard.url, adminPassword);
    await page.getByRole("heading", { name: "Overview" }).waitFor();
    for (const kind of kinds) {
      const { id, place } = things[kind];
      await page.keyboard.press("Control+k");
      await page.getByRole("combobox", { name: /Find/ }).fill(id);
      await page.getByRole("option", { selected: true }).waitFor();
      await page.keyboard.press("Enter");
      await page.waitForURL(place);
      await page.getByRole("heading", { level: 1 }).waitFor();
    }
    await page.getByRole("row", { name: /viewer1/ }).waitFor();
  });
});
