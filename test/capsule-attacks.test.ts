/** What one team does in its capsules, and to those of others, costs the others nothing: neither an answer nor the time for it. */
import assert from "node:assert/strict";
import { before, suite, test } from "node:test";
import { idToWire } from "../src/apis/wrenn/ids.ts";
import { askWrenn, type SignedUp, signUp } from "../src/apis/wrenn/testing.ts";
import { skipWithoutNamespaces } from "../src/capsules/testing.ts";
import { newId } from "../src/platform/ids.ts";
import { useWrennYard } from "./support/wrenn.ts";

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

suite("attacks on capsules and out of them", { skip: skipWithoutNamespaces, timeout: 120_000 }, () => {
  const yard = useWrennYard();
  let stranger: SignedUp;
  let theirs = "";
  let mine = "";
  before(async () => {
    stranger = await signUp(yard.url, "stranger");
    const created = await askWrenn(yard.url, "POST", "/v1/capsules", { key: stranger.key, body: {} });
    assert.equal(created.status, 201, created.text);
    [theirs, mine] = [created.json.id, await yard.makeCapsule()];
  });

  const list = (path: string, depth = 1) => yard.ask("POST", `/v1/capsules/${mine}/files/list`, { path, depth });

  /** Whoever else runs commands meanwhile. @returns how many were answered */
  async function othersDuring(attack: Promise<unknown>): Promise<number> {
    let isOver = false;
    const over = attack.finally(() => (isOver = true));
    let answered = 0;
    while (!isOver) {
      const path = `/v1/capsules/${theirs}/exec`;
      const { status, text } = await askWrenn(yard.url, "POST", path, { key: stranger.key, body: { cmd: "true" } });
      assert.equal(status, 200, text);
      answered += 1;
    }
    await over;
    return answered;
  }

  test("each operation answers for another team's capsule as for one that there is not", async () => {
    const { json: document } = await yard.ask<Document>("GET", "/openapi/wrenn.json");
    const bodies: Record<string, unknown> = { exec: { cmd: "true" } };
    const paths = Object.entries(document.paths).filter(([path]) => path.startsWith("/v1/capsules/{id}"));
    assert.ok(paths.length > 10);
    for (const [template, methods] of paths) {
      if (/stream$|pty$/.test(template) && "get" in methods) continue; // WebSockets: told in a frame
      for (const method of Object.keys(methods)) {
        const body = method === "post" ? (bodies[template.split("/").at(-1) ?? ""] ?? { path: "/etc" }) : undefined;
        const at = async (id: string) => {
          const path = template.replace("{id}", id).replace(/\{\w+\}/g, "1");
          const { status, text } = await yard.ask(method.toUpperCase(), path, body);
          return { status, text: text.replaceAll(id, "ID") };
        };
        const [ofTheirs, ofNobody] = [await at(theirs), await at(idToWire("capsule", newId("capsule")))];
        assert.deepEqual(ofTheirs, ofNobody, `${method} ${template}`);
        assert.equal(ofTheirs.status, 404, `${method} ${template}: ${ofTheirs.text}`);
      }
    }
  });

  test("links that lead a long way are told while others are served", async () => {
    await yard.run(
      mine,
      `mkdir -p /root/l/d /root/l/x && cd /root/l
       detour=$(printf 'd/../%.0s' $(seq 750)); ln -s d s0
       for i in $(seq 37); do ln -s "\${detour}s$((i - 1))" s$i; done
       for i in $(seq 100); do ln -s /root/l/s37 x/$i; done`,
    );
    const listing = list("/root/l/x");
    const answered = await othersDuring(listing);
    const { status, json } = await listing;
    assert.deepEqual([status, (json.entries as unknown[]).length], [200, 100]);
    assert.ok(answered > 1, "others were served in the meantime");
  });

  test("directories deeper than any path are too much for a list", async () => {
    await yard.run(
      mine,
      `cd /root; name=$(printf '%0240d' 0); chain=$name; for i in $(seq 14); do chain=$chain/$name; done
       mkdir deep; mkdir -p deep/$chain
       for i in $(seq 27); do mkdir next; mkdir -p next/$chain; mv deep next/$chain/; mv next deep; done`,
    );
    const { status, json } = await list("/root/deep", 1_000);
    assert.deepEqual([status, json.error.code], [413, "too_large"]);
  });

  test("many long lists at one time refuse nobody else an answer", async () => {
    await yard.run(
      mine,
      "mkdir /root/many && cd /root/many && seq 15000 | sed s/^/$(printf '%0200d' 0)/ | xargs touch",
    );
    const lists = Promise.all(Array.from({ length: 4 }, () => list("/root/many")));
    await othersDuring(lists);
    assert.deepEqual(
      (await lists).map(({ status }) => status),
      [200, 200, 200, 200],
    );
  });
});
