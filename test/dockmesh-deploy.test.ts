/** Dockmesh's deployments on a real engine: up, down, more of it, back again, and what else a stack needs. */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { wirePermissions } from "../src/apis/dockmesh/permissions.ts";
import { until } from "../src/platform/testing/until.ts";
import { skipWithoutDocker } from "./support/docker.ts";
import { askDockmesh, type Caller, useDockmeshYard } from "./support/dockmesh.ts";
import { busyboxImage, useTestEngine } from "./support/test-containers.ts";

interface Result {
  readonly stack: string;
  readonly deployment_id: number;
  readonly services: readonly { readonly name: string; readonly container_id: string; readonly image: string }[];
  readonly networks: readonly { readonly name: string; readonly created: boolean }[];
  readonly volumes: readonly { readonly name: string; readonly created: boolean }[];
  readonly dependencies_deployed: readonly string[];
}
interface History {
  readonly id: number;
  readonly note?: string;
  readonly compose_yaml?: string;
  readonly deployed_by_name: string;
  readonly host_id: string;
}
type Status = readonly { readonly service: string; readonly container_id: string; readonly state: string }[];

const service = (more = "", command = "sleep 100000") =>
  `{image: "${busyboxImage}", command: ${JSON.stringify(command)}, stop_grace_period: 0s${more && `, ${more}`}}`;
const compose = (services: Readonly<Record<string, string>>, rest = "") =>
  `services:\n${Object.entries(services)
    .map(([name, text]) => `  ${name}: ${text}\n`)
    .join("")}${rest}`;

describe("Dockmesh's deployments", { skip: skipWithoutDocker() }, () => {
  const tested = useTestEngine();
  const yard = useDockmeshYard(() => ({ "docker-socket": tested.docker.socketPath }));
  let operator: Caller;
  let author: Caller;
  before(async () => {
    operator = await yard.makeUser("operator");
    const permissions = ["containers.view", "hosts.view", "stacks.write", "stacks.deploy"];
    await yard.opened.yard.identity.roles.set("author", permissions);
    author = await yard.makeUser("author");
  });

  const put = (name: string, text: string, by = yard.admin, env?: string) =>
    by.expect(201, "POST", "/stacks", { name, compose: text, ...(env !== undefined && { env }) });
  const edit = (name: string, text: string, by = yard.admin) =>
    by.expect(200, "PUT", `/stacks/${name}`, { compose: text });
  const deploy = (name: string, by = yard.admin) => by.expect<Result>(200, "POST", `/stacks/${name}/deploy`);
  const status = (name: string) => yard.admin.expect<Status>(200, "GET", `/stacks/${name}/status`);
  const historyOf = (name: string) => yard.admin.expect<readonly History[]>(200, "GET", `/stacks/${name}/deployments`);
  const errorOf = async (expected: number, method: string, path: string, body?: unknown, by = yard.admin) =>
    String((await by.expect<{ error: string }>(expected, method, path, body)).error);

  test("a stack is deployed, told of, deployed again as it is, and stopped", async () => {
    await put("shop", compose({ web: service(), db: service("volumes: ['data:/data']") }, "volumes: {data: {}}\n"));
    assert.deepEqual(await status("shop"), []);
    const first = await deploy("shop", operator);
    assert.deepEqual(
      first.services.map(({ name }) => name),
      ["db", "web"],
    );
    assert.deepEqual(first.networks, [{ name: "shop_default", created: true }]);
    assert.deepEqual(first.volumes, [{ name: "shop_data", created: true }]);
    const again = await deploy("shop");
    assert.deepEqual(again.services, first.services);
    assert.deepEqual(again.networks, [{ name: "shop_default", created: false }]);
    assert.deepEqual(
      (await status("shop")).map(({ service: name, state }) => `${name} ${state}`),
      ["db running", "web running"],
    );

    const [, oldest] = await historyOf("shop");
    assert.deepEqual([oldest?.deployed_by_name, oldest?.host_id], [operator.username, "local"]);
    const log = await yard.admin.expect<{ state: string; steps: readonly { text: string }[] }>(
      200,
      "GET",
      `/stacks/shop/deployments/${oldest?.id}/log`,
    );
    assert.equal(log.state, "done");
    assert.ok(log.steps.some(({ text }) => text === "start container shop-web-1: done"));

    await yard.admin.expect(204, "POST", "/stacks/shop/stop");
    assert.deepEqual(await status("shop"), []);
    const [listed] = await yard.admin.expect<readonly { deployment?: { status: string } }[]>(200, "GET", "/stacks");
    assert.equal(listed?.deployment?.status, "stopped");
  });

  test("what cannot be deployed says why, and changes nothing", async () => {
    assert.match(await errorOf(404, "POST", "/stacks/missing/deploy"), /no stack missing/);
    await errorOf(404, "POST", "/stacks/missing/stop");
    await errorOf(404, "GET", "/stacks/missing/status");
    await errorOf(403, "POST", "/stacks/missing/deploy", undefined, await yard.makeUser("viewer"));
    await errorOf(503, "POST", "/stacks/shop/deploy?host=nowhere");
    await put("bad", "services:\n  web: {image: a, frobnicate: 1}\n");
    assert.match(await errorOf(422, "POST", "/stacks/bad/deploy"), /frobnicate/);
    await edit("bad", compose({ web: `{image: "missing.invalid/none:1"}` }));
    assert.match(await errorOf(422, "POST", "/stacks/bad/deploy"), /missing\.invalid/);
    await errorOf(422, "POST", "/stacks/bad/deploy?environment=nowhere");
    assert.deepEqual(await status("bad"), []);
    assert.deepEqual(await historyOf("bad"), []);
    const log = await yard.admin.expect<{ state: string; error: string }>(
      200,
      "GET",
      "/stacks/bad/deployments/latest/log",
    );
    assert.equal(log.state, "failed");
    assert.match(log.error, /missing\.invalid/);
  });

  test("a container that does not come up fails the deployment with its own words", async () => {
    await put("crash", compose({ web: service("", "sh -c 'echo no luck; exit 1'") }));
    assert.match(await errorOf(500, "POST", "/stacks/crash/deploy"), /crash-web-1 ended, with code 1: no luck/);
  });

  test("whoever may not reach the host deploys what stays inside, or what others answer for", async () => {
    const reaching = compose({ web: service("volumes: ['/:/host']") });
    await put("reach", reaching, author);
    const error = await errorOf(403, "POST", "/stacks/reach/deploy", undefined, author);
    assert.match(error, /services\.web\.volumes.*containers\.host-access/s);
    assert.deepEqual(await status("reach"), []);
    await deploy("reach"); // an administrator answers for it

    await edit("reach", compose({ web: service() }), author);
    await deploy("reach", author);
    const [, reachingOne] = await historyOf("reach");
    await author.expect(200, "POST", `/stacks/reach/deployments/${reachingOne?.id}/rollback`);

    await put("trusted", reaching);
    await deploy("trusted", operator);
    // Not by way of a stack that somebody else deploys.
    await put("hidden", reaching, author);
    await put("front", compose({ web: service() }));
    await author.expect(200, "PUT", "/stacks/front/dependencies", { depends_on: ["hidden"] });
    assert.match(await errorOf(424, "POST", "/stacks/front/deploy"), /hidden.*containers\.host-access/s);
  });

  test("what a variable of all stacks brings in is as good as who has set it", async () => {
    const { roles } = yard.opened.yard.identity;
    const manages = (await roles.list()).flatMap(({ name, permissions }) => (name === "viewer" ? permissions : []));
    await roles.set("manager", [...manages, ...wirePermissions["user.manage"].grants]);
    const manager = await yard.makeUser("manager");
    await put("fleet", compose({ web: service("volumes: ['$FLEET_PLACE:/host']") }, "volumes: {data: {}}\n"));
    const variable = { key: "FLEET_PLACE", value: "/" };
    const { id } = await manager.expect(201, "POST", "/global-env", variable);
    const error = await errorOf(403, "POST", "/stacks/fleet/deploy", undefined, operator);
    assert.match(error, /services\.web\.volumes.*containers\.host-access/s);
    await yard.admin.expect(200, "PUT", `/global-env/${id}`, { ...variable, value: "/srv" });
    await deploy("fleet", operator);
    for (const [method, body] of [["PUT", variable], ["DELETE"]] as const)
      assert.match(await errorOf(403, method, `/global-env/${id}`, body, manager), /containers\.host-access/);
    await yard.admin.expect(204, "DELETE", `/global-env/${id}`);
  });

  test("what a variable of somebody without that right brings in is refused, too", async () => {
    await put("variable", compose({ web: service("volumes: ['$PLACE:/host']") }), yard.admin, "PLACE=/srv/data");
    await author.expect(200, "PUT", "/stacks/variable", {
      compose: compose({ web: service("volumes: ['$PLACE:/host']") }),
      env: "PLACE=/",
    });
    await errorOf(403, "POST", "/stacks/variable/deploy", undefined, author);
  });

  test("stacks that are needed come first; who is needed is not stopped without force", async () => {
    await put("db", compose({ db: service() }));
    await put("front-end", compose({ api: service() }));
    await yard.admin.expect(200, "PUT", "/stacks/front-end/dependencies", {
      depends_on: ["db", "", "front-end", "db"],
    });
    await errorOf(422, "PUT", "/stacks/db/dependencies", { depends_on: ["front-end"] });
    assert.deepEqual((await deploy("front-end")).dependencies_deployed, ["db"]);
    assert.deepEqual((await deploy("front-end")).dependencies_deployed, []);
    const known = await yard.admin.expect<{ dependents: string[] }>(200, "GET", "/stacks/db/dependencies");
    assert.deepEqual(known.dependents, ["front-end"]);
    const refused = await yard.admin.ask("POST", "/stacks/db/stop");
    assert.equal(refused.status, 409);
    assert.deepEqual([refused.json.dependents, refused.json.force_needed], [["front-end"], true]);
    await yard.admin.expect(204, "POST", "/stacks/db/stop?force=true");
    await yard.admin.expect(200, "PUT", "/stacks/front-end/dependencies", { depends_on: ["missing"] });
    await errorOf(424, "POST", "/stacks/front-end/deploy");
  });

  test("a service has as many containers as are asked for, where there can be several", async () => {
    await put(
      "scale",
      compose({
        web: service(),
        fixed: service("ports: ['18081:80']"),
        named: service("container_name: only-one"),
        redis: `{image: "redis:test", command: sleep 100000, stop_grace_period: 0s}`,
      }),
    );
    await tested.containers.engine.call("tag", (d) => d.getImage(busyboxImage).tag({ repo: "redis", tag: "test" }));
    await deploy("scale");
    const path = (name: string) => `/stacks/scale/services/${name}/scale`;
    assert.deepEqual(await yard.admin.expect(200, "POST", path("web"), { replicas: 3 }), {
      ...{ service: "web", previous: 1, current: 3, created: 2, removed: 0 },
    });
    const overview = await yard.admin.expect<object[]>(200, "GET", "/stacks/scale/scale");
    assert.deepEqual(overview[3], { service: "web", replicas: 3 });
    assert.deepEqual(await yard.admin.expect(200, "GET", path("fixed")), {
      ...{ service: "fixed", current_replicas: 1, has_container_name: false, has_volumes: false },
      ...{ has_hard_port: true, hard_port_detail: "18081:80/tcp", is_stateful: false },
    });
    await errorOf(400, "POST", path("fixed"), { replicas: 2 });
    await errorOf(400, "POST", path("named"), { replicas: 2 });
    await errorOf(400, "POST", path("web"), { replicas: 101 });
    await errorOf(404, "POST", path("missing"), { replicas: 1 });
    const { json, status: refused } = await yard.admin.ask("POST", path("redis"), { replicas: 2 });
    assert.deepEqual([refused, json.warning, json.force_needed], [409, "stateful_service", true]);
    await yard.admin.expect(200, "POST", path("redis"), { replicas: 2, force: true });
  });

  test("a rolling update replaces containers, and says what it could not", async () => {
    await put("roll", compose({ web: service(), fixed: service("ports: ['18082:80']") }));
    await deploy("roll");
    const path = "/stacks/roll/services/web/rolling-update";
    assert.deepEqual(await yard.admin.expect(200, "POST", path, { order: "start-first" }), {
      ...{ service: "web", total_replicas: 1, updated: 1, failed: 0, skipped: 0, rolled_back: false },
      ...{ previous_image: busyboxImage, new_image: busyboxImage },
    });
    await yard.admin.expect(200, "POST", path);
    await errorOf(400, "POST", path, { order: "sideways" });
    await errorOf(422, "POST", "/stacks/roll/services/fixed/rolling-update", { order: "start-first" });
    await edit("roll", compose({ web: service("", "false") }));
    const { status: failed, json } = await yard.admin.ask("POST", path, { failure_action: "rollback" });
    assert.equal(failed, 500);
    const { result } = json as unknown as { result: { failed: number; rolled_back: boolean; errors: string[] } };
    assert.deepEqual([result.failed, result.rolled_back, result.errors.length], [1, true, 1]);
    assert.deepEqual(
      (await status("roll")).map(({ state }) => state),
      ["running", "running"],
    );
  });

  test("an earlier deployment comes back, its variables untouched", async () => {
    const old = compose({ web: service("environment: {VERSION: '$VERSION'}") });
    await put("back", old, yard.admin, "VERSION=1");
    const first = await deploy("back");
    await yard.admin.expect(200, "PUT", "/stacks/back", { compose: compose({ web: service() }), env: "VERSION=2" });
    await deploy("back");
    const rolled = await yard.admin.expect<{ rolled_back_to: number; result: Result }>(
      ...([200, "POST", `/stacks/back/deployments/${first.deployment_id}/rollback`] as const),
    );
    assert.equal(rolled.rolled_back_to, first.deployment_id);
    const { compose: text, env } = await yard.admin.expect(200, "GET", "/stacks/back");
    assert.deepEqual([text, env], [old, "VERSION=2"]);
    const [newest] = await historyOf("back");
    assert.equal(newest?.note, `rollback to #${first.deployment_id}`);
    const whole = await yard.admin.expect<History>(200, "GET", `/stacks/back/deployments/${newest?.id}`);
    assert.equal(whole.compose_yaml, old);
    await errorOf(404, "GET", `/stacks/shop/deployments/${newest?.id}`);
    await errorOf(404, "POST", `/stacks/shop/deployments/${newest?.id}/rollback`);
  });

  test("two deployments and a stop at once leave a whole stack, or none", async () => {
    await put("busy", compose({ web: service(), db: service() }));
    const both = await Promise.all([deploy("busy"), deploy("busy")]);
    assert.deepEqual(both[0]?.services, both[1]?.services);
    await edit("busy", compose({ web: service("environment: {A: '1'}"), db: service() }));
    await Promise.all([deploy("busy"), yard.admin.expect(204, "POST", "/stacks/busy/stop")]);
    assert.ok([0, 2].includes((await status("busy")).length));
    await deploy("busy");
    assert.deepEqual(
      (await status("busy")).map(({ state }) => state),
      ["running", "running"],
    );
  });

  test("a deployment goes on when whoever asked for it leaves", async () => {
    await put(
      "left",
      compose({
        web: service("depends_on: {job: {condition: service_completed_successfully}}"),
        job: service("", "sleep 1"),
      }),
    );
    const leaving = new AbortController();
    const asked = askDockmesh(yard.url, "POST", "/stacks/left/deploy", {
      token: yard.admin.token,
      signal: leaving.signal,
    });
    await until(async () => (await status("left")).length > 0);
    leaving.abort();
    await assert.rejects(asked);
    await until(async () => (await historyOf("left")).length === 1);
    assert.deepEqual(
      (await status("left")).map(({ service: name, state }) => `${name} ${state}`),
      ["job exited", "web running"],
    );
  });
});
