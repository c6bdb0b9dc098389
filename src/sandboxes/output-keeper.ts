/** Keeps every output within its bound, and the disk from filling up with output.
 *
 *  One timer for all. An output is looked at again when it could have used up its slack at the rate it grew lately: one that prints at full
 *  speed is trimmed many times a second, one that is quiet costs one `stat` call per second (some 5 µs), in the same turn as all other quiet
 *  ones. */
import { statfsSync } from "node:fs";
import type { OutputFile } from "./output-file.ts";

export interface OutputKeeper extends Disposable {
  /** Watches the output of a running process. */
  add(file: OutputFile): void;
  /** The process has ended: trims once more, and counts the output among those that go first when the disk is full. */
  end(file: OutputFile): void;
  /** The output is deleted. */
  remove(file: OutputFile): void;
}

export interface OutputKeeperParts {
  readonly directory: string;
  /** Outputs give way below this much free space. */
  readonly reserveBytes?: number;
  /** After the disk was found full, with how much was given back. */
  readonly onFreed?: (freedBytes: number) => void;
}

interface Watched {
  readonly file: OutputFile;
  size: number;
  checkedAt: number;
  dueAt: number;
}

const shortestMs = 20;
const longestMs = 250;
/** Also how long one that was quiet may print unseen: that much more than its bound may be on disk for a moment. */
const quietMs = 1_000;
const diskCheckMs = 2_000;
/** What a running process keeps of its output when the disk is full. */
const lastResortBytes = 64 * 1024;
/** The output may exceed its bound by an eighth before the front is given back: a system call per eighth, not per check. */
const slackFraction = 1 / 8;

export function createOutputKeeper(parts: OutputKeeperParts): OutputKeeper {
  const { directory, reserveBytes = 32 * 1024 * 1024 } = parts;
  const running = new Map<OutputFile, Watched>();
  const ended = new Set<OutputFile>(); // oldest first
  let timer: NodeJS.Timeout | undefined;
  let diskCheckedAt = 0;

  function schedule(): void {
    clearTimeout(timer);
    timer = undefined;
    if (running.size === 0 && ended.size === 0) return;
    const now = performance.now();
    let dueAt = now + diskCheckMs;
    for (const watched of running.values()) dueAt = Math.min(dueAt, watched.dueAt);
    timer = setTimeout(checkDue, Math.max(shortestMs, dueAt - now)).unref();
  }

  function checkDue(): void {
    const now = performance.now();
    for (const watched of running.values()) if (watched.dueAt <= now + shortestMs) check(watched, now);
    if (now - diskCheckedAt >= diskCheckMs) {
      diskCheckedAt = now;
      if (freeBytes(directory) < reserveBytes) makeSpace();
    }
    schedule();
  }

  /** Ended outputs go first, the oldest of them before the others; then the front of the running ones. */
  function makeSpace(): void {
    const before = freeBytes(directory);
    for (const file of ended) {
      if (freeBytes(directory) >= reserveBytes) break;
      attempt(() => file.keepLast(0));
    }
    for (const { file } of running.values()) {
      if (freeBytes(directory) >= reserveBytes) break;
      attempt(() => file.keepLast(lastResortBytes));
    }
    parts.onFreed?.(Math.max(0, freeBytes(directory) - before));
  }

  return {
    add(file) {
      const now = performance.now();
      running.set(file, { file, size: 0, checkedAt: now, dueAt: now + longestMs });
      if (!timer) schedule();
    },
    end(file) {
      const watched = running.get(file);
      running.delete(file);
      ended.add(file);
      if (watched) check(watched, performance.now());
    },
    remove(file) {
      running.delete(file);
      ended.delete(file);
    },
    [Symbol.dispose]() {
      clearTimeout(timer);
      running.clear();
    },
  };
}

function check(watched: Watched, now: number): void {
  const { file } = watched;
  watched.dueAt = now + longestMs;
  attempt(() => {
    const { size, kept } = file.measure();
    const slack = file.maxBytes * slackFraction;
    if (kept > file.maxBytes) file.keepLast(Math.max(0, file.maxBytes - slack));
    const bytesPerMs = (size - watched.size) / Math.max(1, now - watched.checkedAt);
    const untilFullMs = bytesPerMs > 0 ? slack / bytesPerMs : longestMs;
    const isQuiet = size === watched.size;
    watched.size = size;
    watched.checkedAt = now;
    watched.dueAt = isQuiet
      ? (Math.floor(now / quietMs) + 1) * quietMs
      : now + Math.min(longestMs, Math.max(shortestMs, untilFullMs));
  });
}

function freeBytes(directory: string): number {
  const { bavail, bsize } = statfsSync(directory);
  return bavail * bsize;
}

/** A log that vanished, or a disk that errs, must not stop the care for the others. */
function attempt(act: () => void): void {
  try {
    act();
  } catch {
    // Looked at again in a quarter of a second.
  }
}
