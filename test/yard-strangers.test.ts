/** Every operation of the yard's own API, asked by everybody who is not the owner of what there is: what each of them is told is what the API tells the same
 *  login that the row comes from, and nothing more: not in a list, a count, a search, a page that somebody else has begun, or the news. The operations are
 *  those of the document, so a new one takes part, and fails here until it is said what it is asked with. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { builtinRoles } from "../src/identity/permissions.ts";
import { newSecret } from "../src/platform/crypto/secrets.ts";
import { eachDialect } from "../src/platform/db/testing.ts";
import { until } from "../src/platform/testing/until.ts";
import { type Caller, callerOf, useDockmeshYard } from "./support/dockmesh.ts";
import { type FakeEngine, openFakeEngine } from "./support/fake-engine.ts";
import { issueTicket, openLive } from "./support/yard-live.ts";
import { type Operation, yardOperations } from "./support/yard-operations.ts";

interface Reply {
  readonly status: number;
  readonly text: string;
}

/** A kind of things, of which there is one or more that its owner shows to nobody, or to one team. */
interface Secret {
  /** What gives it away. */
  readonly marks: string[];
  /** Where the yard lists it. */
  readonly list?: string;
  /** Whether the API that it comes from shows it. @param authorization with a token of the owner's team, if there is one to be had */
  isShown(authorization: string): Promise<boolean>;
}

const containerId = "c0ffee".repeat(10).padEnd(64, "0");

eachDialect("strangers", (open) => {
  describe("of the yard's own API", () => {
    const opened = new AsyncDisposableStack();
    let engine: FakeEngine;
    const yard = useDockmeshYard(async () => {
      const { options } = opened.use(await open());
      engine = opened.use(await openFakeEngine([{ Id: containerId, name: "hidden-container" }]));
      const stored = options.dialect === "postgres" && { "database-url": options.url, "master-key": newSecret() };
      return { "docker-socket": engine.socketPath, ...stored };
    });
    after(() => opened.disposeAsync());

    let owner: Caller;
    let operations: readonly Operation[];
    let secrets: Readonly<Record<string, Secret>>;
    /** By what they are called: the value of their header. */
    const strangers = new Map<string, string>();
    /** Of the owner's lists. */
    const cursors: string[] = [];

    async function ask(
      authorization: string | undefined,
      method: string,
      path: string,
      body?: unknown,
    ): Promise<Reply> {
      const response = await fetch(`${yard.url}${path}`, {
        method,
        headers: {
          ...(authorization !== undefined && { authorization }),
          ...(body !== undefined && { "content-type": "application/json" }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      return { status: response.status, text: await response.text() };
    }

    async function made<Body>(
      path: string,
      body: unknown,
      method = "POST",
      authorization = bearer(owner),
    ): Promise<Body> {
      const { status, text } = await ask(authorization, method, path, body);
      assert.ok(status < 300, `${method} ${path}: ${status} ${text}`);
      return JSON.parse(text);
    }

    const submit = (team: string) =>
      made<{ uuid: string }>("/tasks", {
        ...{ group_name: team, tags: ["hidden"], labels: ["hidden"], timeout: "1m", priority: 0 },
        task_spec: { args: ["echo", "hidden"] },
      });

    /** With a token for that team, where they are in it. */
    async function switched(authorization: string, teamId: string): Promise<string> {
      const { status, text } = await ask(authorization, "POST", "/v1/auth/switch-team", { team_id: teamId });
      return status === 200 ? `Bearer ${(JSON.parse(text) as { token: string }).token}` : authorization;
    }

    const isOk = async (authorization: string, path: string) => (await ask(authorization, "GET", path)).status === 200;
    const holds = async (authorization: string, path: string, mark: string) => {
      const { status, text } = await ask(authorization, "GET", path);
      return status === 200 && text.includes(mark);
    };

    async function hideThings(): Promise<Readonly<Record<string, Secret>>> {
      const team = await made<{ id: string }>("/v1/teams", { name: "hidden crew" });
      const crew = (await made<{ teams: { name: string }[] }>("/yard/v1/self", undefined, "GET")).teams
        .map(({ name }) => name)
        .find((name) => name !== owner.username)!;
      await made("/appmesh/app/hidden-app", { command: "sleep 600", permission: 11 }, "PUT");
      const [app] = (await made<{ items: { id: string }[] }>("/yard/v1/apps", undefined, "GET")).items;
      const [own, ours] = [await submit(owner.username), await submit(crew)];
      const capsule = await made<{ id: string; team_id: string }>("/v1/capsules", {});
      const inCrew = await switched(bearer(owner), team.id);
      const crewCapsule = await made<{ id: string }>("/v1/capsules", {}, "POST", inCrew);
      const { execution_id: execution } = await made<{ execution_id: string }>("/api/exec", { code: "1" });
      await yard.admin.expect(201, "POST", "/stacks", { name: "hidden-stack", compose: "services: {}\n" });
      const [host] = (await made<{ items: { id: string }[] }>("/yard/v1/hosts", undefined, "GET")).items;
      await yard.opened.yard.identity.users.create({
        username: "insider",
        password: "right password",
        roles: ["view"],
      });
      await yard.opened.yard.identity.teams.setMember(crew, "insider", "viewer");
      return {
        app: {
          ...{ marks: [app!.id, "hidden-app"], list: "apps" },
          isShown: (as) => holds(as, "/appmesh/applications", "hidden-app"),
        },
        task: { marks: [own.uuid], list: "tasks", isShown: (as) => isOk(as, `/tasks/${own.uuid}`) },
        crewTask: { marks: [ours.uuid], list: "tasks", isShown: (as) => isOk(as, `/tasks/${ours.uuid}`) },
        capsule: { marks: [capsule.id], list: "capsules", isShown: (as) => isOk(as, `/v1/capsules/${capsule.id}`) },
        crewCapsule: {
          ...{ marks: [crewCapsule.id], list: "capsules" },
          isShown: async (as) => isOk(await switched(as, team.id), `/v1/capsules/${crewCapsule.id}`),
        },
        execution: {
          ...{ marks: [execution], list: "executions" },
          isShown: (as) => isOk(as, `/api/executions/${execution}`),
        },
        container: {
          ...{ marks: [containerId, "hidden-container"], list: "containers" },
          isShown: (as) => holds(as, "/api/v1/containers?all=1&host=all", "hidden-container"),
        },
        stack: { marks: ["hidden-stack"], isShown: (as) => holds(as, "/api/v1/stacks", "hidden-stack") },
        host: {
          ...{ marks: [host!.id], list: "hosts" },
          isShown: async (as) => (await holds(as, "/api/v1/hosts", '"local"')) || (await mayLookAtHost(as)),
        },
        user: {
          marks: [owner.userId],
          isShown: async (as) =>
            (await holds(as, "/appmesh/users", owner.username)) || (await holds(as, "/api/v1/users", owner.username)),
        },
      };
    }

    /** App Mesh shows its one host to who may, wherever they are held to. */
    async function mayLookAtHost(authorization: string): Promise<boolean> {
      const { hostTags = [] } = await yard.opened.yard.identity.authenticator.authenticate(authorization.slice(7));
      return hostTags.length === 0 && (await isOk(authorization, "/appmesh/resources"));
    }

    before(async () => {
      const { identity } = yard.opened.yard;
      owner = await yard.makeUser("admin");
      operations = await yardOperations(yard.url);
      secrets = await hideThings();
      for (const role of Object.keys(builtinRoles)) {
        if (role !== "admin") strangers.set(role, bearer(await yard.makeUser(role)));
      }
      await identity.users.create({ username: "nobody", password: "right password", roles: [] });
      for (const name of ["nobody", "insider"]) strangers.set(name, bearer(await callerOf(yard.opened, name)));
      strangers.set("an administrator", bearer(yard.admin));
      strangers.set("an administrator held to other hosts", bearer(await yard.makeUser("admin", ["elsewhere"])));
      strangers.set("a viewer held to other hosts", bearer(await yard.makeUser("viewer", ["elsewhere"])));
      strangers.set("an operator held to other hosts", bearer(await yard.makeUser("operator", ["elsewhere"])));
      const { userId } = await yard.makeUser("admin");
      for (const roleName of ["viewer", "view"]) {
        const { key } = await identity.apiKeys.create({ userId, name: roleName, roleName });
        strangers.set(`an administrator's key for ${roleName}`, `Bearer ${key}`);
      }
      for (const list of ["apps", "tasks", "capsules", "containers", "hosts", "events", "audit"]) {
        const { text } = await ask(bearer(owner), "GET", `/yard/v1/${list}?limit=1`);
        const { next } = JSON.parse(text) as { next: string | null };
        if (next !== null) cursors.push(next);
      }
      assert.ok(cursors.length >= 4, `${cursors.length} cursors`);
    });

    /** What each parameter is asked with; of an operation's path, too. */
    function valuesOf(name: string): readonly string[] {
      const marks = Object.values(secrets).flatMap(({ marks }) => marks);
      const values: Readonly<Record<string, readonly string[]>> = {
        ...{ search: ["hidden"], q: [...marks, "hidden", owner.username], after: cursors, limit: ["1", "500"] },
        ...{ name: ["hidden-app"], team: [owner.username, "crew"], label: ["hidden"], tag: ["hidden"] },
        ...{ state: ["running", "queued"], status: ["running", "online", "completed"], ended: ["true"] },
        ...{ id: [secrets.capsule!.marks[0]!], session: ["hidden"], stack: ["hidden-stack"] },
        ...{ host: ["local", secrets.host!.marks[0]!], hostId: [secrets.host!.marks[0]!] },
        ...{ topic: ["app.created"], subject: [secrets.app!.marks[0]!], action: ["task."], actor: [owner.username] },
        ...{ sort: ["name", "-created", "newest"], fresh: ["false"], position: ["0"], from: ["0"], run: ["0"] },
        ...{ follow: ["false"], path: ["/"], ticket: ["ryt_forged"], wait: ["0"], index: ["0"], shared: ["false"] },
        ...{ driver: ["namespace"], vcpus: ["1"], memory_mb: ["128"] },
        ...{ uuid: [secrets.task!.marks[0]!], stdout: ["0"], stderr: ["0"] },
      };
      const known = values[name];
      assert.ok(known, `say here what the parameter ${name} is asked with`);
      return known;
    }

    function requestsOf({ path, parameters }: Operation): readonly string[] {
      const asked = path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => encodeURIComponent(valuesOf(name)[0]!));
      const inQuery = parameters.filter((one) => one.in === "query");
      const required = inQuery.filter((one) => one.required).map(({ name }) => `${name}=${valuesOf(name)[0]}`);
      return [
        [asked, ...(required.length > 0 ? [required.join("&")] : [])].join("?"),
        ...inQuery.flatMap(({ name }) =>
          valuesOf(name).map((value) => `${asked}?${name}=${encodeURIComponent(value)}`),
        ),
      ];
    }

    const guarded = () => operations.filter(({ isOpen }) => !isOpen);
    const reads = () => guarded().filter(({ method, path }) => method === "GET" && path !== "/yard/v1/live");

    test("what is no login of the yard, or is none any more, is told nothing by any operation", async () => {
      const { identity } = yard.opened.yard;
      const session = (lifetimeMs: number) => identity.sessions.open(owner.userId, { api: "test", lifetimeMs });
      const { token: expired } = await session(1);
      const { token: ended, sessionId } = await session(60_000);
      await identity.sessions.revoke(sessionId);
      const gone = await yard.makeUser("admin");
      await identity.users.delete(gone.username);
      const elsewhere = await identity.sessions.open(owner.userId, { api: "test", audience: "elsewhere" });
      await until(async () => (await ask(`Bearer ${expired}`, "GET", "/yard/v1/self")).status === 401);
      const key = await made<{ key: string }>("/v1/api-keys", { name: "ci" });
      const worker = await made<{ token: string }>("/workers", {
        ...{ tags: [], labels: [], groups: [owner.username], lifetime: null },
      });
      const [header = "", payload = "", signature = ""] = owner.token.split(".");
      const none = Buffer.from(JSON.stringify({ alg: "none", typ: "at+jwt" })).toString("base64url");
      const credentials: Readonly<Record<string, string | undefined>> = {
        ...{
          nothing: undefined,
          "no token": "Bearer x",
          "a password": "Basic YWRtaW46YWRtaW4=",
          "an empty one": "Bearer ",
        },
        "an unsigned token": `Bearer ${none}.${payload}.`,
        "a forged one": `Bearer ${header}.${payload}.${signature.split("").reverse().join("")}`,
        "one that was signed out": `Bearer ${ended}`,
        "one that has expired": `Bearer ${expired}`,
        "one of a user who is gone": bearer(gone),
        "one for elsewhere": `Bearer ${elsewhere.token}`,
        "a team's key": `Bearer ${key.key}`,
        "a worker's token": `Bearer ${worker.token}`,
        "a ticket": `Bearer ${await issueTicket(yard.url, owner.token)}`,
      };
      for (const operation of guarded()) {
        for (const [what, authorization] of Object.entries(credentials)) {
          const { status, text } = await ask(authorization, operation.method, requestsOf(operation)[0]!);
          assert.equal(status, 401, `${operation.method} ${operation.path} with ${what}: ${text}`);
          assert.match(text, /^\{"error":\{"code":"unauthenticated"/);
        }
      }
    });

    test("nobody is told of what the API does not show them that it comes from", async () => {
      const told: string[] = [];
      const seen = new Set<string>();
      for (const [who, authorization] of strangers) {
        const hidden = await hiddenFrom(authorization);
        for (const operation of reads()) {
          for (const path of requestsOf(operation)) {
            const { status, text } = await ask(authorization, "GET", path);
            assert.ok(status < 500, `${path} as ${who}: ${text}`);
            if (status === 200) seen.add(operation.path);
            const asked = decodeURIComponent(path);
            for (const [kind, marks] of hidden) {
              const shown = withoutPlaces(status === 200 ? text : text.replaceAll(asked, ""));
              const isTold = marks.some((mark) => shown.includes(mark) && (status === 200 || !asked.includes(mark)));
              if (isTold && !isOfTheLog(operation, text))
                told.push(`${who} is told of a ${kind} by ${path}: ${text.slice(0, 300)}`);
            }
          }
        }
      }
      assert.deepEqual(told, []);
      for (const { path } of reads())
        if (!path.includes("{")) assert.ok(seen.has(path), `nobody was answered by ${path}`);
    });

    test("whoever is shown a thing by its API finds it in the list, too; and counts are of what they see", async () => {
      for (const [who, authorization] of strangers) {
        const overview = JSON.parse((await ask(authorization, "GET", "/yard/v1/overview")).text) as {
          runs: Record<string, Record<string, number> | null>;
        };
        for (const [kind, { marks, list, isShown }] of Object.entries(secrets)) {
          if (list === undefined) continue;
          const { status, text } = await ask(authorization, "GET", `/yard/v1/${list}?limit=500`);
          const isListed = status === 200 && marks.some((mark) => withoutPlaces(text).includes(mark));
          assert.equal(isListed, await isShown(authorization), `${kind} as ${who}: ${status} ${text.slice(0, 300)}`);
          const counts = overview.runs[list];
          assert.equal(counts === null, status === 403, `${list} as ${who}: ${JSON.stringify(counts)}`);
          if (!counts || list === "executions" || list === "containers") continue;
          const { failedLastHour: _failed, ...now } = counts;
          const counted = Object.values(now).reduce((sum, count) => sum + count, 0);
          const rows = (JSON.parse(text) as { items: object[] }).items.length;
          assert.equal(counted, rows, `${list} as ${who}: ${JSON.stringify(counts)}`);
        }
      }
    });

    test("the news are told to nobody who may not see the rows", async () => {
      const topics = ["apps", "tasks", "capsules", "executions", "containers", "stacks", "hosts"];
      await using sockets = new AsyncDisposableStack();
      const listen = async (authorization: string) => {
        const live = sockets.use(await openLive(yard.url, authorization.slice("Bearer ".length)));
        await live.subscribe(...topics);
        return live;
      };
      const mine = await listen(bearer(owner));
      const theirs = new Map<string, Awaited<ReturnType<typeof listen>>>();
      for (const [who, authorization] of strangers) theirs.set(who, await listen(authorization));

      await made("/appmesh/app/hidden-app", { command: "sleep 601", permission: 11 }, "PUT");
      const task = await submit(owner.username);
      const { execution_id: execution } = await made<{ execution_id: string }>("/api/exec", { code: "2" });
      await made(`/v1/capsules/${secrets.capsule!.marks[0]}/ping`, {}).catch(() => {});
      await mine.change("apps", secrets.app!.marks[0]!);
      await mine.change("tasks", task.uuid);
      await mine.change("executions", execution);

      for (const [who, live] of theirs) {
        await live.subscribe(); // what was on its way has come before this answer
        const hidden = new Map(await hiddenFrom(strangers.get(who)!));
        const marks = [
          ...(hidden.get("app") ?? []),
          ...(hidden.has("task") ? [task.uuid] : []),
          ...(hidden.has("execution") ? [execution] : []),
        ];
        const heard = JSON.stringify(live.messages);
        assert.deepEqual(
          marks.filter((mark) => heard.includes(mark)),
          [],
          `${who}: ${heard}`,
        );
      }
    });

    /** Of each kind that its API does not show them: what would give it away. */
    async function hiddenFrom(authorization: string): Promise<readonly (readonly [string, readonly string[]])[]> {
      const all = await Promise.all(
        Object.entries(secrets).map(async ([kind, { marks, isShown }]) =>
          (await isShown(authorization)) ? [] : [[kind, marks] as const],
        ),
      );
      return all.flat();
    }
  });
});

function bearer({ token }: Pick<Caller, "token">): string {
  return `Bearer ${token}`;
}

/** Without where each row is: of a capsule that somebody sees, its API tells that as well. */
function withoutPlaces(text: string): string {
  return text.replaceAll(/"hostId":"[^"]*"/g, "");
}

/** Whoever may read the log of what happened reads of everything. Others are not answered, or have null in its place. */
function isOfTheLog({ path }: Operation, text: string): boolean {
  if (path === "/yard/v1/events" || path === "/yard/v1/audit") return true;
  if (path !== "/yard/v1/overview") return false;
  return (JSON.parse(text) as { happened: unknown }).happened !== null;
}
