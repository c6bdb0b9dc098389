import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { testHelp, testMisuse } from "./support/command-usage.ts";
import { openHome } from "./support/home.ts";

interface Finding {
  readonly name: string;
  readonly state: string;
}

test("doctor says what this machine can do, as text and as JSON, and makes nothing", async () => {
  using home = openHome();
  const [text, json] = await Promise.all([home.runyard(["doctor"]), home.runyard(["doctor", "--json"])]);
  const { findings } = JSON.parse(json.stdout) as { findings: readonly Finding[] };
  assert.ok(findings.length > 8);
  for (const { name } of findings) assert.ok(text.stdout.includes(name), name);
  const expected = findings.some(({ state }) => state === "warning") ? 1 : 0;
  assert.deepEqual([text.code, json.code, json.stderr], [expected, expected, ""]);
  assert.ok(!existsSync(home.data));
});

test("doctor looks at the settings that it is given", async () => {
  using home = openHome();
  const { code, stdout } = await home.runyard(["doctor", "--listen", "0.0.0.0:7700"]);
  assert.equal(code, 1);
  assert.match(stdout, /listener http:\/\/0\.0\.0\.0:7700 +WARNING/);
});

testMisuse({ args: ["doctor", "--listen", "nowhere"], says: /listen/ });
testHelp("doctor");
