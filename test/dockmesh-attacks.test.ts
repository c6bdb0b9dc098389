/** Every operation of Dockmesh's document, asked by those who may not: without a credential, with too few rights, held to other hosts, and with what is no
 *  input at all. Each is refused in the API's own words, and changes nothing. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { readLocalYard } from "../src/client/local-yard.ts";
import { newSecret } from "../src/platform/crypto/secrets.ts";
import { eachDialect } from "../src/platform/db/testing.ts";
import { until } from "../src/platform/testing/until.ts";
import { skipWithoutDocker } from "./support/docker.ts";
import { type Caller, useDockmeshYard } from "./support/dockmesh.ts";
import { dockmeshOperations, type Operation, pathOf } from "./support/dockmesh-operations.ts";
import { openDockmeshSocket, refusalOf } from "./support/dockmesh-socket.ts";
import { joinYard } from "./support/joined-agent.ts";
import { busyboxImage, useTestEngine } from "./support/test-containers.ts";

/** Whoever is signed in may, on their own account. */
const everybodys = new Set([
  ...["GET /me", "GET /sessions", "DELETE /sessions/{family_id}", "POST /ws/ticket", "GET /settings/api-tokens"],
  ...["POST /settings/api-tokens", "DELETE /settings/api-tokens/{id}", "POST /mfa/enroll/start", "DELETE /mfa"],
  ...["POST /mfa/enroll/verify", "PUT /users/{id}/password", "GET /hosts/tags/all", "GET /hosts/{id}/tags"],
  ...[
    "GET /templates",
    "GET /templates/{id}",
    "GET /templates/{id}/export",
    "GET /migrations",
    "GET /migrations/active",
  ],
]);
/** And with the permission `read`. */
const readers = new Set([
  ...["GET /hosts", "GET /stacks", "GET /stacks/discovered", "GET /stacks/{name}", "GET /stacks/{name}/status"],
  ...["GET /containers", "GET /containers/summary", "GET /containers/{id}", "GET /containers/{id}/metrics"],
  ...["GET /containers/{id}/update-history", "GET /images", "GET /volumes", "GET /volumes/{name}", "GET /networks"],
  ...["GET /networks/topology", "GET /networks/{id}", "GET /system/info", "GET /system/metrics", "GET /system/health"],
  ...["GET /system/backup-status", "GET /system/update-status", "GET /ws/logs/{id}", "GET /ws/stats/{id}"],
  "GET /ws/events",
  ...["GET /images/prune/preview", "GET /volumes/prune/preview", "GET /networks/prune/preview"],
]);
/** Without any credential. */
const openToAll = new Set([
  ...["GET /openapi.json", "GET /openapi.yaml", "GET /docs", "GET /health", "GET /setup/status", "POST /auth/login"],
  ...["POST /auth/mfa", "POST /auth/refresh", "POST /auth/logout", "GET /auth/oidc/providers", "POST /agents/enroll"],
  ...["GET /auth/oidc/{slug}/login", "GET /auth/oidc/{slug}/callback", "GET /install/agent.sh"],
  ...["GET /install/{binary}", "POST /stacks/{name}/git/webhook"],
]);

const composeText = `services:\n  app:\n    image: ${busyboxImage}\n    command: sleep 100000\n    network_mode: none\n    stop_grace_period: 0s\n    volumes: ["data:/data"]\nvolumes: {data: {}}\n`;
const password = "Long enough 1!";

eachDialect("attacks on Dockmesh's operations", (open) => {
  describe("on a real engine", { skip: skipWithoutDocker() }, () => {
    const tested = useTestEngine();
    const opened = new AsyncDisposableStack();
    const yard = useDockmeshYard(async () => {
      const { options } = opened.use(await open());
      const stored = options.dialect === "postgres" && { "database-url": options.url, "master-key": newSecret() };
      return { "docker-socket": tested.docker.socketPath, ...stored };
    });
    after(() => opened.disposeAsync());
    let operations: readonly Operation[];
    let network: string;
    let deployment: number;

    before(async () => {
      operations = await dockmeshOperations(yard.url);
      await tested.containers.run("victim", ["sleep", "100000"], { StopTimeout: 0 });
      const made = await yard.admin
        .expect<{ Id: string }>(201, "POST", "/networks", { name: "inner", driver: "null" })
        .catch(async () => ({
          Id: (await yard.admin.expect<{ Id: string; Name: string }[]>(200, "GET", "/networks"))[0]!.Id,
        }));
      network = made.Id;
      await yard.admin.expect(201, "POST", "/stacks", { name: "shop", compose: composeText, env: "SECRET=hidden" });
      const deployed = await yard.admin.expect<{ deployment_id: number }>(200, "POST", "/stacks/shop/deploy");
      deployment = deployed.deployment_id;
    });

    /** All there is to change, as far as it lasts. */
    async function everything(): Promise<object> {
      const paths = [
        ...["/users", "/roles", "/settings", "/global-env", "/settings/registries", "/alerts/rules", "/agents"],
        ...["/images", "/volumes", "/networks", "/stacks", "/stacks/shop", "/stacks/shop/dependencies", "/hosts"],
        ...["/auth/policy", "/notifications/channels"],
      ];
      const lines = async (path: string) => linesOf((await yard.admin.ask("GET", path)).text);
      const containers = await yard.admin.expect<Record<string, unknown>[]>(200, "GET", "/containers?all=1");
      return {
        ...Object.fromEntries(await Promise.all(paths.map(async (path) => [path, await lines(path)] as const))),
        containers: containers.map(({ Id, State, Names }) => ({ Id, State, Names })),
        files: await treeOf(join(yard.opened.data, "stacks")),
      };
    }

    const realName = (operation: Operation) => (parameter: string) => {
      if (parameter === "service") return "app";
      const ids: Record<string, string> = {
        ...{ containers: "victim", images: encodeURIComponent(busyboxImage), volumes: "shop_data", networks: network },
        ...{ stacks: parameter === "id" ? String(deployment) : "shop", hosts: "local", ws: "victim" },
      };
      return ids[operation.path.split("/")[1] ?? ""] ?? "1";
    };
    const realPath = (operation: Operation) => {
      const required = operation.parameters.filter((one) => one.in === "query" && one.required);
      const query = required.map(({ name }) => `${name}=x`).join("&");
      return `${pathOf(operation, realName(operation))}${query && `?${query}`}`;
    };
    const send = (caller: Pick<Caller, "ask">, operation: Operation) =>
      caller.ask(operation.method, realPath(operation), operation.body && plausible(operation));
    const guarded = () => operations.filter(({ isOpen, isSocket }) => !isOpen && !isSocket);

    test("nobody gets in without a credential that is one, but where everybody may", async () => {
      const before = await everything();
      const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
      const [header = "", payload = "", signature = ""] = yard.admin.token.split(".");
      const credentials = [
        undefined,
        "Bearer x",
        `Bearer ${part({ alg: "none", typ: "at+jwt" })}.${payload}.`,
        `Bearer ${header}.${part({ sub: yard.admin.userId })}.${signature}`,
        `Bearer dmt_${"A".repeat(40)}`,
        "Basic YWRtaW46YWRtaW4=",
      ];
      for (const operation of operations) {
        if (operation.isOpen) assert.ok(openToAll.has(operation.name), `${operation.name} is open to everybody`);
        else {
          for (const authorization of credentials) {
            const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
            const path = pathOf(operation, realName(operation));
            const { status } = operation.isSocket
              ? await refusalOf(yard.url, path.slice("/ws".length), headers)
              : await yard.ask(operation.method, path, operation.body && {}, { headers });
            assert.equal(status, 401, `${operation.name} with ${authorization}`);
          }
        }
      }
      assert.deepEqual(await everything(), before);
    });

    test("who may only look, in person or by an API token of that role, changes nothing", async () => {
      const viewer = await yard.makeUser("viewer");
      const before = await everything();
      const token = await yard.admin.expect<{ token: string }>(201, "POST", "/settings/api-tokens", {
        ...{ name: "narrow", role: "viewer" },
      });
      const narrowed: Pick<Caller, "ask"> = {
        ask: (method, path, body) => yard.ask(method, path, body, { token: token.token }),
      };
      for (const caller of [viewer, narrowed])
        for (const operation of guarded()) {
          if (everybodys.has(operation.name)) continue;
          const { status, text } = await send(caller, operation);
          if (!readers.has(operation.name)) assert.equal(status, 403, `${operation.name}: ${text}`);
          else assert.ok(status < 400, `${operation.name}: ${status} ${text}`);
        }
      for (const headers of [viewer.token, token.token].map((one) => ({ authorization: `Bearer ${one}` })))
        assert.equal((await refusalOf(yard.url, "/exec/victim", headers)).status, 403);
      assert.deepEqual(await everything(), before);
    });

    test("who is held to other hosts sees and changes nothing of this one, whatever else they may", async () => {
      const held = await yard.makeUser("admin", ["elsewhere"]);
      const before = await everything();
      // What is the fleet's, and no host's.
      const fleetWide =
        /^\/(?:users|roles|settings|global-env|auth|audit|alerts|notifications|templates|oidc|proxy|backups|migrations|convert|me|mfa|sessions|ws\/ticket|agents$|system\/(?:info|.*-status|health))/;
      for (const operation of guarded()) {
        if (fleetWide.test(operation.path) || operation.name === "POST /stacks") continue;
        const { status, text } = await send(held, operation);
        const isNothing = status === 200 && (text === "[]" || /^\{"(?:items|total)":(?:\[\]|0)/.test(text));
        assert.ok(
          isNothing || status === 403 || (status === 404 && operation.path.startsWith("/agents/")),
          `${operation.name}: ${status} ${text}`,
        );
        if (operation.parameters.some(({ name }) => name === "host") && operation.method === "GET") {
          const all = await held.ask("GET", `${pathOf(operation, realName(operation))}?host=all`);
          assert.doesNotMatch(all.text, /victim|shop|busybox/, `${operation.name}?host=all`);
        }
      }
      const headers = { authorization: `Bearer ${held.token}` };
      for (const path of ["/logs/victim", "/stats/victim", "/exec/victim"])
        assert.equal((await refusalOf(yard.url, path, headers)).status, 403, path);
      assert.deepEqual(await everything(), before);
    });

    test("who is held to other hosts hears nothing of what happens on this one", async () => {
      const held = await yard.makeUser("admin", ["elsewhere"]);
      using events = await openDockmeshSocket(yard.url, "/events", { authorization: `Bearer ${held.token}` });
      using all = await openDockmeshSocket(yard.url, "/events", { authorization: `Bearer ${yard.admin.token}` });

      await held.expect(201, "POST", "/stacks", { name: "theirs", compose: composeText });
      await held.expect(200, "PUT", "/stacks/theirs/dependencies", { depends_on: ["shop"] });
      assert.equal((await held.ask("PUT", "/stacks/shop/dependencies", { depends_on: ["theirs"] })).status, 403);
      await yard.admin.expect(200, "PUT", "/stacks/shop", {
        compose: `${composeText}# edited\n`,
        env: "SECRET=hidden",
      });
      await yard.admin.expect(200, "POST", "/stacks/shop/deploy");
      await yard.admin.expect(201, "POST", "/stacks", { name: "doomed", compose: composeText });
      await yard.admin.expect(200, "POST", "/stacks/doomed/deploy");
      await yard.admin.expect(200, "DELETE", "/stacks/doomed?stop=1&volumes=1");
      await all.text(/stack\.delete/);
      await yard.admin.expect(201, "POST", "/stacks", { name: "seen-by-all", compose: composeText });
      await events.text(/seen-by-all/);
      for (const name of ["theirs", "seen-by-all"]) await yard.admin.expect(204, "DELETE", `/stacks/${name}`);
      const heard = events.texts.filter(
        (text) => /"shop"|"docker"/.test(text) || (/doomed/.test(text) && !/created/.test(text)),
      );
      assert.deepEqual(heard, []);
    });

    test("who is held to other hosts brings no stack of this one to theirs, where they could look into it", async () => {
      const local = await readLocalYard(yard.opened.data);
      assert.ok(local);
      await using _agent = await joinYard(local, { inside: ["env", `DOCKER_HOST=unix://${tested.docker.socketPath}`] });
      const { id: host } = await until(async () => {
        const hosts = await yard.admin.expect<{ id: string; kind: string; status: string }[]>(200, "GET", "/hosts");
        return hosts.find(({ kind, status }) => kind === "agent" && status === "online");
      });
      await yard.admin.expect(200, "PUT", `/hosts/${host}/tags`, { tags: ["edge"] });
      const held = await yard.makeUser("admin", ["edge"]);
      await yard.admin.expect(204, "POST", "/stacks/shop/stop");
      await held.expect(201, "POST", "/stacks", { name: "bait", compose: composeText });
      await held.expect(200, "PUT", "/stacks/bait/dependencies", { depends_on: ["shop"] });
      const before = await everything();
      for (const [method, path, body] of [
        ["POST", `/stacks/shop/deploy?host=${host}`],
        ["GET", `/stacks/shop/scale?host=${host}`],
        ["POST", `/stacks/shop/services/app/scale?host=${host}`, { replicas: 2 }],
        ["POST", `/stacks/shop/services/app/rolling-update?host=${host}`, {}],
        ["POST", `/stacks/shop/deployments/${deployment}/rollback?host=${host}`],
        ["POST", "/stacks/adopt", { name: "shop", host_id: host, compose: composeText }],
      ] as const) {
        const { status, text } = await held.ask(method, path, body);
        assert.equal(status, 403, `${path}: ${text}`);
        assert.match(text, /The stack shop is on a host/, path);
      }
      const { status, json } = await held.ask("POST", `/stacks/bait/deploy?host=${host}`);
      assert.equal(status, 424, json.error);
      assert.match(json.error, /shop.*tags you are held to/);
      assert.deepEqual(await everything(), before);

      // What was deployed there is theirs to see, and nothing else of that stack.
      await yard.admin.expect(200, "POST", `/stacks/shop/deploy?host=${host}`);
      const seen = await held.expect<{ host_id: string }[]>(200, "GET", "/stacks/shop/deployments");
      assert.deepEqual(new Set(seen.map(({ host_id }) => host_id)), new Set([host]));
      for (const more of ["", "/log"])
        assert.equal((await held.ask("GET", `/stacks/shop/deployments/${deployment}${more}`)).status, 403);
      assert.equal(
        (await held.ask("POST", `/stacks/shop/deployments/${deployment}/rollback?host=${host}`)).status,
        403,
      );
      await yard.admin.expect(200, "POST", "/stacks/shop/deploy");
      await yard.admin.expect(204, "DELETE", "/stacks/bait");
    });

    test("a socket ends within seconds when its user is locked, held to other hosts, or their token is revoked", async () => {
      const { users } = yard.opened.yard.identity;
      const [locked, moved, keyed] = await Promise.all(
        ["operator", "operator", "operator"].map((role) => yard.makeUser(role)),
      );
      const made = await keyed!.expect<{ id: string; token: string }>(201, "POST", "/settings/api-tokens", {
        name: "t",
      });
      const tokens = [locked!.token, moved!.token, made.token];
      const sockets = await Promise.all(
        tokens.map((token) =>
          openDockmeshSocket(yard.url, "/exec/victim?cmd=cat", { authorization: `Bearer ${token}` }),
        ),
      );
      await users.lock(locked!.username);
      await users.update(moved!.username, { hostTags: ["elsewhere"] });
      await keyed!.expect(204, "DELETE", `/settings/api-tokens/${made.id}`);
      assert.deepEqual(await Promise.all(sockets.map(({ closed }) => closed)), [1000, 1000, 1000]);
      await until(async () => !(await tested.containers.processes("victim")).includes("cat"));
      for (const token of tokens.filter((one) => one !== moved!.token)) {
        const headers = { authorization: `Bearer ${token}` };
        assert.equal((await refusalOf(yard.url, "/exec/victim", headers)).status, 401);
      }
    });

    test("a few large uploads are read at one time, one of each user, and small ones always", async () => {
      const [slow, other, third] = await Promise.all(["admin", "admin", "admin"].map((role) => yard.makeUser(role)));
      const begin = async (caller: Caller) => {
        const upload = connect(Number(new URL(yard.url).port), "127.0.0.1");
        upload.write(
          `POST /api/v1/stacks/adopt HTTP/1.1\r\nhost: yard\r\nauthorization: Bearer ${caller.token}\r\ncontent-length: 100000000\r\nexpect: 100-continue\r\n\r\n`,
        );
        await once(upload, "data"); // 100 Continue: whose it is may still be found out
        await until(async () => (await adoptsMuch(caller)).status === 503, { what: "it has begun" });
        return upload;
      };
      const adoptsMuch = (caller: Caller) =>
        caller.ask("POST", "/stacks/adopt", {
          name: "none",
          host_id: "",
          compose: composeText,
          bundle: "A".repeat(5e6),
        });
      const uploads = [await begin(slow!)];
      assert.equal((await adoptsMuch(third!)).status, 422);
      uploads.push(await begin(other!));
      assert.equal((await adoptsMuch(third!)).status, 503);
      const small = { name: "none", host_id: "", compose: composeText };
      assert.equal((await third!.ask("POST", "/stacks/adopt", small)).status, 422);
      for (const upload of uploads) upload.destroy();
      await until(async () => (await adoptsMuch(slow!)).status === 422);
    });

    const oddIds = [
      "%00",
      "x".repeat(300),
      "__proto__",
      "..%2F..%2Fetc",
      "-1",
      "1e309",
      "9".repeat(25),
      "a%0Ab",
      "%24(id)",
    ];
    const oddQueries = ["-1", "1e309", "%00", "x".repeat(300), "__proto__", "9".repeat(25)];

    /** All at once. @returns those that were answered with a server error */
    async function faultsAmong(asked: readonly { method: string; path: string; body?: unknown }[]): Promise<string[]> {
      const replies = await Promise.all(
        asked.map(async ({ method, path, body }) => ({ method, path, ...(await yard.admin.ask(method, path, body)) })),
      );
      const isFault = ({ status }: { readonly status: number }) => status >= 500 && status !== 503;
      return replies.filter(isFault).map(({ method, path, status, text }) => `${method} ${path}: ${status} ${text}`);
    }

    test("ids and queries that are none are refused, and no server error", async () => {
      const before = await everything();
      const faults: string[] = [];
      for (const operation of guarded()) {
        const { method, parameters } = operation;
        const body = operation.body && plausible(operation);
        const ofPath = parameters.some((one) => one.in === "path")
          ? oddIds.map((id) => pathOf(operation, () => id))
          : [];
        // A host that there is not keeps all else from being done; other queries of what changes something may be left out.
        const queries = parameters.filter((one) => one.in === "query" && (method === "GET" || one.name === "host"));
        const ofQuery = queries.flatMap(({ name }) =>
          oddQueries.map((value) => `${pathOf(operation, realName(operation))}?${name}=${value}`),
        );
        faults.push(...(await faultsAmong([...ofPath, ...ofQuery].map((path) => ({ method, path, body })))));
      }
      assert.deepEqual(faults, []);
      assert.deepEqual(await everything(), before);
    });

    test("bodies that are none are refused, and no server error", async () => {
      const before = await everything();
      const bodies = [
        ...["{", "[1]", '"text"', "7", "\0", "[".repeat(10_000), `{"a":${"[".repeat(10_000)}${"]".repeat(10_000)}}`],
        ...['{"__proto__": {"isAdmin": true}}', '{"constructor": {"prototype": {"isAdmin": true}}}'],
      ];
      const forgiving = new Set(["POST /auth/logout", "PUT /settings"]); // which takes lists, too
      for (const operation of operations.filter((one) => one.body !== undefined && !forgiving.has(one.name)))
        for (const body of bodies) {
          const { status, text } = await yard.admin.ask(
            operation.method,
            pathOf(operation, () => "1"),
            body,
          );
          assert.ok(status >= 400 && status < 500, `${operation.name} ${body.slice(0, 100)}: ${status} ${text}`);
        }
      assert.equal("isAdmin" in {}, false);
      assert.deepEqual(await everything(), before);
    });

    test("whatever single members of a body are, it is no server error", async () => {
      const odd = [7, 1e308, true, [], {}, [[]], "\0", "x".repeat(70_000), "\ud800"];
      const faults: string[] = [];
      for (const operation of operations.filter((one) => one.body !== undefined)) {
        const path = pathOf(operation, () => "1");
        const members = Object.keys(operation.body?.properties ?? {});
        const bodies = members.flatMap((name) => odd.map((value) => ({ ...plausible(operation), [name]: value })));
        faults.push(...(await faultsAmong(bodies.map((body) => ({ method: operation.method, path, body })))));
      }
      assert.deepEqual(faults, []);
    });
  });
});

/** A body of the right form about nothing that there is. */
function plausible({ name, body }: Operation): Record<string, unknown> {
  const own: Record<string, unknown> = {
    ...{
      compose: "services: {}",
      name: "odd-thing",
      username: "odd-user",
      password,
      host_id: "local",
      image: "none:none",
    },
    ...{
      command: "docker run x",
      url: "registry.example",
      metric: "cpu_percent",
      role: "viewer",
      key: "ODD",
      value: "",
    },
  };
  if (name === "PUT /settings") return {};
  const required = body?.required ?? [];
  const of = (property: string) => {
    const { type } = body?.properties?.[property] ?? {};
    if (own[property] !== undefined) return own[property];
    return { string: "x", integer: 1, number: 1, boolean: false, array: [], object: {} }[type ?? "string"];
  };
  return Object.fromEntries(required.map((property) => [property, of(property)]));
}

/** Of a list, whose order may be any. What is read out of volumes is read with an image of the yard's own. */
function linesOf(text: string): readonly string[] {
  const value: unknown = JSON.parse(text);
  if (!Array.isArray(value)) return [text];
  return value
    .map((one) => JSON.stringify(one))
    .filter((line) => !line.includes("runyard-volume-reader"))
    .sort();
}

/** Every file with its content. */
async function treeOf(directory: string): Promise<readonly string[]> {
  const names = await readdir(directory, { recursive: true, withFileTypes: true });
  const files = names.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
  return Promise.all(files.toSorted().map(async (file) => `${file}: ${await readFile(file, "base64")}`));
}
