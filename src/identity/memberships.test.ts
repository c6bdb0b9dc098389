import assert from "node:assert/strict";
import { test } from "node:test";
import { eachDialect } from "../platform/db/testing.ts";
import { isYardError, type YardErrorCode } from "../platform/errors.ts";
import { openTestIdentity, type TestIdentity } from "./testing.ts";

const refused = (code: YardErrorCode, field?: string) => (error: unknown) =>
  isYardError(error, code) && (field === undefined || error.field === field);

interface Crew {
  readonly identity: TestIdentity;
  /** Ids of users by their names: ada owns `team`, ben is its admin, cyd a member, eve none. */
  readonly ids: Readonly<Record<"ada" | "ben" | "cyd" | "eve", string>>;
  readonly team: string;
}

async function openCrew(open: Parameters<typeof openTestIdentity>[0]): Promise<Crew & AsyncDisposable> {
  const identity = await openTestIdentity(open);
  const { users, memberships, clock } = identity;
  const make = async (username: string) => (await users.create({ username, email: `${username}@x.test` })).id;
  const ids = { ada: await make("ada"), ben: await make("ben"), cyd: await make("cyd"), eve: await make("eve") };
  const { id: team } = await memberships.create("Crew's Team", ids.ada);
  for (const name of ["ben", "cyd"] as const) {
    clock.advance(1_000);
    await memberships.add(team, `${name}@x.test`, ids.ada);
  }
  await memberships.setRole(team, ids.ben, "admin", ids.ada);
  return { identity, ids, team, [Symbol.asyncDispose]: () => identity[Symbol.asyncDispose]() };
}

eachDialect("memberships", (open) => {
  test("a team is shown by its own words, found by a name made of them, and listed in the order of joining", async () => {
    await using crew = await openCrew(open());
    const { memberships, teams } = crew.identity;
    const listed = await memberships.ofUser(crew.ids.ben);
    assert.deepEqual(
      listed.map(({ name, displayName, role, isPersonal, isByoc }) => ({
        name,
        displayName,
        role,
        isPersonal,
        isByoc,
      })),
      [
        { name: "ben", displayName: "ben", role: "owner", isPersonal: true, isByoc: false },
        { name: "Crew-s-Team", displayName: "Crew's Team", role: "admin", isPersonal: false, isByoc: false },
      ],
    );
    assert.equal((await teams.get("Crew-s-Team")).id, crew.team);
    const members = await memberships.members(crew.team);
    assert.deepEqual(
      members.map(({ username, role }) => [username, role]),
      [
        ["ada", "owner"],
        ["ben", "admin"],
        ["cyd", "member"],
      ],
    );
    assert.ok(members[1]!.joinedAt < members[2]!.joinedAt);
  });

  test("several teams may be shown alike; a name that is somebody's is not taken away", async () => {
    await using crew = await openCrew(open());
    const { memberships } = crew.identity;
    const [again, likeUser, odd] = [
      await memberships.create("Crew's Team", crew.ids.eve),
      await memberships.create("ADA", crew.ids.eve),
      await memberships.create("'''", crew.ids.eve),
    ];
    assert.deepEqual([again.displayName, likeUser.displayName, odd.displayName], ["Crew's Team", "ADA", "'''"]);
    assert.match(again.name, /^Crew-s-Team-\w{6}$/);
    assert.match(likeUser.name, /^ADA-\w{6}$/);
    assert.match(odd.name, /^team-\w{6}$/);
  });

  test("what a user may do in a team is looked up when it is done", async () => {
    await using crew = await openCrew(open());
    const { memberships } = crew.identity;
    const { ada, ben, cyd, eve } = crew.ids;
    for (const [who, code] of [
      [cyd, "forbidden"],
      [eve, "forbidden"],
    ] as const) {
      await assert.rejects(memberships.rename(crew.team, "x", who), refused(code));
      await assert.rejects(memberships.add(crew.team, "eve@x.test", who), refused(code));
      await assert.rejects(memberships.setRole(crew.team, cyd, "admin", who), refused(code));
      await assert.rejects(memberships.remove(crew.team, ben, who), refused(code));
    }
    for (const who of [ben, cyd, eve]) await assert.rejects(memberships.dissolve(crew.team, who), refused("forbidden"));
    await memberships.rename(crew.team, "Renamed", ben);
    assert.equal((await memberships.team(crew.team)).displayName, "Renamed");
    await memberships.setRole(crew.team, ben, "member", ben); // an admin may demote any but the owner, also themselves
    await assert.rejects(memberships.rename(crew.team, "x", ben), refused("forbidden"));
    assert.deepEqual(
      (await memberships.ofUser(ada)).map(({ role }) => role),
      ["owner", "owner"],
    );
  });

  test("the owner stays: no other role, no removal, no leaving", async () => {
    await using crew = await openCrew(open());
    const { memberships } = crew.identity;
    const { ada, ben } = crew.ids;
    await assert.rejects(memberships.setRole(crew.team, ada, "member", ben), refused("forbidden"));
    await assert.rejects(memberships.remove(crew.team, ada, ben), refused("forbidden"));
    await assert.rejects(memberships.leave(crew.team, ada), refused("forbidden"));
    assert.equal((await memberships.members(crew.team)).length, 3);
  });

  test("who is brought in twice, or is nobody, is refused; who goes is gone at once", async () => {
    await using crew = await openCrew(open());
    const { identity, team } = crew;
    const { memberships } = identity;
    const { ada, ben, cyd, eve } = crew.ids;
    await assert.rejects(memberships.add(team, "ben@x.test", ada), refused("conflict", "email"));
    await assert.rejects(memberships.add(team, "nobody@x.test", ada), refused("not_found", "email"));
    await assert.rejects(memberships.remove(team, eve, ada), refused("not_found", "userId"));
    await assert.rejects(memberships.setRole(team, eve, "admin", ada), refused("not_found", "userId"));
    await identity.users.setPassword("cyd", "right password");
    const { token } = await identity.token("cyd");
    assert.ok((await identity.authenticator.authenticate(token)).teams.has("Crew-s-Team"));
    await memberships.remove(team, cyd, ben);
    assert.ok(!(await identity.authenticator.authenticate(token)).teams.has("Crew-s-Team"));
    await memberships.leave(team, ben);
    assert.deepEqual(
      (await memberships.members(team)).map(({ username }) => username),
      ["ada"],
    );
  });

  test("a dissolved team is gone, its keys end, and what it has elsewhere is noted to be cleared", async () => {
    await using crew = await openCrew(open());
    const { identity, team, ids } = crew;
    const { key } = await identity.apiKeys.create({ userId: ids.cyd, teamId: team, name: "ci" });
    await identity.authenticator.authenticate(key, { teamKeys: true });
    await identity.memberships.dissolve(team, ids.ada);
    await assert.rejects(identity.memberships.team(team), refused("not_found"));
    await assert.rejects(identity.memberships.rename(team, "x", ids.ada), refused("not_found"));
    await assert.rejects(identity.authenticator.authenticate(key, { teamKeys: true }), refused("unauthenticated"));
    assert.deepEqual(
      (await identity.memberships.ofUser(ids.ben)).map(({ name }) => name),
      ["ben"],
    );
    const noted = await identity.database.kysely.selectFrom("removed_teams").select("team_id").execute();
    assert.deepEqual(noted, [{ team_id: team }]);
  });

  test("who dissolves the personal team gets another, empty one of the same name", async () => {
    await using crew = await openCrew(open());
    const { memberships, teams } = crew.identity;
    const { id: before } = await teams.get("eve");
    await teams.setMembers("eve", new Map([["ben", "member"]]));
    await memberships.dissolve(before, crew.ids.eve);
    const after = await teams.get("eve");
    assert.notEqual(after.id, before);
    assert.deepEqual(after.members, [{ username: "eve", role: "owner" }]);
    assert.equal(after.personalOf, crew.ids.eve);
  });

  test("a team may be made to bring its own hosts, and a user makes no more teams than the quota allows", async () => {
    await using crew = await openCrew(open());
    const { memberships, quotas } = crew.identity;
    await memberships.makeByoc(crew.team);
    assert.equal((await memberships.team(crew.team)).isByoc, true);
    await assert.rejects(memberships.makeByoc("team_none"), refused("not_found"));
    await quotas.changeTeamQuota("ada", { kind: "set", amount: 2 });
    await assert.rejects(memberships.create("One more", crew.ids.ada), refused("forbidden"));
  });
});
