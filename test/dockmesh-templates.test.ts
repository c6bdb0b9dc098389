/** Dockmesh's templates over HTTP, and stacks that are made of them on a real engine. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parse } from "yaml";
import { skipWithoutDocker } from "./support/docker.ts";
import { type Caller, useDockmeshYard } from "./support/dockmesh.ts";
import { busyboxImage, useTestEngine } from "./support/test-containers.ts";

interface Template {
  readonly id: number;
  readonly slug: string;
  readonly builtin: boolean;
  readonly [field: string]: unknown;
}

const compose = `services:
  app:
    image: ${busyboxImage}
    command: sleep {{ SECONDS | default:100000 | pattern:\\d+ }}
    network_mode: none
    stop_grace_period: 0s
    environment:
      PASSWORD: {{ PASSWORD | secret }}
      GREETING: "{{ GREETING | default:hello }}"
`;
const input = { slug: "sleeper", name: "Sleeper", compose, env: "A=1\n", icon_url: "https://icons.test/a.png" };

describe("Dockmesh's templates", { skip: skipWithoutDocker() }, () => {
  const tested = useTestEngine();
  const yard = useDockmeshYard(() => ({ "docker-socket": tested.docker.socketPath }));
  const make = (body: object, by: Caller = yard.admin) => by.expect<Template>(201, "POST", "/templates", body);
  const adopter = async () => {
    const permissions = ["containers.view", "hosts.view", "stacks.adopt", "stacks.deploy", "stacks.write"];
    await yard.opened.yard.identity.roles.set("adopter", permissions);
    return yard.makeUser("adopter");
  };

  test("are listed, read, made, replaced, given away and deleted", async () => {
    const viewer = await yard.makeUser("viewer");
    const builtIn = await viewer.expect<readonly Template[]>(200, "GET", "/templates");
    assert.ok(builtIn.length >= 4 && builtIn.every(({ builtin }) => builtin));
    for (const method of ["PUT", "DELETE"])
      await yard.admin.expect(409, method, `/templates/${builtIn[0]!.id}`, method === "PUT" ? input : undefined);
    const made = await make(input);
    assert.deepEqual(made.parameters, [
      { name: "SECONDS", default: "100000", pattern: "\\d+" },
      { name: "PASSWORD", secret: true },
      { name: "GREETING", default: "hello" },
    ]);
    assert.deepEqual(await viewer.expect(200, "GET", `/templates/${made.id}`), made);
    const file = await viewer.ask("GET", `/templates/${made.id}/export`);
    assert.equal(file.headers.get("content-disposition")?.includes("sleeper.yaml"), true);
    assert.match(file.headers.get("content-type") ?? "", /^application\/yaml/);
    assert.deepEqual(parse(file.text), input);
    await yard.admin.expect(409, "POST", "/templates", input);
    const changed = await yard.admin.expect<Template>(200, "PUT", `/templates/${made.id}`, { ...input, name: "Other" });
    assert.equal(changed.name, "Other");
    await yard.admin.expect(204, "DELETE", `/templates/${made.id}`);
    await yard.admin.expect(404, "GET", `/templates/${made.id}`);
    const { error } = await yard.admin.expect(400, "POST", "/templates", { ...input, icon_url: "javascript:1" });
    assert.ok(error.startsWith("icon_url"), error);
    for (const [method, path] of [
      ["POST", "/templates"],
      ["PUT", "/templates/1"],
      ["DELETE", "/templates/1"],
      ["POST", "/templates/1/deploy"],
    ] as const)
      await viewer.expect(403, method, path, { ...input, stack_name: "xx" });
    assert.equal((await yard.ask("GET", "/templates")).status, 401);
  });

  test("become stacks that run, with secrets that are made up and not shown", async () => {
    const { id } = await make({ ...input, slug: "runs" });
    const values = { GREETING: 'a: "b" $HOME' };
    const made = await yard.admin.expect<Record<string, unknown> & { readonly compose: string }>(
      ...([201, "POST", `/templates/${id}/deploy`, { stack_name: "asleep", host_id: "local", values }] as const),
    );
    assert.equal(made.stack, "asleep");
    assert.deepEqual(made.values, { SECONDS: "100000", PASSWORD: "<generated>", GREETING: values.GREETING });
    assert.match(made.compose, /PASSWORD: ["']?<generated>/);
    const [{ container_id, state } = assert.fail()] = await yard.admin.expect<
      readonly { readonly container_id: string; readonly state: string }[]
    >(200, "GET", "/stacks/asleep/status");
    assert.equal(state, "running");
    const inspected = await yard.admin.expect<{ readonly Config: { readonly Env: readonly string[] } }>(
      ...([200, "GET", `/containers/${container_id}`] as const),
    );
    const { Env } = inspected.Config;
    assert.ok(Env.includes(`GREETING=${values.GREETING}`), Env.join("\n"));
    const password = Env.find((line) => line.startsWith("PASSWORD="))?.slice("PASSWORD=".length) ?? "";
    assert.ok(password.length >= 40 && !JSON.stringify(made).includes(password));
    assert.ok(!(await yard.admin.ask("GET", "/audit")).text.includes(password));
    const stack = await yard.admin.expect(200, "GET", "/stacks/asleep");
    assert.equal(stack.env, "A=1\n");
    await yard.admin.expect(409, "POST", `/templates/${id}/deploy`, { stack_name: "asleep" });
    for (const [body, status] of [
      [{ stack_name: "../x" }, 400],
      [{ stack_name: "other", values: { SECONDS: "1; reboot" } }, 400],
      [{ stack_name: "other", values: { UNKNOWN: "1" } }, 400],
      [{ stack_name: "other", host_id: "nowhere" }, 503],
      [{ stack_name: "other", host_id: "all" }, 400],
    ] as const)
      await yard.admin.expect(status, "POST", `/templates/${id}/deploy`, body);
    assert.equal((await yard.admin.ask("GET", "/stacks/other")).status, 404);
    await yard.admin.expect(404, "POST", "/templates/4711/deploy", { stack_name: "other" });
    await yard.admin.ask("DELETE", "/stacks/asleep?stop=true");
  });

  test("take nobody further than what they may write themselves", async () => {
    const theirs = await adopter();
    const evil = compose.replace("network_mode: none", "network_mode: none\n    volumes: ['/:/host']");
    const trusted = await make({ ...input, slug: "by-admin", compose: evil });
    const untrusted = await make({ ...input, slug: "by-adopter", compose: evil }, theirs);
    for (const { id } of [trusted, untrusted]) {
      const { error } = await theirs.expect(403, "POST", `/templates/${id}/deploy`, { stack_name: "reaches" });
      assert.match(error, /containers\.host-access/);
      const [{ target } = assert.fail()] = await yard.admin.expect<readonly { readonly target: string }[]>(
        ...([200, "GET", `/audit?action=stack.create&user_id=${theirs.userId}&limit=1`] as const),
      );
      assert.equal(target, "reaches", "what is left of it is known");
      assert.deepEqual(await yard.admin.expect(200, "GET", "/stacks/reaches/status"), []);
      await yard.admin.ask("DELETE", "/stacks/reaches");
    }
    // An administrator answers for what they deploy; what others have written stays theirs for whoever deploys it next.
    for (const [{ id }, status] of [
      [trusted, 200],
      [untrusted, 403],
    ] as const) {
      await yard.admin.expect(201, "POST", `/templates/${id}/deploy`, { stack_name: "reaches" });
      await theirs.expect(status, "POST", "/stacks/reaches/deploy");
      await yard.admin.ask("DELETE", "/stacks/reaches?stop=true");
    }
    const scoped = await yard.makeUser("admin", ["prod"]);
    await scoped.expect(403, "POST", `/templates/${trusted.id}/deploy`, { stack_name: "elsewhere" });
    assert.equal((await yard.admin.ask("GET", "/stacks/elsewhere")).status, 404);
  });
});
