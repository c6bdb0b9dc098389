/** Artifacts and attachments as Mitosis' clients move them, in both readings. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { auditLog } from "./support/audit-log.ts";
import { type MitosisYard, newTask, openMitosis, readings } from "./support/mitosis.ts";

interface Upload {
  readonly url: string;
  readonly exist: boolean;
}

interface Downloads {
  readonly downloads: readonly {
    readonly uuid: string;
    readonly key: string;
    readonly url: string;
    readonly size: number;
  }[];
}

let mitosis: MitosisYard;
before(async () => {
  mitosis = await openMitosis();
});
after(() => mitosis[Symbol.asyncDispose]());

const submit = async (labels: readonly string[] = []) =>
  (await mitosis.as<{ uuid: string }>("ben", "POST", "/tasks", newTask({ labels }))).uuid;

async function put(url: string, content: string): Promise<void> {
  const reply = await fetch(url, { method: "PUT", body: content });
  assert.ok(reply.ok, `${reply.status} ${await reply.text()}`);
}

async function attach(key: string, content: string): Promise<boolean> {
  const body = { key, content_length: content.length };
  const { url, exist } = await mitosis.as<Upload>("ben", "POST", "/groups/crew/attachments", body);
  await put(url, content);
  return exist;
}

async function leave(uuid: string, content_type: string, content: string): Promise<boolean> {
  const body = { content_type, content_length: content.length };
  const { url, exist } = await mitosis.as<Upload>("ben", "POST", `/tasks/${uuid}/artifacts`, body);
  await put(url, content);
  return exist;
}

const keys = ["plain", "deep/er/file.txt", "with space", "ümlaut/日本", "query", "list", "a+b&c=d#e?f"];
const inPath = (key: string) => key.split("/").map(encodeURIComponent).join("/");

describe("attachments", () => {
  for (const key of keys)
    test(`come up and go down under the key ${key}`, async () => {
      assert.equal(await attach(key, "content"), false);
      assert.equal(await attach(key, "newer content"), true);
      for (const [reading, content_type] of [
        ["client", "NoSet"],
        ["document", "application/octet-stream"],
      ] as const) {
        const request = { reading, token: mitosis.tokens.cyd };
        const metadata = await mitosis.ask("GET", `/groups/crew/attachments/${inPath(key)}`, request);
        assert.equal(metadata.status, 200, metadata.text);
        assert.deepEqual([metadata.json.content_type, metadata.json.size], [content_type, 13]);
        const download = await mitosis.ask<{ url: string; size: number }>(
          ...(["GET", `/groups/crew/download/attachments/${inPath(key)}`, request] as const),
        );
        const url = reading === "client" ? download.json.url : download.headers.location;
        assert.deepEqual([download.status, download.json?.size], reading === "client" ? [200, 13] : [302, undefined]);
        assert.equal(await (await fetch(url!)).text(), "newer content");
      }
    });

  test("are listed by a part of their key, letter for letter, in pages", async () => {
    for (const key of ["list/a_1", "list/a-1", "list/B"]) await attach(key, "x");
    const listed = async (filter: object) =>
      (
        await mitosis.as<{ attachments: { key: string }[] }>("cyd", "POST", "/groups/crew/attachments/query", filter)
      ).attachments.map(({ key }) => key);
    assert.deepEqual(await listed({ key: "list/" }), ["list/B", "list/a-1", "list/a_1"]);
    assert.deepEqual(await listed({ key: "a_", limit: null }), ["list/a_1"]);
    assert.deepEqual(await listed({ key: "list/", limit: 1, offset: 1 }), ["list/a-1"]);
    assert.deepEqual(await mitosis.as("cyd", "POST", "/groups/crew/attachments/query", { key: "list/", count: true }), {
      ...{ count: 3, attachments: [], group_name: "crew" },
    });
  });

  test("go down many at once, by filter and by keys; what there is not is left out", async () => {
    await attach("many/1", "one");
    await attach("many/2", "two");
    const filtered = await mitosis.as<Downloads>("cyd", "POST", "/groups/crew/download/attachments", { key: "many/" });
    const named = await mitosis.as<Downloads>("cyd", "POST", "/groups/crew/download/attachments/list", {
      keys: ["many/2", "none", "many/1"],
    });
    assert.deepEqual(
      named.downloads.map(({ key }) => key),
      ["many/2", "many/1"],
    );
    const contents = await Promise.all(filtered.downloads.map(async ({ url }) => (await fetch(url)).text()));
    assert.deepEqual(contents, ["one", "two"]);
  });

  test("that are young stay, but for administrators", async () => {
    await attach("young/er", "x");
    const path = "/groups/crew/attachments/young/er";
    const kept = await mitosis.ask("DELETE", path, { token: mitosis.tokens.ben });
    assert.equal(kept.status, 400, kept.text);
    assert.deepEqual(await mitosis.as("ben", "POST", "/groups/crew/delete/attachments", { key: "young/" }), {
      ...{ deleted_count: 0, group_name: "crew" },
    });
    assert.deepEqual(
      await mitosis.as("ben", "POST", "/groups/crew/delete/attachments/list", { keys: ["young/er", "none"] }),
      { deleted_count: 0, failed_keys: ["young/er", "none"], group_name: "crew" },
    );
    assert.equal((await mitosis.ask("DELETE", `/admin${path}`, { token: mitosis.tokens.ada })).status, 403);
    await mitosis.as("admin", "DELETE", `/admin${path}`);
    for (const remove of [path, `/admin${path}`])
      assert.equal(
        (await mitosis.ask("DELETE", remove, { token: mitosis.tokens.admin })).status,
        remove === path ? 403 : 404,
      );
    assert.equal((await mitosis.ask("GET", path, { token: mitosis.tokens.ben })).status, 404);
    assert.equal((await mitosis.ask("DELETE", path, { token: mitosis.tokens.ben })).status, 404);
    const actions = auditLog(mitosis.data)
      .filter(({ target }) => target === "crew/young/er")
      .map(({ action }) => action);
    assert.deepEqual(actions, ["attachment.upload", "attachment.delete"]);
  });

  test("over the quota are 403 and change nothing", async () => {
    await mitosis.as("admin", "POST", "/admin/groups/others/storage-quota", { storage_quota: "10" });
    const upload = (content_length: number) =>
      mitosis.ask("POST", "/groups/others/attachments", {
        token: mitosis.tokens.eve,
        body: { key: "k", content_length },
      });
    assert.equal((await upload(11)).status, 403);
    assert.equal((await mitosis.ask("GET", "/groups/others/attachments/k", { token: mitosis.tokens.eve })).status, 404);
    assert.equal((await upload(10)).status, 200);
  });

  for (const key of ["", "a//b", "a/../b", "./../x/./y", "x".repeat(1_020), "nul\0"])
    test(`the key ${JSON.stringify(key.slice(0, 12))} is refused`, async () => {
      const reply = await mitosis.ask("POST", "/groups/crew/attachments", {
        ...{ token: mitosis.tokens.ben, body: { key, content_length: 1 } },
      });
      assert.equal(reply.status, 400, reply.text);
    });
});

describe("artifacts", () => {
  test("come up and go down, and the task lists them", async () => {
    const uuid = await submit();
    assert.equal(await leave(uuid, "RESULT", "first"), false);
    assert.equal(await leave(uuid, "result", "again"), true);
    for (const reading of readings) {
      const request = { reading, token: mitosis.tokens.cyd };
      const download = await mitosis.ask<{ url: string; size: number }>(
        ...(["GET", `/tasks/${uuid}/download/artifacts/Result`, request] as const),
      );
      const url = reading === "client" ? download.json.url : download.headers.location;
      assert.equal(download.status, reading === "client" ? 200 : 302);
      assert.equal(await (await fetch(url!)).text(), "again");
      const { json } = await mitosis.ask<{ artifacts: { content_type: string }[] }>("GET", `/tasks/${uuid}`, request);
      assert.deepEqual(
        json.artifacts.map(({ content_type }) => content_type),
        ["result"],
      );
    }
    assert.equal(
      (await mitosis.ask("GET", `/tasks/${uuid}/download/artifacts/std-log`, { token: mitosis.tokens.cyd })).status,
      404,
    );
  });

  test("go down many at once, by filter and by tasks", async () => {
    const uuids = [await submit(["down"]), await submit(["down"]), await submit(["down"])];
    await leave(uuids[0]!, "result", "0");
    await leave(uuids[2]!, "result", "2");
    await leave(uuids[1]!, "std-log", "1");
    const filter = { group_name: "crew", labels: ["down"], content_type: "result" };
    const filtered = await mitosis.as<Downloads>("cyd", "POST", "/tasks/download/artifacts", filter);
    assert.deepEqual(new Set(filtered.downloads.map(({ uuid }) => uuid)), new Set([uuids[0], uuids[2]]));
    const named = await mitosis.as<Downloads>("cyd", "POST", "/tasks/download/artifacts/list", {
      ...{ uuids: [uuids[2], uuids[1]], content_type: "result" },
    });
    assert.deepEqual(
      named.downloads.map(({ uuid }) => uuid),
      [uuids[2]],
    );
    assert.equal(await (await fetch(named.downloads[0]!.url)).text(), "2");
  });

  test("that are young stay, but for administrators", async () => {
    const uuid = await submit(["young"]);
    await leave(uuid, "result", "x");
    const path = `/tasks/${uuid}/artifacts/result`;
    assert.equal((await mitosis.ask("DELETE", path, { token: mitosis.tokens.ben })).status, 400);
    const filter = { group_name: "crew", labels: ["young"], content_type: "result" };
    assert.deepEqual(await mitosis.as("ben", "POST", "/tasks/delete/artifacts", filter), { deleted_count: 0 });
    assert.deepEqual(
      await mitosis.as("ben", "POST", "/tasks/delete/artifacts/list", { uuids: [uuid], content_type: "result" }),
      { deleted_count: 0, failed_uuids: [uuid] },
    );
    await mitosis.as("admin", "DELETE", `/admin${path}`);
    assert.equal((await mitosis.ask("DELETE", path, { token: mitosis.tokens.ben })).status, 404);
  });
});

test("URLs lead where the requester has reached the server", async () => {
  const send = async (headers: Record<string, string>) => {
    const token = mitosis.tokens.ben;
    const body = { key: "origin", content_length: 1 };
    return (await mitosis.ask<Upload>("POST", "/groups/crew/attachments", { token, headers, body })).json.url;
  };
  assert.ok((await send({ host: "yard.example:8080" })).startsWith("http://yard.example:8080/"));
  assert.ok(
    (await send({ "x-forwarded-host": "evil.example", "x-forwarded-proto": "https" })).startsWith(`${mitosis.url}/`),
  );
});
