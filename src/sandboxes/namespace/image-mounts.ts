/** Mounts file systems that lie in files, by way of loop devices. @see loop(4) */
import { closeSync, constants, openSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { errnoOf, YardError } from "../../platform/errors.ts";
import { readIfThere } from "../../platform/process/cgroups.ts";
import { kernel } from "../../platform/process/kernel.ts";
import { mounts } from "../../platform/process/mounts.ts";

const LOOP_CTL_GET_FREE = 0x4c82;
const LOOP_CONFIGURE = 0x4c0a;
const LO_FLAGS_AUTOCLEAR = 4;
/** Of `struct loop_config`: two numbers, a `struct loop_info64`, and room for more. */
const configBytes = 304;
const flagsAt = 8 + 52;
/** Others may take the device that was free a moment ago. */
const mostAttempts = 64;

/** The image's ext4. What waits to be initialised in it is left as it is: a file that was never written to there holds zeros.
 *  @throws {YardError} precondition */
export async function mountImage(image: string, target: string, { readOnly = false } = {}): Promise<void> {
  try {
    using backing = opened(image, readOnly ? constants.O_RDONLY : constants.O_RDWR);
    using device = await openLoopDevice(backing.fd);
    // From then on the mount holds the device, which goes with it.
    await mounts().mountExt4(device.path, target, { readOnly, ...(readOnly ? {} : { options: "noinit_itable" }) });
  } catch (cause) {
    throw new YardError("precondition", `The disk cannot be limited: no image can be mounted here: ${String(cause)}.`, {
      field: "limits.diskBytes",
      cause,
    });
  }
}

const freeTimeoutMs = 10_000;

/** Resolves when the kernel has let go of an image. It unmounts some time after it was told to: not before the last namespace that shows the mount is taken apart, and not before
 *  all is written. A second mount of the same file meanwhile would damage what is in it.
 *  @throws {YardError} unavailable */
export async function imageFreed(image: string): Promise<void> {
  const deadline = performance.now() + freeTimeoutMs;
  for (let pauseMs = 1; isHeld(image); pauseMs = Math.min(100, pauseMs * 2)) {
    if (performance.now() > deadline) {
      throw new YardError("unavailable", "The kernel has not yet let go of the sandbox's disk. Try again.", {
        retryAfterMs: 1_000,
      });
    }
    await sleep(pauseMs);
  }
}

/** @see Documentation/ABI/testing/sysfs-block-loop of the kernel */
function isHeld(image: string): boolean {
  const loops = readdirSync("/sys/block").filter((name) => name.startsWith("loop"));
  return loops.some((name) => readIfThere(join("/sys/block", name, "loop/backing_file")).trimEnd() === image);
}

interface LoopDevice extends Disposable {
  readonly path: string;
}

/** Free again once neither this nor a mount has it. */
async function openLoopDevice(backing: number): Promise<LoopDevice> {
  const { controlAside } = kernel(); // the driver waits for every processor
  using loops = opened("/dev/loop-control", constants.O_RDWR);
  const config = Buffer.alloc(configBytes);
  config.writeUInt32LE(backing, 0);
  config.writeUInt32LE(LO_FLAGS_AUTOCLEAR, flagsAt);
  for (let attempt = 1; ; attempt++) {
    const path = `/dev/loop${await controlAside("LOOP_CTL_GET_FREE", loops.fd, LOOP_CTL_GET_FREE, null)}`;
    using undo = new DisposableStack();
    const device = undo.use(opened(path, constants.O_RDWR));
    try {
      await controlAside("LOOP_CONFIGURE", device.fd, LOOP_CONFIGURE, config);
    } catch (error) {
      if (errnoOf(error) !== "EBUSY" || attempt === mostAttempts) throw error;
      continue;
    }
    const lifetime = undo.move();
    return { path, [Symbol.dispose]: () => lifetime.dispose() };
  }
}

function opened(path: string, flags: number): { readonly fd: number } & Disposable {
  const fd = openSync(path, flags);
  return { fd, [Symbol.dispose]: () => closeSync(fd) };
}
