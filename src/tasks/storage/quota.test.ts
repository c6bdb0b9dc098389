import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isYardError } from "../../platform/errors.ts";
import { newId } from "../../platform/ids.ts";
import type { TeamRef } from "../task.ts";
import { eachStorage, hourMs, quotaBytes, type TestFiles } from "./testing.ts";

/** What the yard should think, said as simply as can be. */
interface Model {
  readonly team: TeamRef;
  /** By key. */
  readonly files: Map<string, { content: number; uploads: { url: string; bytes: number; expiresAt: number }[] }>;
  now: number;
}

const chargeOf = (
  { now }: Model,
  { content, uploads }: { content: number; uploads: { bytes: number; expiresAt: number }[] },
) => Math.max(content, ...uploads.filter(({ expiresAt }) => expiresAt > now).map(({ bytes }) => bytes));
const chargedIn = (model: Model) => [...model.files.values()].reduce((sum, file) => sum + chargeOf(model, file), 0);
const usedIn = ({ files }: Model) => [...files.values()].reduce((sum, { content }) => sum + content, 0);

const keys = fc.constantFrom("a", "b", "c");
const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ do: fc.constant("begin" as const), key: keys, bytes: fc.nat({ max: 700 }) }) },
    { weight: 4, arbitrary: fc.record({ do: fc.constant("put" as const), key: keys }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("remove" as const), key: keys }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("wait" as const) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant("settle" as const) }) },
  ),
  { minLength: 5, maxLength: 14 },
);
type Step = typeof steps extends fc.Arbitrary<(infer One)[]> ? One : never;

const fileOf = ({ team }: Model, key: string) => ({ kind: "attachment", team, key }) as const;

async function take(storage: TestFiles, model: Model, step: Step): Promise<void> {
  const { team } = model;
  switch (step.do) {
    case "begin": {
      const before = model.files.get(step.key) ?? { content: 0, uploads: [] };
      const upload = { url: "", bytes: step.bytes, expiresAt: model.now + hourMs };
      const after = { ...before, uploads: [...before.uploads, upload] };
      const grownBy = chargeOf(model, after) - chargeOf(model, before);
      const mayBegin = grownBy === 0 || chargedIn(model) + grownBy <= quotaBytes;
      try {
        upload.url = (await storage.files.begin({ team, file: fileOf(model, step.key), bytes: step.bytes })).url;
        assert.ok(mayBegin, "it fits");
        model.files.set(step.key, after);
      } catch (error) {
        assert.ok(isYardError(error, "forbidden") && !mayBegin, String(error));
      }
      break;
    }
    case "put": {
      const known = model.files.get(step.key);
      const upload = known?.uploads.find(({ expiresAt }) => expiresAt > model.now);
      if (known === undefined || upload === undefined) break;
      await storage.put(upload.url, "x".repeat(upload.bytes));
      await storage.files.download(fileOf(model, step.key)); // as reading does: what has arrived is noticed
      const uploads = known.uploads.filter((other) => other !== upload);
      model.files.set(step.key, { content: upload.bytes, uploads });
      break;
    }
    case "remove":
      await storage.files
        .remove(fileOf(model, step.key))
        .catch((error: unknown) => assert.ok(isYardError(error, "not_found")));
      model.files.delete(step.key);
      break;
    case "wait":
      storage.clock.advance(hourMs);
      model.now += hourMs;
      break;
    case "settle":
      await storage.files.settleUploads();
      break;
  }
}

eachStorage("the quota", (open) => {
  test("whatever is begun, put, removed, late or looked after: sums are what a simple model says", async () => {
    await using storage = await open();
    const property = fc.asyncProperty(steps, async (taken) => {
      const model: Model = { team: { id: newId("team"), name: "lab" }, files: new Map(), now: 0 };
      for (const step of taken) {
        await take(storage, model, step);
        assert.equal((await storage.files.usage(model.team.id)).usedBytes, usedIn(model), JSON.stringify(step));
      }
      for (const [key, { content }] of model.files) {
        const text = await storage.get((await storage.files.download(fileOf(model, key))).url);
        assert.equal(text?.length ?? 0, content);
      }
    });
    await fc.assert(property, { numRuns: 12, interruptAfterTimeLimit: 20_000, markInterruptAsFailure: false });
  });
});
