/** `kill -9` of the server while users are made and deleted and sessions refreshed: what was acknowledged is so, what was not is whole or not there, and no refresh
 *  token passes twice. */
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type AnyBody, askDockmesh } from "./support/dockmesh.ts";
import { adminPassword, startYard } from "./support/yard-process.ts";

const kills = 3;

type Session = { readonly access_token: string; readonly refresh_token: string };

/** One login, and what has become of it. */
interface Family {
  /** The newest that was acknowledged. */
  newest: string;
  /** Acknowledged ones before that. */
  readonly spent: string[];
  /** Asked with and not answered. */
  asked: string | undefined;
}

/** Somebody who is made and deleted, again and again. */
interface Person {
  readonly username: string;
  /** As far as was acknowledged; undefined: that is not known. */
  isThere: boolean | undefined;
}

describe("a server that is killed while accounts change", { timeout: 120_000 }, () => {
  test("loses nothing that it has acknowledged, does nothing by halves, and lets no refresh token pass twice", async () => {
    await using yard = await startYard(["--docker-socket", "/nowhere/docker.sock"]);
    const ask = <Body = AnyBody>(method: string, path: string, body?: unknown, token?: string) =>
      askDockmesh<Body>(yard.url, method, path, { body, ...(token !== undefined && { token }) });
    const logIn = async (): Promise<Session> => {
      const { status, json, text } = await ask<Session>("POST", "/auth/login", {
        ...{ username: "admin", password: adminPassword },
      });
      assert.equal(status, 200, text);
      return json;
    };
    const { access_token: token } = await logIn();
    const people: readonly Person[] = ["ann", "bob"].map((username) => ({ username, isThere: false }));
    let families = await Promise.all(Array.from({ length: 6 }, async () => familyOf(await logIn())));

    const idOf = async ({ username }: Person) => {
      const users = (await ask<{ id: string; username: string }[]>("GET", "/users", undefined, token)).json;
      const found = users.filter((user) => user.username === username);
      assert.ok(found.length <= 1, `${username} is there ${found.length} times`);
      return found[0]?.id;
    };
    const make = ({ username }: Person) =>
      ask("POST", "/users", { username, password: "a long password", email: `${username}@example.org` }, token);
    const remove = (id: string) => ask("DELETE", `/users/${id}`, undefined, token);
    const refresh = (refresh_token: string) => ask<Session>("POST", "/auth/refresh", { refresh_token });

    async function keepRefreshing(family: Family): Promise<void> {
      for (;;) {
        family.asked = family.newest;
        const { status, json, text } = await refresh(family.asked);
        assert.equal(status, 200, text);
        family.spent.push(family.asked);
        family.newest = json.refresh_token;
        family.asked = undefined;
      }
    }

    async function comeAndGo(person: Person): Promise<void> {
      for (;;) {
        person.isThere = undefined;
        const made = await make(person);
        assert.equal(made.status, 201, made.text);
        assert.equal((await remove(made.json.id)).status, 204);
        person.isThere = false;
      }
    }

    for (let kill = 0; kill < kills; kill++) {
      const load = [...families.map(keepRefreshing), ...people.map(comeAndGo)].map(unlessKilled);
      await sleep(randomInt(200, 600));
      await yard.kill();
      await Promise.all(load);
      await yard.start();

      for (const person of people) {
        const id = await idOf(person);
        if (person.isThere !== undefined) assert.equal(id !== undefined, person.isThere, person.username);
        assert.equal((await make(person)).status, id === undefined ? 201 : 409);
        assert.equal((await remove((await idOf(person)) ?? "")).status, 204);
        person.isThere = false;
      }
      for (const [i, { newest, spent, asked }] of families.entries()) {
        if (i % 2 === 0 && spent.length > 0) {
          assert.equal((await refresh(spent.at(-1)!)).status, 401, "a spent one is none after a restart either");
          assert.equal((await refresh(newest)).status, 401, "and has ended its family");
        } else {
          const { status, json } = await refresh(newest);
          if (asked === undefined) assert.equal(status, 200, "a family that nobody was using goes on");
          assert.equal((await refresh(newest)).status, 401, "it does not pass twice");
          if (status === 200) assert.equal((await refresh(json.refresh_token)).status, 401);
        }
      }
      families = await Promise.all(families.map(async () => familyOf(await logIn())));
    }
    assert.equal((await ask("GET", "/audit/verify", undefined, token)).json.broken, 0);
  });
});

function familyOf({ refresh_token: newest }: Session): Family {
  return { newest, spent: [], asked: undefined };
}

/** The end of the connection is the end of it. */
function unlessKilled(work: Promise<void>): Promise<void> {
  return work.catch((error: unknown) => {
    if (error instanceof TypeError && error.message === "fetch failed") return;
    throw error;
  });
}
