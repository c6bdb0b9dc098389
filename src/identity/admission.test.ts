import assert from "node:assert/strict";
import { test } from "node:test";
import { YardError } from "../platform/errors.ts";
import { createAdmission, principalOf } from "./admission.ts";
import type { Principal } from "./principal.ts";

const ada: Principal = {
  ...{ userId: "user_1", username: "ada", teams: new Map(), roles: [], isAdmin: false },
  permissions: new Set(["apps.view"]),
  credential: { kind: "apiKey", keyId: "key_1", number: 1, name: "ci" },
};

/** Asks for a name in place of a credential; `later` tells whether the answer takes time. */
const open = ({ later }: { later: boolean }) =>
  createAdmission<{ as?: string }>({
    authenticate({ as }) {
      if (as !== "ada") throw new YardError("unauthenticated", "who?");
      return later ? Promise.resolve(ada) : ada;
    },
    refuse: (_request, { username }, permission) => new YardError("forbidden", `${username} lacks ${permission}`),
  });

test("whoever is remembered is in at once, and known from then on", () => {
  const request = { as: "ada" };
  assert.equal(open({ later: false }).admit(request, "apps.view"), undefined);
  assert.equal(principalOf(request), ada);
});

test("whoever has to be looked up is in after that", async () => {
  const request = { as: "ada" };
  await open({ later: true }).admit(request, "apps.view");
  assert.equal(principalOf(request), ada);
});

test("nobody else gets in, nor further than permissions go", async () => {
  const [atOnce, later] = [open({ later: false }), open({ later: true })];
  const request = {};
  assert.throws(() => atOnce.admit(request), { code: "unauthenticated" });
  assert.throws(() => principalOf(request), /no guard/);
  const lacking = { code: "forbidden", message: "ada lacks apps.write" };
  assert.throws(() => atOnce.admit({ as: "ada" }, "apps.write"), lacking);
  await assert.rejects(Promise.resolve(later.admit({ as: "ada" }, "apps.write")), lacking);
  const inside = { as: "ada" };
  atOnce.admit(inside);
  atOnce.require(inside, "apps.view");
  assert.throws(() => atOnce.require(inside, "apps.write"), lacking);
});
