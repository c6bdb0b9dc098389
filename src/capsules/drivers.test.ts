import assert from "node:assert/strict";
import { test } from "node:test";
import { YardError } from "../platform/errors.ts";
import { createChoosePlace } from "./drivers.ts";
import type { CapsuleParts, WantedPlace } from "./parts.ts";

const place = { teamId: "team_1", vcpus: 1, memoryMb: 512, diskMb: 5_120 };
const host = {} as Awaited<ReturnType<CapsuleParts["hosts"]["place"]>>;
const quota = { capsules: 0, vcpus: 0, memoryMb: 0 };

/** Of hosts that take what `fits` says. @returns what they were asked, the last of it taken or nothing */
async function asked(driver: string, fits: (wanted: WantedPlace) => boolean, wanted: { driver?: string } = {}) {
  const calls: WantedPlace[] = [];
  const hosts: Pick<CapsuleParts["hosts"], "place"> = {
    async place(one) {
      calls.push(one);
      if (fits(one)) return host;
      throw new YardError("unavailable", "No host can take it.", { field: "host" });
    },
  };
  const choose = createChoosePlace({ hosts: hosts as CapsuleParts["hosts"], settings: { driver, quota } });
  const chosen = await choose({ ...place, ...wanted }).catch((error: YardError) => error.message);
  return { calls, chosen: typeof chosen === "string" ? chosen : chosen.driver };
}

test("nobody has asked: machines that need not be emulated, then namespaces, then containers", async () => {
  const { calls, chosen } = await asked("auto", () => false);
  assert.deepEqual(
    calls.map(({ driver, yieldsToTag, unlessEmulated }) => [driver, yieldsToTag, unlessEmulated]),
    [
      ["microvm", true, true],
      ["namespace", true, true],
      ["container", true, true],
    ],
  );
  assert.match(chosen, /^No host can run this capsule\. microvm: No host .* container: /);
  assert.equal((await asked("auto", ({ driver }) => driver !== "microvm")).chosen, "namespace");
});

test("the settings name one: a host's tag goes before it, and it may be emulated", async () => {
  const { calls } = await asked("microvm", () => true);
  assert.deepEqual(calls, [{ ...place, driver: "microvm", yieldsToTag: true }]);
});

test("one that is asked for by name is that one, wherever it is", async () => {
  const { calls } = await asked("auto", () => true, { driver: "microvm" });
  assert.deepEqual(calls, [{ ...place, driver: "microvm" }]);
});

test("what is no sandbox is had by the settings alone", async () => {
  assert.match((await asked("auto", () => true, { driver: "host" })).chosen, /host is no driver for capsules here/);
  assert.equal((await asked("host", () => true, { driver: "host" })).chosen, "host");
});
