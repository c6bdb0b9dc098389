/** Scripts of a yard as clients of mcp-v8 run them: submitted, and asked for until they are over. */
import assert from "node:assert/strict";
import { until } from "../../src/platform/testing/until.ts";

export interface Execution {
  readonly execution_id: string;
  readonly status: string;
  readonly result: string | null;
  readonly error: string | null;
  readonly heap: string | null;
  /** The snapshot of its files. */
  readonly fs: string | null;
}

export interface Scripts {
  /** @param path below `/api/`   @param body makes it a POST */
  ask<T = Execution>(path: string, body?: object): Promise<T>;
  /** Once it is over. */
  ended(id: string): Promise<Execution>;
  /** Runs it and waits for its end. */
  run(code: string, more?: object): Promise<Execution>;
}

/** @param url of the yard, asked for at each request: a restarted server listens elsewhere
 *  @param token without one, of somebody at this machine */
export function scriptsOf(url: () => string, token?: string): Scripts {
  async function ask<T = Execution>(path: string, body?: object): Promise<T> {
    const response = await fetch(`${url()}/api/${path}`, {
      method: body ? "POST" : "GET",
      headers: {
        ...(body && { "content-type": "application/json" }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
      body: body ? JSON.stringify(body) : null,
    });
    assert.ok(response.ok, `${path}: ${response.status} ${await response.clone().text()}`);
    return (await response.json()) as T;
  }

  const ended = (id: string) =>
    until(
      async () => {
        const execution = await ask(`executions/${id}`);
        return execution.status === "running" ? undefined : execution;
      },
      { what: "the script is over", timeoutMs: 30_000 },
    );

  return {
    ask,
    ended,
    async run(code, more = {}) {
      const { execution_id: id } = await ask("exec", { code, ...more });
      return ended(id);
    },
  };
}
