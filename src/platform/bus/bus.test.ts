import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createBus } from "./bus.ts";
import { describeBus } from "./conformance.ts";
import type { Topics } from "./topics.ts";

describe("the bus within a process", () => {
  describeBus(async (onError) => ({ bus: createBus<Topics>({ onError }), [Symbol.asyncDispose]: async () => {} }));

  test("whoever asked for it is told that events may have been missed, also when another one throws", () => {
    const errors: string[] = [];
    const bus = createBus<Topics>({ onError: (error, topic) => void errors.push(`${topic}: ${error}`) });
    let told = 0;
    using _throws = bus.onResync(() => {
      throw new Error("thrown");
    });
    using _listens = bus.onResync(() => void told++);
    bus.resync();
    assert.equal(told, 1);
  });
});
