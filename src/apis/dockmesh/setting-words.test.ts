/** Settings as keys and texts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isYardError } from "../../platform/errors.ts";
import { settingsFromWire } from "./setting-words.ts";

test("a list and an object say the same, and of two values for a key the last one counts", () => {
  const wanted = { base_url: "https://yard.example", "auth.password_require_digit": "true" };
  const listed = Object.entries({ ...wanted }).map(([key, value]) => ({ key, value }));
  const fromList = settingsFromWire([{ key: "base_url", value: "https://other.example" }, ...listed]);
  assert.deepEqual(fromList, settingsFromWire(wanted));
  assert.deepEqual(fromList.fleet, { baseUrl: "https://yard.example" });
  assert.deepEqual(fromList.policy.passwords, { requireDigit: true });
  assert.deepEqual(settingsFromWire({}).fleet, {});
});

for (const [key, given, kept] of [
  ["base_url", " https://Yard.example:443/ ", "https://yard.example"],
  ["base_url", "http://10.0.0.1:7700", "http://10.0.0.1:7700"],
  ["base_url", "", ""],
  ["agent_public_url", "https://yard.example:8443", "wss://yard.example:8443/connect"],
  ["agent_public_url", "wss://yard.example:8443/connect", "wss://yard.example:8443/connect"],
  ["agent_public_url", "", ""],
] as const)
  test(`${key} ${JSON.stringify(given)} is kept as ${JSON.stringify(kept)}`, () =>
    assert.deepEqual(Object.values(settingsFromWire({ [key]: given }).fleet), [kept]));

for (const [key, value] of [
  ["base_url", "yard.example"],
  ["base_url", "ftp://yard.example"],
  ["base_url", "https://yard'$(id)'.example"],
  ["agent_public_url", "wss://yard`id`.example"],
  ["base_url", "https://user:word@yard.example"],
  ["base_url", "https://yard.example/path"],
  ["base_url", "https://yard.example/?x=1"],
  ["base_url", `https://yard.example/${"x".repeat(3_000)}`],
  ["agent_public_url", "http://yard.example"],
  ["agent_public_url", "wss://yard.example/other"],
  ["proxy_enabled", "yes"],
  ["auth.password_min_length", "0"],
  ["auth.password_min_length", "257"],
  ["auth.password_min_length", "1e1"],
  ["auth.password_min_length", "true"],
  ["auth.password_require_digit", "1"],
  ["auth.lockout_max_attempts", "-1"],
] as const)
  test(`${key} cannot be ${JSON.stringify(value.slice(0, 40))}`, () =>
    assert.throws(
      () => settingsFromWire({ [key]: value }),
      (error) => isYardError(error, "invalid") && error.field === key,
    ));

test("a key that there is not is refused by its name", () => {
  for (const key of ["nope", "__proto__", "auth.other"])
    assert.throws(
      () => settingsFromWire([{ key, value: "1" }]),
      (error) => isYardError(error, "invalid") && error.message.includes(key),
    );
});
