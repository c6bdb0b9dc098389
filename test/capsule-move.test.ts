/** Who may move a capsule, and which: through the yard's own API. That one arrives is for microvm-move.test.ts. */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { askWrenn } from "../src/apis/wrenn/testing.ts";
import { readLocalYard } from "../src/client/local-yard.ts";
import { auditLog } from "./support/audit-log.ts";
import { type CapsuleYard, openCapsuleYard, skip } from "./support/capsule-yard.ts";
import { askYard } from "./support/joined-agent.ts";

interface Failure {
  readonly error: { readonly code: string; readonly message: string; readonly field?: string };
}

describe("a capsule that somebody wants to move", { skip }, () => {
  let yard: CapsuleYard;
  let admin: string;
  const move = (token: string, capsule: string, body: unknown) =>
    askYard<Failure>({ url: yard.opened.url, token }, "POST", `/yard/v1/capsules/${capsule}/move`, body);
  const refusal = async (...asked: Parameters<typeof move>) => {
    const { status, json } = await move(...asked);
    return [status, json.error.code, json.error.field];
  };

  before(async () => {
    yard = await openCapsuleYard();
    const local = await readLocalYard(yard.opened.data);
    admin = local?.token ?? assert.fail("there is no administrator");
  });
  after(() => yard[Symbol.asyncDispose]());

  test("is nobody's to move but its team's, and administrators'", async () => {
    const { alice, mallory, capsule } = yard;
    const wanted = { host: "elsewhere" };
    assert.deepEqual(await refusal("nonsense", capsule, wanted), [401, "unauthenticated", undefined]);
    assert.deepEqual(await refusal(mallory.token, capsule, wanted), [404, "not_found", undefined]);
    for (const token of [alice.token, admin])
      assert.deepEqual(await refusal(token, capsule, wanted), [412, "precondition", "driver"], "so far they come");
  });

  test("stays where it is and goes on if its driver keeps all of it there, and says so", async () => {
    const { alice, capsule, opened } = yard;
    const ask = (what: string) => askWrenn(opened.url, "POST", `/v1/capsules/${capsule}/${what}`, { key: alice.key });
    assert.equal((await ask("pause")).status, 200);
    const { json } = await move(alice.token, capsule, { host: "elsewhere" });
    assert.match(json.error.message, /namespace keeps what is in it on its host.*microvm can/);
    assert.ok(json.error.message.startsWith(`Capsule ${capsule} `), "by the id that its users know");
    assert.equal((await ask("resume")).status, 200);
  });

  test("is told what is wrong with what was asked", async () => {
    const { alice, capsule } = yard;
    for (const body of [{}, { host: "" }, { host: 5 }, { host: "x".repeat(300) }])
      assert.equal((await move(alice.token, capsule, body)).status, 400);
    const wanted = { host: "elsewhere" };
    assert.deepEqual(await refusal(alice.token, "nonsense", wanted), [400, "invalid", "id"]);
    const host = `host-${"z".repeat(25)}`;
    assert.deepEqual(await refusal(alice.token, capsule, { host }), [400, "invalid", "host"]);
    assert.deepEqual(await refusal(alice.token, `cl-${"1".repeat(25)}`, wanted), [404, "not_found", undefined]);
  });

  test("is in the audit log only if it was", async () => {
    const { alice, capsule, opened } = yard;
    const entries = auditLog(opened.data).filter(({ action }) => action === "capsule.move");
    assert.ok(!entries.some(({ outcome }) => outcome === "done"), "none was moved");
    assert.equal(
      (await askWrenn(opened.url, "GET", `/v1/capsules/${capsule}`, { key: alice.key })).json.status,
      "running",
    );
  });
});
