/** What every sandbox driver must do: the definition of the interface in sandbox.ts, as tests. A driver's own test file calls it with
 *  one line, in the agent and through the connection to one:
 *
 *      describeSandboxDriver("host", () => openHostDriver({ directory }));
 */
import { randomUUID } from "node:crypto";
import { after, before, describe } from "node:test";
import { keepsFiles } from "./conformance/files.ts";
import { handsThingsOver } from "./conformance/handing-over.ts";
import { tellsInhabitants } from "./conformance/inhabitants.ts";
import { keepsSandboxes } from "./conformance/lifetimes.ts";
import { limits } from "./conformance/limits.ts";
import { moves } from "./conformance/moving.ts";
import { keepsOutput } from "./conformance/output.ts";
import { pauses } from "./conformance/pausing.ts";
import { dialsPorts } from "./conformance/ports.ts";
import { limitsSandboxes } from "./conformance/sandbox-limits.ts";
import { separatesStreams } from "./conformance/separate-streams.ts";
import { signalsAndStops } from "./conformance/signals.ts";
import { startsAndExits } from "./conformance/starting.ts";
import type { Suite } from "./conformance/suite.ts";
import { keepsTemplates } from "./conformance/templates.ts";
import { givesTerminals } from "./conformance/terminals.ts";
import type { Sandbox, SandboxDriver } from "./sandbox.ts";

export interface ConformanceOptions {
  /** Why the driver cannot be tested here. */
  readonly skip?: string | false;
  /** Its sandboxes have an emulated processor: what moves much is tried with less. */
  readonly isEmulated?: boolean;
}

/** @param open makes a driver of its own for the suite, which disposes of it. Sandboxes need `sh`, `cat`, `env` and `sleep`. */
export function describeSandboxDriver(
  name: string,
  open: () => Promise<SandboxDriver>,
  options: ConformanceOptions = {},
): void {
  describe(`the sandbox driver ${name}`, { skip: options.skip }, () => {
    let driver: SandboxDriver;
    let sandbox: Sandbox;
    before(async () => {
      driver = await open();
      sandbox = await driver.create({ id: `suite-${randomUUID()}` });
    });
    after(async () => {
      await sandbox?.destroy({ graceMs: 0 });
      await driver?.[Symbol.asyncDispose]();
    });
    const suite: Suite = {
      driver: () => driver,
      sandbox: () => sandbox,
      isEmulated: options.isEmulated ?? false,
      exec: (spec) => sandbox.exec({ id: randomUUID(), ...spec }),
      shell: (script, spec) => sandbox.exec({ id: randomUUID(), argv: ["sh", "-c", script], ...spec }),
    };
    startsAndExits(suite);
    handsThingsOver(suite);
    keepsOutput(suite);
    separatesStreams(suite);
    signalsAndStops(suite);
    givesTerminals(suite);
    limits(suite);
    keepsSandboxes(suite);
    limitsSandboxes(suite);
    keepsFiles(suite);
    pauses(suite);
    dialsPorts(suite);
    keepsTemplates(suite);
    tellsInhabitants(suite);
    moves(suite);
  });
}
