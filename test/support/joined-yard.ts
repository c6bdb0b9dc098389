/** A yard in this process that agents join, each a process of its own; everything goes through their tunnels. */
import assert from "node:assert/strict";
import { readLocalYard } from "../../src/client/local-yard.ts";
import type { Host } from "../../src/hosts/host.ts";
import { until } from "../../src/platform/testing/until.ts";
import type { SandboxDriver } from "../../src/sandboxes/sandbox.ts";
import { type JoinedAgent, type Joining, joinYard } from "./joined-agent.ts";
import { type OpenedYard, openTestYard } from "./yard-in-process.ts";

export interface JoinedYard extends AsyncDisposable {
  readonly opened: OpenedYard;
  readonly local: { readonly url: string; readonly token: string };
  join(joining?: Joining): Promise<{ readonly agent: JoinedAgent; readonly host: Host }>;
}

export async function openYard(): Promise<JoinedYard> {
  await using resources = new AsyncDisposableStack();
  const opened = resources.use(await openTestYard());
  const local = await readLocalYard(opened.data);
  assert.ok(local);
  const lifetime = resources.move();
  return {
    ...{ opened, local },
    async join(joining) {
      const known = new Set(opened.yard.hosts.list().map(({ id }) => id));
      const agent = await joinYard(local, joining);
      const host = await until(() => opened.yard.hosts.list().find(({ id, connected }) => connected && !known.has(id)));
      return { agent, host };
    },
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}

/** @param prepare given the directory of the agent, whose drivers nobody has used yet */
export async function openThroughTunnel(
  name: string,
  prepare?: (directory: string) => Promise<void>,
): Promise<SandboxDriver> {
  await using resources = new AsyncDisposableStack();
  const yard = resources.use(await openYard());
  const { agent, host } = await yard.join();
  resources.use(agent);
  await prepare?.(agent.directory);
  const driver = host.driver(name);
  const lifetime = resources.move();
  return {
    ...driver,
    get can() {
      return driver.can;
    },
    [Symbol.asyncDispose]: () => lifetime.disposeAsync(),
  };
}
