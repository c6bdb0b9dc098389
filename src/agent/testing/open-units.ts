/** Units with real processes under a clock that the test sets. */
import { YardError } from "../../platform/errors.ts";
import { temporaryDirectory } from "../../platform/testing/temporary-directory.ts";
import { until } from "../../platform/testing/until.ts";
import type { ContainerPrograms } from "../../sandboxes/container/programs.ts";
import { openHostDriver } from "../../sandboxes/host/driver.ts";
import type { RunStatus, UnitStatus } from "../protocol.ts";
import { openUnits, type Units } from "../units.ts";
import { createFakeTime, type FakeTime } from "./fake-time.ts";

export interface TestUnits extends AsyncDisposable {
  readonly units: Units;
  readonly time: FakeTime;
  readonly directory: string;
  /** The agent dies and another takes over. @param awayMs so much later */
  restart(awayMs: number): Promise<void>;
}

const noEngine: ContainerPrograms = {
  create: () => Promise.reject(new YardError("unavailable", "No engine is here.")),
};

/** Disposing ends all that runs. */
export async function openTestUnits(start: number, containers: ContainerPrograms = noEngine): Promise<TestUnits> {
  await using opened = new AsyncDisposableStack();
  const { path: directory } = opened.use(temporaryDirectory());
  let driver = await openHostDriver({ directory });
  let time = createFakeTime(start);
  let units = open();
  opened.defer(() => driver[Symbol.asyncDispose]());
  opened.defer(async () => {
    await units.shutdown({ graceMs: 0 });
    units[Symbol.dispose]();
  });

  function open(): Units {
    const sandbox = (id: string) => driver.reattach({ driver: driver.name, version: 1, id });
    return openUnits({ directory, sandbox, containers, log: () => {}, time });
  }

  const parts = opened.move();
  return {
    get units() {
      return units;
    },
    get time() {
      return time;
    },
    directory,
    async restart(awayMs) {
      units[Symbol.dispose]();
      await driver[Symbol.asyncDispose]();
      time = createFakeTime(time.now() + awayMs);
      driver = await openHostDriver({ directory });
      units = open();
      await units.recover();
    },
    [Symbol.asyncDispose]: () => parts.disposeAsync(),
  };
}

/** The unit, once it is as wanted: processes start and end in their own time. */
export function unitWhere({ units }: TestUnits, id: string, isWanted: (unit: UnitStatus) => boolean) {
  return until(
    () => {
      const unit = units.get(id);
      return isWanted(unit) ? unit : undefined;
    },
    { what: `unit ${id}: ${isWanted}`, intervalMs: 2 },
  );
}

export const isAlive = (run: RunStatus | undefined): boolean => run?.pid !== undefined && run.exit === undefined;
