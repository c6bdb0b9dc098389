/** A yard with an account of Wrenn's API, for tests that work with real capsules. */
import assert from "node:assert/strict";
import { after, before } from "node:test";
import {
  type AnyBody,
  askWrenn,
  type SignedUp,
  signUp,
  type WrennReply,
  type WrennRequest,
} from "../../src/apis/wrenn/testing.ts";
import { type OpenedYard, openTestYard } from "./yard-in-process.ts";

export interface WrennYard {
  /** Once the suite has begun. */
  readonly url: string;
  readonly account: SignedUp;
  /** Its directory. */
  readonly data: string;
  /** With the key of the account's team. */
  ask<Body = AnyBody>(method: string, path: string, body?: unknown, options?: WrennRequest): Promise<WrennReply<Body>>;
  /** @returns the id of a new capsule, which runs, until the suite ends or somebody ends it */
  makeCapsule(fields?: object): Promise<string>;
  /** A command that must go well. @returns what it prints */
  run(capsule: string, script: string): Promise<string>;
  /** A command that goes on in the background. */
  start(capsule: string, argv: readonly [string, ...string[]]): Promise<void>;
}

/** Belongs into the body of a suite: the yard starts before its tests and ends after them. */
export function useWrennYard(flags: Readonly<Record<string, string>> = {}): WrennYard {
  let opened: OpenedYard;
  let account: SignedUp;
  const made: string[] = [];
  before(async () => {
    opened = await openTestYard({ "capsules.driver": "namespace", ...flags });
    account = await signUp(opened.url, "ann");
  });
  after(async () => {
    for (const id of made) await yard.ask("DELETE", `/v1/capsules/${id}`);
    const { json: templates } = await yard.ask<{ name: string }[]>("GET", "/v1/snapshots?type=snapshot");
    for (const { name } of templates) await yard.ask("DELETE", `/v1/snapshots/${name}`);
    await opened[Symbol.asyncDispose]();
  });

  const yard: WrennYard = {
    get url() {
      return opened.url;
    },
    get data() {
      return opened.data;
    },
    get account() {
      return account;
    },
    ask: (method, path, body, options) => askWrenn(opened.url, method, path, { key: account.key, body, ...options }),
    async makeCapsule(fields = {}) {
      const { status, text, json } = await yard.ask("POST", "/v1/capsules", fields);
      assert.equal(status, 201, text);
      made.push(json.id);
      return json.id;
    },
    async run(capsule, script) {
      const body = { cmd: "/bin/sh", args: ["-c", script] };
      const done = await yard.ask<{ stdout: string; stderr: string; exit_code: number }>(
        "POST",
        `/v1/capsules/${capsule}/exec`,
        body,
      );
      assert.equal(done.status, 200, done.text);
      assert.equal(done.json.exit_code, 0, done.json.stderr);
      return done.json.stdout;
    },
    async start(capsule, [cmd, ...args]) {
      const begun = await yard.ask("POST", `/v1/capsules/${capsule}/exec`, { cmd, args, background: true });
      assert.equal(begun.status, 202, begun.text);
    },
  };
  return yard;
}
