import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { YardError } from "../../platform/errors.ts";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { until } from "../../platform/testing/until.ts";
import { parsePolicy } from "./policy.ts";
import { openPolicyFile } from "./policy-file.ts";

const usable = `fetch:
  timeout-seconds: 5
  max-response-mib: 2
  allow:
    - name: github
      hosts: [api.github.com, "*.example.com"]
      methods: [GET, POST]
      paths: ["/repos/**"]
      networks: [10.0.0.0/8]
    - name: everything
      hosts: ["*"]
      methods: ["*"]
`;

describe("a policy", () => {
  test("says who may be asked for what", () => {
    const { fetch } = parsePolicy("p.yaml", usable);
    assert.deepEqual(
      fetch?.rules.map(({ name }) => name),
      ["github", "everything"],
    );
    assert.deepEqual(fetch.rules[0]?.methods, new Set(["GET", "POST"]));
    assert.equal(fetch.rules[1]?.methods, "any");
    assert.equal(fetch.timeoutMs, 5_000);
    assert.equal(fetch.maxResponseBytes, 2 * 1024 ** 2);
  });

  test("without methods means reading only", () => {
    const { fetch } = parsePolicy("p.yaml", "fetch: { allow: [{ name: a, hosts: [b] }] }");
    assert.deepEqual(fetch?.rules[0]?.methods, new Set(["GET", "HEAD"]));
  });

  for (const text of ["", "# nothing yet\n", "{}"])
    test(`${JSON.stringify(text)} grants nothing`, () =>
      assert.deepEqual(parsePolicy("p.yaml", text), { fetch: undefined }));

  for (const [text, faults] of [
    ["fetsh: {}", ["p.yaml:1: fetsh: fetsh is no key of a policy here"]],
    ["\nsubprocess: true", ["p.yaml:2: subprocess: cannot be granted to scripts yet"]],
    ["modules: {}", ["p.yaml:1: modules: cannot be granted to scripts yet"]],
    ["- fetch", ["p.yaml:1: must be object"]],
    ["fetch: {}", ["p.yaml:1: fetch: must have required properties allow"]],
    ["fetch:\n  allow:\n    - name: a", ["p.yaml:3: fetch.allow.0: must have required properties hosts"]],
    [
      "fetch:\n  allow:\n    - name: a\n      hosts: [b]\n      method: [GET]\n      path: [/]",
      [
        "p.yaml:5: fetch.allow.0.method: method is no key of a policy here",
        "p.yaml:6: fetch.allow.0.path: path is no key of a policy here",
      ],
    ],
    ["fetch:\n  allow: []\n  timeout-seconds: 5s", ["p.yaml:3: fetch.timeout-seconds: must be integer"]],
    [
      "fetch:\n  allow:\n    - name: a\n      hosts: [b, 'http://c/d']\n      methods: [get]\n      paths: [x]\n      networks: [10.0.0.0/99]",
      [
        'p.yaml:5: fetch.allow.0.methods.0: "get" is no method; write it in capitals, or * for all',
        'p.yaml:4: fetch.allow.0.hosts.1: "http://c/d" is no host; write host, *.host, host:port or https://host',
        'p.yaml:6: fetch.allow.0.paths.0: "x" is no path; it begins with / and has no query',
        "p.yaml:7: fetch.allow.0.networks.0: 10.0.0.0/99 is no network",
      ],
    ],
    ["fetch: [", ["p.yaml:1:"]],
    ["fetch: *nothing", ["p.yaml:1: Unresolved alias"]],
    ["fetch: {}\nfetch: {}", ["p.yaml:2: Map keys must be unique"]],
  ] as const)
    test(`${JSON.stringify(text)} is refused with place and reason`, () =>
      assert.throws(
        () => parsePolicy("p.yaml", text),
        ({ code, message }: YardError) => {
          assert.equal(code, "invalid");
          for (const fault of faults) assert.ok(message.includes(fault), message);
          assert.equal(message.split("\n").length - 1 >= faults.length, true);
          return true;
        },
      ));
});

describe("a policy's file", () => {
  test("is followed as it changes; what cannot be used changes nothing and is complained of once", async () => {
    using directory = temporaryDirectory();
    const path = join(directory.path, "policy.yaml");
    const complaints: string[] = [];
    const log = { info() {}, error: (facts: object) => void complaints.push(JSON.stringify(facts)) };
    writeFileSync(path, usable);
    await using file = await openPolicyFile({ path, log, lookMs: 5 });
    const rules = () => file.current().fetch?.rules.map(({ name }) => name);
    assert.deepEqual(rules(), ["github", "everything"]);

    writeFileSync(path, usable.replace("name: github", "nam: github"));
    await until(() => complaints.length > 0);
    assert.match(complaints[0] ?? "", /policy\.yaml:5: fetch\.allow\.0\.nam: nam is no key/);
    assert.deepEqual(rules(), ["github", "everything"]);

    writeFileSync(path, usable.replace("name: github", "name: forge"));
    await until(() => rules()?.[0] === "forge");
    assert.equal(complaints.length, 1);

    writeFileSync(path, "");
    await until(() => file.current().fetch === undefined);
  });

  for (const [what, text] of [
    ["is missing", undefined],
    ["cannot be used", "fetch: 1"],
  ] as const)
    test(`that ${what} keeps the yard from starting`, async () => {
      using directory = temporaryDirectory();
      const path = join(directory.path, "policy.yaml");
      if (text !== undefined) writeFileSync(path, text);
      const log = { info() {}, error() {} };
      await assert.rejects(openPolicyFile({ path, log }), ({ message }: YardError) => message.includes(path));
    });
});
