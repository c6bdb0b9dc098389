/** Every parameter of the yard's own operations, given what is none: each is answered in the API's own words, and none makes the server fail. */
import assert from "node:assert/strict";
import { request } from "node:http";
import { after, before, describe, test } from "node:test";
import { newSecret } from "../src/platform/crypto/secrets.ts";
import { eachDialect } from "../src/platform/db/testing.ts";
import { type Caller, useDockmeshYard } from "./support/dockmesh.ts";
import { type Operation, yardOperations } from "./support/yard-operations.ts";

const oddValues = [
  ...["", "-1", "0", "1e25", "1e309", "9".repeat(25), "x".repeat(199), "x".repeat(1_025), "__proto__", "constructor"],
  ...["\0", "x\0y", "\n", "%", "_", "*", "\\", "'", '"', "../../etc/passwd", "$(id)", "\u202e", "💩", "[", "{}"],
];
/** As they stand in a URL. */
const oddQueries = ["%ED%A0%80", "%", "%zz", "a&NAME=b&NAME=c"];
/** What a place in a list could be thought to look like. */
const places = [
  ...["1e25", "-1", "9223372036854775808", "9007199254740993", "1.5", "null", "true", "[1]", '"x"', '"\\u0000"'],
  ...['"\\ud800"', '{"createdAt":1e25,"id":"x"}', '{"createdAt":5,"id":"\\u0000"}', '{"createdAt":-1,"id":"x"}'],
  ...['{"sort":"name","key":{},"id":"x"}', '{"sort":"name","key":1,"id":"x"}', '{"__proto__":{}}', "[".repeat(700)],
].map((text) => Buffer.from(text).toString("base64url"));

eachDialect("bad input to the yard's own operations", (open) => {
  describe("of every parameter", () => {
    const opened = new AsyncDisposableStack();
    const yard = useDockmeshYard(async () => {
      const { options } = opened.use(await open());
      return { ...(options.dialect === "postgres" && { "database-url": options.url, "master-key": newSecret() }) };
    });
    after(() => opened.disposeAsync());
    let operations: readonly Operation[];

    /** There is something of each, or nothing would be looked for. */
    before(async () => {
      operations = await yardOperations(yard.url);
      const { token, username }: Caller = yard.admin;
      const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
      const task = { group_name: username, tags: ["tag"], labels: ["label"], timeout: "1m", priority: 0 };
      for (const [path, body] of [
        ["/tasks", { ...task, task_spec: { args: ["true"] } }],
        ["/api/exec", { code: "1" }],
      ] as const) {
        const reply = await fetch(`${yard.url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
        assert.ok(reply.ok, await reply.text());
      }
    });

    /** `fetch` would put some of these in order. */
    function get(path: string): Promise<{ readonly status: number; readonly text: string }> {
      const { promise, resolve, reject } = Promise.withResolvers<{ status: number; text: string }>();
      const { hostname, port } = new URL(yard.url);
      const headers = { authorization: `Bearer ${yard.admin.token}` };
      request({ hostname, port, path, headers }, async (response) => {
        const chunks = await response.toArray();
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() });
      })
        .on("error", reject)
        .end();
      return promise;
    }

    function requestsOf({ path, parameters }: Operation): readonly string[] {
      const asked = path.replaceAll(/\{\w+\}/g, "x");
      const inQuery = parameters.filter((one) => one.in === "query");
      return [
        ...oddValues.map((value) => path.replaceAll(/\{\w+\}/g, encodeURIComponent(value) || "%20")),
        ...inQuery.flatMap(({ name }) => {
          const values = [...(name === "after" ? places : []), ...oddValues.map(encodeURIComponent), ...oddQueries];
          const others = inQuery.filter((one) => one.required && one.name !== name).map((one) => `&${one.name}=x`);
          return values.map((value) => `${asked}?${name}=${value.replaceAll("NAME", name)}${others.join("")}`);
        }),
      ];
    }

    test("it is refused in the API's words, or is looked for and not found", async () => {
      const faults: string[] = [];
      for (const operation of operations.filter(({ method }) => method === "GET")) {
        for (const path of new Set(requestsOf(operation))) {
          const { status, text } = await get(path);
          const isRefused = status === 400 && /^\{"error":\{"code":"invalid","message":"/.test(text);
          if (status !== 200 && status !== 401 && status !== 404 && !isRefused)
            faults.push(`${path.slice(0, 200)}: ${status} ${text.slice(0, 300)}`);
        }
      }
      assert.deepEqual(faults, []);
      assert.equal("isAdmin" in {}, false);
    });

    test("a place that no list has given is refused by its name", async () => {
      for (const list of ["tasks", "events", "audit", "events?sort=newest", "executions"]) {
        for (const text of ["1e25", "-1", "1.5", "9223372036854775808", '{"createdAt":1e25,"id":"x"}']) {
          const after = Buffer.from(text).toString("base64url");
          const { status, text: body } = await get(`/yard/v1/${list}${list.includes("?") ? "&" : "?"}after=${after}`);
          assert.deepEqual([status, JSON.parse(body).error.field], [400, "after"], `${list} after ${text}`);
        }
      }
    });
  });
});
