/** The sandboxes that tasks may run in, by name. */
import { YardError } from "../platform/errors.ts";
import { openHostDriver } from "../sandboxes/host/driver.ts";
import type { LocalSandboxDriver } from "../sandboxes/sandbox.ts";

export interface DriverOptions {
  /** For its records and for output; private. */
  readonly directory: string;
  readonly onNotice?: (message: string) => void;
}

export type OpenDriver = (options: DriverOptions) => Promise<LocalSandboxDriver>;

const drivers: Readonly<Record<string, OpenDriver>> = { host: openHostDriver };

export const driverNames: readonly string[] = Object.keys(drivers);

/** @throws {YardError} invalid: there is none of that name */
export function driverNamed(name: string): OpenDriver {
  const open = Object.hasOwn(drivers, name) ? drivers[name] : undefined;
  if (open) return open;
  throw new YardError(
    "invalid",
    `There is no sandbox ${JSON.stringify(name)}. Choose one of: ${driverNames.join(", ")}.`,
    {
      field: "--sandbox",
    },
  );
}
