/** Registries, and whose credentials are used for which image. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { systemClock } from "../../platform/clock.ts";
import { createSecretBox } from "../../platform/crypto/secret-box.ts";
import type { Database } from "../../platform/db/database.ts";
import { eachDialect } from "../../platform/db/testing.ts";
import { isYardError, type YardErrorCode } from "../../platform/errors.ts";
import { ExchangeError } from "../../platform/http/outgoing/exchange-error.ts";
import { parseImageReference } from "../image-reference.ts";
import { createRegistries, type Registries } from "./registries.ts";
import type { TryRegistry } from "./try-registry.ts";

const clock = { ...systemClock, now: () => 7 };
const openRegistries = (database: Database, tryRegistry: TryRegistry = async () => true) =>
  createRegistries({ database, tryRegistry, secrets: createSecretBox(Buffer.alloc(32, 1)), clock });
const refusal = (code: YardErrorCode, field?: string) => (error: unknown) =>
  isYardError(error, code) && error.field === field;
const team = { name: "ours", url: "https://Registry.example/team/", username: "ann", password: "s3cret" };

/** For a pull on a host with these tags. */
async function passwordFor(registries: Registries, image: string, tags: readonly string[] = []) {
  return (await registries.credentialsFor(parseImageReference(image), { tags }))?.password;
}

eachDialect("registries", (open) => {
  test("are made, changed and deleted; the password stays until another one is given or it is cleared", async () => {
    await using database = await open();
    const registries = openRegistries(database);
    const made = await registries.create(team);
    const shown = { id: made.id, name: "ours", url: "registry.example/team", username: "ann" };
    assert.deepEqual(made, { ...shown, hasPassword: true, hostTags: [], createdAt: 7, updatedAt: 7 });
    assert.ok(!JSON.stringify(await database.kysely.selectFrom("registries").selectAll().execute()).includes("s3cret"));

    const tagged = await registries.update(made.id, {
      name: "x",
      url: "registry.example",
      hostTags: ["a"],
      password: "",
    });
    assert.deepEqual([tagged.name, tagged.username, tagged.hasPassword, tagged.hostTags], ["x", "ann", true, ["a"]]);
    assert.equal(await passwordFor(registries, "registry.example/app", ["a", "b"]), "s3cret");
    const cleared = { name: "x", url: "registry.example", password: "new", clearPassword: true };
    assert.equal((await registries.update(made.id, cleared)).hasPassword, false);
    assert.equal(await passwordFor(registries, "registry.example/app", ["a"]), undefined);

    assert.equal(await registries.remove(made.id), "registry.example");
    await assert.rejects(registries.remove(made.id), refusal("not_found"));
    await assert.rejects(registries.update(made.id, team), refusal("not_found"));
    assert.deepEqual(await registries.list(), []);
  });

  test("a password is sent to no other host than the one that it was given for", async () => {
    await using database = await open();
    const registries = openRegistries(database);
    const { id } = await registries.create(team);
    const elsewhere = { name: "ours", url: "evil.example" };
    await assert.rejects(registries.update(id, elsewhere), refusal("invalid", "password"));
    assert.equal((await registries.list())[0]?.url, "registry.example/team");
    await registries.update(id, { ...elsewhere, password: "another" });
    assert.equal(await passwordFor(registries, "evil.example/app"), "another");
  });

  test("an address is kept once, however it is written", async () => {
    await using database = await open();
    const registries = openRegistries(database);
    await registries.create(team);
    const other = await registries.create({ name: "b", url: "ghcr.io" });
    assert.deepEqual([other.username, other.hasPassword], ["", false]);
    const same = { ...team, url: "http://REGISTRY.example/team" };
    await assert.rejects(registries.create(same), refusal("conflict", "url"));
    await assert.rejects(registries.update(other.id, same), refusal("conflict", "url"));
    for (const [field, change] of [
      ["name", { name: " " }],
      ["name", { name: "x".repeat(129) }],
      ["url", { url: "user:word@ghcr.io" }],
      ["username", { username: "a:b" }],
      ["password", { password: "a\nb" }],
    ] as const)
      await assert.rejects(registries.create({ ...team, url: "new.example", ...change }), refusal("invalid", field));
    assert.equal((await registries.list()).length, 2);
  });

  test("the narrowest address that a host may use has the credentials for an image", async () => {
    await using database = await open();
    const registries = openRegistries(database);
    const base = { name: "x", username: "u" };
    await registries.create({ ...base, url: "ghcr.io", password: "wide" });
    await registries.create({ ...base, url: "ghcr.io/team", password: "narrow", hostTags: ["prod"] });
    await registries.create({ ...base, url: "https://index.docker.io/v1/", password: "hub" });
    assert.equal(await passwordFor(registries, "ghcr.io/team/app", ["prod", "eu"]), "narrow");
    assert.equal(await passwordFor(registries, "ghcr.io/team/app"), "wide");
    assert.equal(await passwordFor(registries, "ghcr.io/other/app", ["prod"]), "wide");
    assert.equal(await passwordFor(registries, "nginx"), "hub");
    assert.equal(await passwordFor(registries, "quay.io/team/app"), undefined);
  });

  test("how a test went is remembered, with its reason where it failed", async () => {
    await using database = await open();
    const asked: unknown[] = [];
    const well = openRegistries(database, async (api, credentials) => {
      asked.push(api.href, credentials);
      return true;
    });
    const { id } = await well.create(team);
    assert.equal(await well.test(id), true);
    assert.deepEqual(asked, ["https://registry.example/v2/", { username: "ann", password: "s3cret" }]);
    assert.deepEqual((await well.list())[0]?.lastTest, { at: 7 });
    const badly = openRegistries(database, () => Promise.reject(new ExchangeError("ECONNREFUSED")));
    await assert.rejects(badly.test(id), refusal("unavailable"));
    assert.deepEqual((await well.list())[0]?.lastTest, { at: 7, error: "ECONNREFUSED" });
    await assert.rejects(well.test(id + 1), refusal("not_found"));
  });
});
