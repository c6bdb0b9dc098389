import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { isYardError } from "../platform/errors.ts";
import { temporaryDirectory } from "../platform/testing/temporary-directory.ts";
import { openCredentialStore } from "./credentials.ts";
import { findYard, findYardToLogInTo, parseYardUrl } from "./find-yard.ts";
import { writeLocalYard } from "./local-yard.ts";

const now = 1_000_000;
const session = { username: "ada", token: "session", expiresAt: now + 1 };

/** A home directory without any credential. */
function emptyHome(): Disposable & { env: NodeJS.ProcessEnv; data: string } {
  const home = temporaryDirectory();
  const data = join(home.path, "data");
  return {
    data,
    env: { HOME: home.path, XDG_CONFIG_HOME: join(home.path, "config"), RUNYARD_DATA: data },
    [Symbol.dispose]: () => home[Symbol.dispose](),
  };
}

test("flags win over the environment, that over a login, that over the yard of this machine", async () => {
  using home = emptyHome();
  const find = (flags: { url?: string; token?: string } = {}, env: NodeJS.ProcessEnv = {}) =>
    findYard(flags, { ...home.env, ...env }, now);

  await assert.rejects(find(), (error) => isYardError(error, "unauthenticated") && /runyard serve/.test(error.message));
  await writeLocalYard(home.data, { url: "https://127.0.0.1:7700", token: "local", certificate: "PEM" });
  assert.deepEqual(await find(), { url: "https://127.0.0.1:7700", token: "local", ca: "PEM" });
  await openCredentialStore(home.env).save("https://far.example", session);
  assert.deepEqual(await find(), { url: "https://far.example", token: "session", ca: undefined });
  const env = { RUNYARD_URL: "http://env.example:1", RUNYARD_TOKEN: "env" };
  assert.deepEqual(await find({}, env), { url: "http://env.example:1", token: "env", ca: undefined });
  assert.deepEqual(await find({ url: "http://flag.example:2", token: "flag" }, env), {
    url: "http://flag.example:2",
    token: "flag",
    ca: undefined,
  });
});

test("a named yard gets its own credential, never another's", async () => {
  using home = emptyHome();
  await writeLocalYard(home.data, { url: "http://127.0.0.1:7700", token: "local" });
  await openCredentialStore(home.env).save("https://far.example", session);
  assert.equal((await findYard({ url: "http://127.0.0.1:7700/" }, home.env, now)).token, "local");
  assert.equal((await findYard({ url: "https://far.example" }, home.env, now)).token, "session");
  await assert.rejects(findYard({ url: "https://other.example" }, home.env, now), (error) =>
    isYardError(error, "unauthenticated"),
  );
});

test("an expired session says so instead of being sent", async () => {
  using home = emptyHome();
  await openCredentialStore(home.env).save("https://far.example", { ...session, expiresAt: now });
  await assert.rejects(
    findYard({}, home.env, now),
    (error) => isYardError(error) && /has expired.*runyard login/.test(error.message),
  );
});

test("a forgotten credential is gone, and the current yard with it", async () => {
  using home = emptyHome();
  const store = openCredentialStore(home.env);
  await store.save("https://far.example", session);
  await store.save("https://near.example", session);
  await store.forget("https://near.example");
  assert.equal(await store.find(), undefined);
  assert.equal((await store.find("https://far.example"))?.credential.token, "session");
});

test("a damaged credential file is refused with its path", async () => {
  using home = emptyHome();
  const path = join(home.env.XDG_CONFIG_HOME!, "runyard", "credentials.json");
  await openCredentialStore(home.env).save("https://far.example", session);
  for (const text of ["{", "[]", '{"yards":{"x":{}}}']) {
    writeFileSync(path, text);
    await assert.rejects(
      openCredentialStore(home.env).find(),
      (error) => isYardError(error) && error.message.includes(path),
    );
  }
});

test("a login goes to the yard of this machine unless another is named", async () => {
  using home = emptyHome();
  assert.deepEqual(await findYardToLogInTo({}, home.env), { url: "http://127.0.0.1:7700", ca: undefined });
  await writeLocalYard(home.data, { url: "https://127.0.0.1:9", token: "local", certificate: "PEM" });
  assert.deepEqual(await findYardToLogInTo({}, home.env), { url: "https://127.0.0.1:9", ca: "PEM" });
  assert.deepEqual(await findYardToLogInTo({ url: "https://far.example/" }, home.env), {
    url: "https://far.example",
    ca: undefined,
  });
});

for (const text of ["", "yard", "ftp://yard", "http://user:password@yard", "http://yard/?x=1", "http://yard/#x"]) {
  test(`"${text}" is no yard's URL`, () => {
    assert.throws(
      () => parseYardUrl(text),
      (error) => isYardError(error, "invalid"),
    );
  });
}
