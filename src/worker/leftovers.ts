/** Clears up after workers that were killed: ends what they ran, gives their tasks back, deletes their files. */
import type { Log } from "../platform/log.ts";
import type { Coordinator } from "./coordinator.ts";
import { removeTree } from "./directories.ts";
import type { OpenDriver } from "./drivers.ts";
import { type Leftover, takeLeftovers } from "./home.ts";

export interface LeftoverParts {
  readonly root: string;
  readonly openDriver: OpenDriver;
  readonly coordinator: Pick<Coordinator, "asWorker">;
  /** Where the coordinator is now: tokens go nowhere else than where they were given. */
  readonly origin: string;
  readonly log: Pick<Log, "info" | "warn">;
}

const unregisterMs = 5_000;

export async function clearLeftovers(parts: LeftoverParts): Promise<void> {
  for await (const leftover of takeLeftovers(parts.root)) {
    try {
      await clear(leftover, parts);
      parts.log.info("cleared up after a worker that was killed");
    } catch (error) {
      parts.log.warn({ err: error, path: leftover.path }, "what a killed worker has left cannot be cleared up");
    }
  }
}

async function clear(leftover: Leftover, { openDriver, coordinator, origin }: LeftoverParts): Promise<void> {
  {
    await using driver = await openDriver({ directory: leftover.driver });
    for (const sandbox of await driver.sandboxes()) {
      for (const process of await sandbox.processes()) await process.stop({ graceMs: 0 });
      await sandbox.destroy({ graceMs: 0 }).catch(() => {}); // the host itself is no sandbox to be destroyed
    }
  }
  // Only now: the tasks may run elsewhere at once.
  for (const registration of await leftover.registrations())
    if (registration.origin === origin)
      await coordinator
        .asWorker(registration.token)
        .unregister({ timeoutMs: unregisterMs })
        .catch(() => {}); // its lease will end
  await removeTree(leftover.path);
}
