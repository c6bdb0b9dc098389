/** A yard of this process with two people who know nothing of each other, and a capsule of the first. */
import assert from "node:assert/strict";
import { askWrenn, type SignedUp, signUp } from "../../src/apis/wrenn/testing.ts";
import { skipUnless } from "../../src/platform/testing/parts.ts";
import { findPrograms } from "../../src/sandboxes/namespace/availability.ts";
import { type OpenedYard, openTestYard } from "./yard-in-process.ts";

const { availability } = await findPrograms();
export const skip = skipUnless(availability.usable, "what namespace sandboxes need", JSON.stringify(availability));

export interface CapsuleYard extends AsyncDisposable {
  readonly opened: OpenedYard;
  readonly alice: SignedUp;
  readonly mallory: SignedUp;
  /** Of alice. */
  readonly capsule: string;
}

export async function openCapsuleYard(): Promise<CapsuleYard> {
  await using stack = new AsyncDisposableStack();
  const opened = stack.use(await openTestYard());
  const [alice, mallory] = [await signUp(opened.url, "alice"), await signUp(opened.url, "mallory")];
  const created = await askWrenn(opened.url, "POST", "/v1/capsules", { key: alice.key, body: {} });
  assert.equal(created.status, 201, created.text);
  const capsule: string = created.json.id;
  stack.defer(async () => void (await askWrenn(opened.url, "DELETE", `/v1/capsules/${capsule}`, { key: alice.key })));
  const lifetime = stack.move();
  return { opened, alice, mallory, capsule, [Symbol.asyncDispose]: () => lifetime.disposeAsync() };
}
