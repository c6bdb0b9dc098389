import assert from "node:assert/strict";
import { test } from "node:test";
import { accessOf, requireAccess } from "./access.ts";
import type { AppDefinition, Sharing } from "./app.ts";

const actor = (userId: string, teams: string[], isAdmin = false) => ({
  userId,
  username: userId,
  isAdmin,
  teams: new Set(teams),
});
const owner = actor("owner", ["red"]);
const teammate = actor("mate", ["blue", "red"]);
const stranger = actor("stranger", ["blue"]);
const admin = actor("admin", [], true);

interface Row {
  who: ReturnType<typeof actor>;
  sharing: AppDefinition["sharing"];
  ownerId?: string | null;
  ownerTeams?: string[];
  access: Sharing;
}
const shared = (team: Sharing, others: Sharing) => ({ team, others });

const rows: readonly Row[] = [
  { who: owner, sharing: shared("none", "none"), access: "write" },
  { who: admin, sharing: shared("none", "none"), access: "write" },
  { who: stranger, sharing: shared("none", "none"), ownerId: null, access: "write" },
  { who: stranger, sharing: undefined, access: "write" },
  { who: teammate, sharing: shared("none", "write"), access: "none" },
  { who: teammate, sharing: shared("read", "none"), access: "read" },
  { who: teammate, sharing: shared("write", "none"), access: "write" },
  { who: stranger, sharing: shared("write", "none"), access: "none" },
  { who: stranger, sharing: shared("none", "read"), access: "read" },
  { who: stranger, sharing: shared("none", "write"), access: "write" },
  { who: teammate, sharing: shared("write", "none"), ownerTeams: [], access: "none" },
];

for (const { who, sharing, ownerId = "owner", ownerTeams = ["red"], access } of rows) {
  const shown = sharing ? `team ${sharing.team}, others ${sharing.others}` : "open";
  test(`${who.username} has ${access} on an app of ${ownerId} in [${ownerTeams}] shared as ${shown}`, () => {
    assert.equal(accessOf(who, { ownerId, ownerTeams, sharing }), access);
  });
}

test("access that was not given is forbidden, in the words of what was tried", () => {
  const app = { name: "web", ownerId: "owner", ownerTeams: ["red"], sharing: shared("read", "none") };
  requireAccess(teammate, app, "read");
  assert.throws(() => requireAccess(teammate, app, "write"), {
    code: "forbidden",
    message: /mate may not change the app web/,
  });
  assert.throws(() => requireAccess(stranger, app, "read"), {
    code: "forbidden",
    message: /stranger may not see the app web/,
  });
});
