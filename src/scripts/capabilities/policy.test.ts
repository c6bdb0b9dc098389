import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import type { YardError } from "../../platform/errors.ts";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { until } from "../../platform/testing/until.ts";
import { grantsNothing, parsePolicy } from "./policy.ts";
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

const everything = `modules:
  bases: { npm: "https://cdn.test/" }
  max-modules: 10
  allow:
    - { name: lodash, packages: ["npm:lodash-es@4"] }
    - { name: own, hosts: [modules.test], paths: ["/lib/**"] }
subprocess:
  user: nobody
  allow:
    - { name: git, programs: [git], arguments: [[status], [log, "..."]], environment: ["GIT_*"], directories: [/srv/repos] }
mcp:
  servers:
    - { name: weather, url: "https://weather.test/mcp", headers: { authorization: "Bearer secret" }, tools: ["get_*"] }
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

  test("says what else scripts may reach", () => {
    const { modules, subprocess, mcp } = parsePolicy("p.yaml", everything);
    assert.equal(modules?.bases.npm?.href, "https://cdn.test/");
    assert.deepEqual([modules.maxModuleBytes, modules.maxTotalBytes, modules.maxModules], [2 ** 22, 2 ** 24, 10]);
    assert.deepEqual(
      subprocess?.rules.map((rule) => [...rule.programs, ...rule.directories, rule.arguments.length]),
      [["git", "/srv/repos", 2]],
    );
    assert.deepEqual([subprocess?.user, subprocess?.timeoutMs], ["nobody", 30_000]);
    assert.deepEqual(
      mcp?.servers.map(({ name, url, headers }) => [name, url.href, headers]),
      [["weather", "https://weather.test/mcp", [["authorization", "Bearer secret"]]]],
    );
  });

  test("does not repeat a secret when it complains", () => {
    const text = everything.replace("https://weather.test/mcp", "https://user:hunter2@weather.test/mcp");
    assert.throws(
      () => parsePolicy("p.yaml", text),
      ({ message }: YardError) => !/hunter2|Bearer/.test(message),
    );
    const control = everything.replace('"Bearer secret"', '"Bearer hunter2\\n"');
    assert.throws(
      () => parsePolicy("p.yaml", control),
      ({ message }: YardError) => !/hunter2/.test(message),
    );
  });

  for (const text of ["", "# nothing yet\n", "{}"])
    test(`${JSON.stringify(text)} grants nothing`, () => assert.deepEqual(parsePolicy("p.yaml", text), grantsNothing));

  for (const [text, faults] of [
    ["fetsh: {}", ["p.yaml:1: fetsh: fetsh is no key of a policy here"]],
    ["\nsubprocess: true", ["p.yaml:2: subprocess: must be object"]],
    ["modules: {}", ["p.yaml:1: modules: must have required properties allow"]],
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
    [
      "modules:\n  bases: { npm: 'ftp://a/', jsr: 'https://b/no-slash' }\n  allow:\n    - { name: a }\n    - { name: b, packages: [lodash], paths: [/x] }\n    - { name: c, packages: ['npm:x'] }",
      [
        'p.yaml:2: modules.bases.npm: "ftp://a/" is no base; write https://host/, with a slash at its end',
        'p.yaml:2: modules.bases.jsr: "https://b/no-slash" is no base',
        "p.yaml:4: modules.allow.0: grants nothing: it needs packages or hosts",
        'p.yaml:5: modules.allow.1.packages.0: "lodash" is no package; write npm:name',
        "p.yaml:5: modules.allow.1.paths: paths are those of hosts, and it has none",
        "p.yaml:6: modules.allow.2.packages: where npm: packages come from is not said: modules.bases.npm is missing",
      ],
    ],
    ["subprocess:\n  user: 'a b'\n  allow: []", ["p.yaml:2: subprocess.user: must match pattern"]],
    [
      "subprocess:\n  allow:\n    - name: a\n      programs: ['rm -rf', ../x]\n      environment: ['A=B']\n      directories: [srv, /srv/]",
      [
        'p.yaml:4: subprocess.allow.0.programs.0: "rm -rf" is no program; write its name or its absolute path',
        'p.yaml:4: subprocess.allow.0.programs.1: "../x" is no program',
        'p.yaml:5: subprocess.allow.0.environment.0: "A=B" is no name of a variable',
        'p.yaml:6: subprocess.allow.0.directories.0: "srv" is no directory; write an absolute path',
        'p.yaml:6: subprocess.allow.0.directories.1: "/srv/" is no directory',
      ],
    ],
    [
      "mcp:\n  servers:\n    - { name: a, url: 'https://a/mcp', tools: ['*'] }\n    - { name: a, url: 'https://u:p@b/', tools: [x] }\n    - { name: c, url: 'https://c/', tools: [] }",
      ["p.yaml:5: mcp.servers.2.tools: must not have fewer than 1 items"],
    ],
    [
      "mcp:\n  servers:\n    - { name: a, url: 'https://a/mcp', tools: ['*'] }\n    - { name: a, url: 'https://u:p@b/', tools: [x] }",
      [
        "p.yaml:4: mcp.servers.1.name: there are two servers of this name",
        "p.yaml:4: mcp.servers.1.url: this is no address of a server; write https://host/path, and credentials in headers",
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
