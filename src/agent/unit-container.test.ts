/** Units whose runs wait for a container: nobody waits with them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { YardError } from "../platform/errors.ts";
import type { ContainerPrograms } from "../sandboxes/container/programs.ts";
import type { UnitSpec } from "./protocol.ts";
import { openTestUnits, unitWhere } from "./testing/open-units.ts";

const start = Date.UTC(2030, 0, 1);

const spec = (changes: Partial<UnitSpec> = {}): UnitSpec => ({
  ...{ id: "boxed", revision: 1, sandbox: "host", process: { argv: ["true"] }, enabled: true, keepRuns: 0 },
  ...{ container: { image: "slow" }, restart: { onExit: "no", minIntervalMs: 0 } },
  ...changes,
});

/** An image that takes for ever to be fetched, unless that is given up. */
function slowRegistry() {
  const asked: string[] = [];
  const containers: ContainerPrograms = {
    create({ id }, { signal }) {
      asked.push(id);
      const { promise, reject } = Promise.withResolvers<never>();
      signal.addEventListener("abort", () => reject(new YardError("interrupted", "It is not wanted any more.")));
      return promise;
    },
  };
  return { asked, containers };
}

test("a unit is there while its image is still being fetched, and counts as running", async () => {
  const { asked, containers } = slowRegistry();
  await using host = await openTestUnits(start, containers);
  const { runs, starts } = await host.units.put(spec());
  assert.deepEqual([runs.length, runs[0]?.pid, starts], [1, undefined, 1]);
  await host.units.start("boxed");
  assert.equal(asked.length, 1);
  await assert.rejects(host.units.process("boxed"), { code: "not_found" });
});

test("to stop it gives the image up, and it can be started again", async () => {
  const { asked, containers } = slowRegistry();
  await using host = await openTestUnits(start, containers);
  await host.units.put(spec());
  const { runs } = await host.units.stop("boxed", { graceMs: 0 });
  assert.deepEqual([runs[0]?.startError?.code, runs[0]?.stopCause], ["interrupted", "stopped"]);
  await host.units.start("boxed");
  assert.equal(asked.length, 2);
  await host.units.remove("boxed");
  assert.deepEqual(host.units.list(), []);
});

test("a later definition takes its place at once", async () => {
  const { asked, containers } = slowRegistry();
  await using host = await openTestUnits(start, containers);
  await host.units.put(spec());
  await host.units.put(spec({ revision: 2, container: undefined }));
  const ended = await unitWhere(host, "boxed", ({ runs }) => runs[0]?.exit !== undefined);
  assert.deepEqual([ended.runs[0]?.exit?.code, asked.length], [0, 1]);
});

test("where no container can be had, the run has ended with the reason, and is tried again as its policy says", async () => {
  await using host = await openTestUnits(start);
  await host.units.put(spec({ restart: { onExit: "always", minIntervalMs: 0 } }));
  const failed = await unitWhere(host, "boxed", ({ lastError }) => lastError !== undefined);
  assert.match(failed.lastError?.message ?? "", /No engine is here/);
  await host.time.pass(1_000);
  await unitWhere(host, "boxed", ({ starts }) => starts === 2);
});
