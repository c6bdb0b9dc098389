import assert from "node:assert/strict";
import { test } from "node:test";
import type { Bus } from "../platform/bus/bus.ts";
import type { Topics } from "../platform/bus/topics.ts";
import { createChanges } from "./changes.ts";
import { CredentialCache } from "./credential-cache.ts";

/** A bus to a network that is down. */
const deaf = () => ({ [Symbol.dispose]() {} });
const deadBus: Bus<Topics> = { publish: () => new Promise(() => {}), subscribe: deaf, onResync: deaf };

test("a change acts on this replica at once, whatever becomes of the bus", () => {
  for (const announce of ["sessionRevoked", "userChanged", "roleChanged"] as const) {
    const cache = new CredentialCache<{ tags: string[] }>(10);
    cache.set("token", { tags: ["session:1", "user:1"] }, cache.ticket());
    void createChanges({ bus: deadBus, cache })[announce]("1");
    assert.equal(cache.get("token"), undefined, announce);
  }
});
