/** Gives memory back to the system when a busy process has come to rest. What a start or a burst of work leaves behind would stay with
 *  the process for ever otherwise:
 *
 *  - glibc keeps what was freed between blocks that are still in use: after a start 20 of the 42 MiB on the heap of a control plane, most
 *    of it from compiling code. `malloc_trim` finds the whole pages among it.
 *  - The pages of the executable and its libraries that only the start has needed stay mapped, 35 of 55 MiB. They are unmapped here;
 *    the system may keep their contents as long as it has room for them, and a page that is needed again is mapped again (a microsecond
 *    for each 64 KiB, while its contents are there). */
import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { type CFunction, cLibrary } from "./c-library.ts";
import { untouchedFileMappings } from "./file-mappings.ts";

/** Two of these at rest: V8's own collection for a process at rest comes 8 s after its last work, and leaves more to give back. */
const lookMs = 5_000;
const looksAtRest = 2;
/** Of one processor, between two looks. A yard at rest needs a hundredth, and in the look of that collection up to four. */
const busyShare = 0.08;
/** Of madvise(2). */
const MADV_DONTNEED = 4;

/** @returns what ends it; it does not keep the process alive */
export function giveBackAtRest(): Disposable {
  // By default V8 collects twice when a process comes to rest. The second time takes a control plane 0.17 s of CPU time, and frees 4 MiB.
  setFlagsFromString("--memory-reducer-gc-count=1"); // a V8 that does not know it says so, and goes on as before
  let isOwed = true; // by the start
  let looks = 0;
  let before = process.cpuUsage();
  const timer = setInterval(() => {
    const { user, system } = process.cpuUsage(before);
    const isBusy = (user + system) / 1_000 > busyShare * lookMs;
    before = process.cpuUsage();
    if (isBusy) isOwed = true;
    looks = isBusy ? 0 : looks + 1;
    if (!isOwed || looks < looksAtRest) return;
    isOwed = false;
    giveBack();
  }, lookMs).unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** Does what this machine's C library can do, and nothing where it can do nothing: it is a matter of memory alone. */
export function giveBack(): void {
  calls ??= load();
  calls.trim?.(0);
  const { advise } = calls;
  if (!advise) return;
  for (const { start, length } of untouchedFileMappings(readFileSync("/proc/self/smaps", "latin1")))
    advise(start, length, MADV_DONTNEED);
}

interface Calls {
  /** malloc_trim(3), which only glibc has. */
  readonly trim?: CFunction;
  /** madvise(2). */
  readonly advise?: CFunction;
}

let calls: Calls | undefined;

function load(): Calls {
  if (process.platform !== "linux") return {};
  return {
    trim: declared("int malloc_trim(size_t pad)"),
    advise: declared("int madvise(uintptr_t address, size_t length, int advice)"),
  };
}

/** @returns undefined where koffi has no build for this machine, or its library no such call */
function declared(declaration: string): CFunction | undefined {
  try {
    return cLibrary().declare(declaration);
  } catch {
    return undefined;
  }
}
