import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { settingKeys, variableOf } from "./config/settings.ts";
import { type ConfigSources, describeConfig, loadConfig } from "./config.ts";
import { isYardError } from "./platform/errors.ts";

const cwd = mkdtempSync(join(tmpdir(), "runyard-config-"));
after(() => rmSync(cwd, { recursive: true }));

function load(sources: Partial<ConfigSources> & { yaml?: string; mode?: number }) {
  const directory = mkdtempSync(join(cwd, "c-"));
  if (sources.yaml !== undefined) {
    writeFileSync(join(directory, "runyard.yaml"), sources.yaml);
    chmodSync(join(directory, "runyard.yaml"), sources.mode ?? 0o600);
  }
  return loadConfig({ flags: {}, env: { HOME: "/home/ada" }, cwd: directory, ...sources });
}

function faultsOf(sources: Parameters<typeof load>[0]): string {
  try {
    load(sources);
  } catch (error) {
    assert.ok(isYardError(error, "invalid"));
    return error.message;
  }
  throw new assert.AssertionError({ message: "the configuration was accepted" });
}

test("has a default for everything", () => {
  const config = load({});
  assert.equal(config.data, "/home/ada/.local/share/runyard");
  assert.deepEqual(config.listen, [{ secure: false, host: "127.0.0.1", port: 7700 }]);
  assert.deepEqual(config.listenAppmesh, []);
  assert.deepEqual(config.listenMitosis, []);
  assert.deepEqual(config.tls, { kind: "off" });
  assert.equal(config.shutdownGraceMs, 30_000);
  assert.equal(config.orphanAfterMs, undefined);
  assert.deepEqual(config.lockout, { tries: 5, lockMs: 900_000 });
  assert.equal(load({ env: { XDG_DATA_HOME: "/xdg", HOME: "/h" } }).data, "/xdg/runyard");
});

test("takes flags before variables before the file before defaults, and says which", () => {
  const config = load({
    flags: { log: "debug", listenAppmesh: undefined },
    env: { RUNYARD_LOG: "warn", RUNYARD_LOCKOUT_TRIES: "7", HOME: "/h" },
    yaml: "log: error\nlockout:\n  tries: 9\n  minutes: 30\n",
  });
  assert.equal(config.log, "debug");
  assert.deepEqual(config.lockout, { tries: 7, lockMs: 1_800_000 });
  const origins = new Map(describeConfig(config).map(({ key, origin }) => [key, origin]));
  assert.equal(origins.get("log"), "--log");
  assert.equal(origins.get("lockout.tries"), "RUNYARD_LOCKOUT_TRIES");
  assert.match(origins.get("lockout.minutes") ?? "", /runyard\.yaml:4$/);
  assert.equal(origins.get("data"), "default");
  assert.equal(origins.size, settingKeys.length);
});

test("reads lists from commas, from repeated flags and from a list in the file", () => {
  const expected = [
    { secure: false, host: "127.0.0.1", port: 7700 },
    { secure: true, host: "::1", port: 6060 },
  ];
  assert.deepEqual(load({ env: { RUNYARD_LISTEN: "127.0.0.1:7700, https://[::1]:6060" } }).listen, expected);
  assert.deepEqual(load({ flags: { listen: ["127.0.0.1:7700", "https://[::1]:6060"] } }).listen, expected);
  assert.deepEqual(load({ yaml: 'listen: [127.0.0.1:7700, "https://[::1]:6060"]' }).listen, expected);
});

test("an address without a scheme follows tls", () => {
  assert.equal(load({ flags: { tls: "self-signed" } }).listen[0]?.secure, true);
  assert.equal(load({ flags: { tls: "self-signed", listen: "http://127.0.0.1:1" } }).listen[0]?.secure, false);
  const files = load({ flags: { "tls-cert": "c.pem", "tls-key": "/k.pem" } });
  assert.equal(files.listen[0]?.secure, true);
  assert.equal(files.tls.kind === "files" && files.tls.key, "/k.pem");
});

test("names every fault at once, with its place, its key and the reason", () => {
  const message = faultsOf({
    flags: { loginRate: "many", bogus: true },
    env: { RUNYARD_LOG: "loud", RUNYARD_LISTN: "x", RUNYARD_URL: "http://not-ours", RUNYARD_PROCESS_ID: "1" },
    yaml: "stop-host: perhaps\nlisten: nowhere\nlockout:\n  trys: 3\nshutdown-grace: [1s, 2s]\nevents.keep-rows: 1\n",
  });
  for (const fault of [
    /--login-rate: login-rate: must be a whole number/,
    /--bogus: this is not a setting|--bogus: bogus is not a setting/,
    /RUNYARD_LOG: log: must be one of .*"loud"/,
    /RUNYARD_LISTN: this is not a setting/,
    /runyard\.yaml:1: stop-host: must be true or false/,
    /runyard\.yaml:2: listen: "nowhere" is not an address/,
    /runyard\.yaml:4: lockout\.trys is not a setting/,
    /runyard\.yaml:5: shutdown-grace: takes one value/,
    /runyard\.yaml:6: events\.keep-rows: must be a whole number from 1000/,
  ]) {
    assert.match(message, fault);
  }
  assert.doesNotMatch(message, /RUNYARD_URL|RUNYARD_PROCESS_ID/);
  assert.equal(message.split("\n").length, 10);
});

test("refuses a file that is no map, broken YAML with its line, doubled keys and a named file that is not there", () => {
  assert.match(faultsOf({ yaml: "- a\n- b\n" }), /runyard\.yaml:1: must hold/);
  assert.match(faultsOf({ yaml: "log: info\n  : [\n" }), /runyard\.yaml:\d+: /);
  assert.match(faultsOf({ yaml: "log: info\nlog: warn\n" }), /runyard\.yaml:2: .*unique/);
  assert.match(faultsOf({ yaml: "log:\n" }), /runyard\.yaml:1: log: must be a value/);
  assert.match(faultsOf({ flags: { config: "/nowhere/y.yaml" } }), /\/nowhere\/y\.yaml: cannot be read \(ENOENT\)/);
  assert.match(faultsOf({ flags: { config: "/" } }), /cannot be read \(EISDIR\)/);
  assert.equal(load({ yaml: "" }).log, "info");
});

test("refuses half a certificate, and two kinds at once", () => {
  assert.match(faultsOf({ flags: { tlsCert: "c.pem" } }), /set both/);
  assert.match(faultsOf({ flags: { tlsCert: "c", tlsKey: "k", tls: "self-signed" } }), /exclude each other/);
});

test("reads durations in every spelling and refuses what no timer can hold", () => {
  for (const [text, ms] of [
    ["500ms", 500],
    ["30s", 30_000],
    ["5m", 300_000],
    ["2h", 7_200_000],
    ["7d", 604_800_000],
    ["45", 45_000],
    ["PT1M30S", 90_000],
  ] as const) {
    assert.equal(load({ flags: { "shutdown-grace": text } }).shutdownGraceMs, ms, text);
  }
  for (const text of ["30d", "-1", "soon", "never"]) faultsOf({ flags: { "shutdown-grace": text } });
  assert.equal(load({ flags: { "orphan-after": "never" } }).orphanAfterMs, undefined);
});

test("never shows a secret", () => {
  const config = load({
    env: {
      RUNYARD_ADMIN_PASSWORD: "s3cret",
      RUNYARD_DATABASE_URL: "postgres://ada:s3cret@db:5432/yard?sslpassword=s3cret",
    },
  });
  assert.equal(config.adminPassword, "s3cret");
  const shown = JSON.stringify(describeConfig(config));
  assert.doesNotMatch(shown, /s3cret/);
  assert.match(shown, /ada:hidden@db/);
  assert.doesNotMatch(faultsOf({ env: { RUNYARD_DATABASE_URL: "mysql://a:s3cret@h/d" } }), /s3cret/);
});

test("warns of a file that others can write, or that holds a secret and others can read", () => {
  assert.deepEqual(load({ yaml: "log: info", mode: 0o644 }).warnings, []);
  assert.match(load({ yaml: "log: info", mode: 0o664 }).warnings[0] ?? "", /can be written by other users/);
  assert.match(load({ yaml: "admin-password: abc", mode: 0o644 }).warnings[0] ?? "", /holds admin-password/);
  assert.deepEqual(load({ yaml: "admin-password: abc", mode: 0o600 }).warnings, []);
});

test("a number in the file keeps the digits that were written", () => {
  assert.equal(load({ yaml: "admin-password: 0123" }).adminPassword, "0123");
});

test("an empty variable is not set", () => {
  assert.equal(load({ env: { RUNYARD_LOG: "" } }).log, "info");
});

test("the variable of each setting is its key in capitals", () => {
  assert.equal(variableOf("listen.appmesh"), "RUNYARD_LISTEN_APPMESH");
  assert.equal(variableOf("admin-password"), "RUNYARD_ADMIN_PASSWORD");
});

test("a store of S3 is set whole or not at all, and its secret is not shown", () => {
  const s3 = {
    "s3-endpoint": "http://store:9000/",
    "s3-bucket": "yard",
    "s3-access-key": "key",
    "s3-secret-key": "s3cret",
  };
  const config = loadConfig({ flags: s3, env: {}, cwd: "/" });
  const expected = { endpoint: "http://store:9000", bucket: "yard", accessKey: "key", secretKey: "s3cret" };
  assert.deepEqual(config.s3, { ...expected, region: "us-east-1" });
  assert.doesNotMatch(JSON.stringify(describeConfig(config)), /s3cret/);
  assert.equal(loadConfig({ flags: {}, env: {}, cwd: "/" }).s3, undefined);
  const half = { flags: { "s3-bucket": "yard" }, env: { RUNYARD_S3_ENDPOINT: "http://store" }, cwd: "/" };
  assert.throws(() => loadConfig(half), /s3-access-key, s3-secret-key: set all of/);
  const withPath = { flags: { ...s3, "s3-endpoint": "http://store/bucket" }, env: {}, cwd: "/" };
  assert.throws(() => loadConfig(withPath), /without a path/);
});
