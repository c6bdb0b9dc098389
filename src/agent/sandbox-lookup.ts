/** What the routes of `/v1/sandboxes` name: drivers, and their sandboxes and processes. */
import { YardError } from "../platform/errors.ts";
import { hostSandboxId } from "../sandboxes/host/driver.ts";
import type { LocalSandbox, LocalSandboxDriver, Process } from "../sandboxes/sandbox.ts";
import type { Request } from "./http.ts";

export type Drivers = ReadonlyMap<string, LocalSandboxDriver>;

export const driverPath = "/v1/sandboxes/{driver}";
export const sandboxPath = `${driverPath}/{sandbox}`;
export const processPath = `${sandboxPath}/processes/{process}`;

/** All: @throws {YardError} not_found */
export interface SandboxLookup {
  driver(request: Request): LocalSandboxDriver;
  sandbox(request: Request): Promise<LocalSandbox>;
  process(request: Request): Promise<Process>;
}

export function createSandboxLookup(drivers: Drivers): SandboxLookup {
  const lookup: SandboxLookup = {
    driver({ params }) {
      const driver = drivers.get(params.driver ?? "");
      if (!driver) throw new YardError("not_found", `This host has no driver ${params.driver}.`, { field: "driver" });
      return driver;
    },
    sandbox(request) {
      const driver = lookup.driver(request);
      return driver.reattach({ driver: driver.name, version: 1, id: request.params.sandbox ?? "" });
    },
    async process(request) {
      const { process: id } = request.params;
      const process = (await (await lookup.sandbox(request)).processes()).find((one) => one.id === id);
      if (!process) throw new YardError("not_found", `There is no process ${id}.`);
      return process;
    },
  };
  return lookup;
}

/** What a driver leaves out of its sandboxes, it cannot do. @throws {YardError} precondition */
export function required<T>(part: T | undefined, driver: string, what: string): T {
  if (part === undefined) throw new YardError("precondition", `The driver ${driver} cannot ${what}.`);
  return part;
}

/** The sandbox of that id, whichever driver has it. @throws {YardError} not_found */
export async function findSandbox(drivers: Drivers, id: string): Promise<LocalSandbox> {
  for (const driver of drivers.values()) {
    const sandbox = await driver.reattach({ driver: driver.name, version: 1, id }).catch(() => undefined);
    if (sandbox) return sandbox;
  }
  throw new YardError("not_found", `This host has no sandbox ${id}.`, { field: "sandbox" });
}

/** A unit names its sandbox by the id alone, so no two drivers may have the same. @throws {YardError} conflict */
export async function refuseTaken(drivers: Drivers, wanted: LocalSandboxDriver, id: string): Promise<void> {
  const taken = await findSandbox(drivers, id).catch(() => undefined);
  if (taken && (taken.handle.driver !== wanted.name || id === hostSandboxId)) {
    throw new YardError("conflict", `There is a sandbox ${id} of the driver ${taken.handle.driver} already.`, {
      field: "id",
    });
  }
}
