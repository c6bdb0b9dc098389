/** Whether a root file system can be mounted in the driver's directory: kernels and file systems learnt it one after the other, and only a try tells. */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isYardError } from "../../platform/errors.ts";
import { mounts } from "../../platform/process/mounts.ts";
import type { Availability } from "../sandbox.ts";
import { bindLayer, unmountAll } from "./lower-layers.ts";
import type { UserNamespaces } from "./user-namespaces.ts";

const fix = "keep the data directory on ext4, xfs or btrfs, on Linux 5.19 or newer, or use another driver";

/** @param directory the driver's   @param users @throws {YardError} precondition, where the kernel has none */
export async function tryRootFileSystem(
  directory: string,
  users: () => Promise<UserNamespaces>,
): Promise<Availability> {
  const place = join(directory, "trial");
  const at = (name: "from" | "lower" | "upper" | "work" | "root") => join(place, name);
  const clear = () => {
    for (const path of [at("root"), at("lower")]) unmountAll(path);
    rmSync(place, { recursive: true, force: true });
  };
  try {
    const owners = await users();
    clear(); // of an agent that was killed meanwhile
    for (const name of ["from", "lower", "upper", "work", "root"] as const) mkdirSync(at(name), { recursive: true });
    bindLayer(at("from"), at("lower"), owners);
    mounts().mountOverlay(at("root"), { lower: [at("lower")], upper: at("upper"), work: at("work") });
    return { usable: true };
  } catch (error) {
    const reason = isYardError(error) ? error.message : `no overlay can be mounted (${String(error)})`;
    return { usable: false, reason, fix };
  } finally {
    clear();
  }
}
