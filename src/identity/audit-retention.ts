/** How long entries of the audit log are kept, and what becomes of older ones. Looked after about every hour by one of the yards. */
import { join } from "node:path";
import { type Static, Type } from "typebox";
import { Value } from "typebox/value";
import type { Clock } from "../platform/clock.ts";
import type { Database } from "../platform/db/database.ts";
import { createStoredSettings } from "../platform/db/stored-settings.ts";
import { YardError } from "../platform/errors.ts";
import type { Log } from "../platform/log.ts";
import { every } from "../platform/timers.ts";
import { createPruning, type PruneResult } from "./audit-prune.ts";
import type { AuditEntry } from "./identity.ts";

/** `archive`: what is older is put into a file first. */
export const retentionModes = ["forever", "days", "archive"] as const;

const Stored = Type.Object({
  mode: Type.Enum([...retentionModes]),
  days: Type.Optional(Type.Integer()),
  directory: Type.Optional(Type.String()),
});
export type RetentionRules = Readonly<Static<typeof Stored>>;

export interface RetentionPreview {
  readonly rules: RetentionRules;
  /** Milliseconds since 1970; absent: nothing is ever too old. */
  readonly cutoff?: number;
  readonly wouldPrune: number;
}

export interface RetentionRun extends PruneResult {
  readonly rules: RetentionRules;
  readonly cutoff?: number;
  readonly durationMs: number;
}

export interface AuditRetention extends AsyncDisposable {
  preview(): Promise<RetentionPreview>;
  /** Replaces all of it; nothing is pruned yet. @throws {YardError} invalid (`days`, `directory`) */
  set(rules: RetentionRules): Promise<RetentionPreview>;
  /** Prunes now. @throws {YardError} conflict, where the log does not hold; out_of_space */
  run(actor: AuditEntry["actor"]): Promise<RetentionRun>;
}

export interface AuditRetentionParts {
  readonly database: Database;
  /** Archives are here, or in directories below. */
  readonly directory: string;
  readonly clock: Clock;
  readonly log: Pick<Log, "info" | "error">;
  readonly intervalMs?: number;
}

const key = "audit.retention";
const turnKey = "audit.retention.turn";
const hourMs = 3_600_000;
const mostDays = 36_500;
const mostCharacters = 200;
const segment = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,99}$/;
const nobody = { id: null, name: "retention" };

export function openAuditRetention(parts: AuditRetentionParts): AuditRetention {
  const { database, directory, clock, log, intervalMs = hourMs } = parts;
  const settings = createStoredSettings({ database, clock });
  const pruning = createPruning({ database, clock });

  async function rules(): Promise<RetentionRules> {
    const stored = await settings.read(key);
    return stored === undefined ? { mode: "forever" } : Value.Parse(Stored, stored);
  }

  async function preview(): Promise<RetentionPreview> {
    const now = await rules();
    const cutoff = cutoffOf(now, clock);
    if (cutoff === undefined) return { rules: now, wouldPrune: 0 };
    return { rules: now, cutoff, wouldPrune: await pruning.preview(cutoff) };
  }

  async function run(actor: AuditEntry["actor"]): Promise<RetentionRun> {
    const begun = clock.monotonic();
    const now = await rules();
    const cutoff = cutoffOf(now, clock);
    if (cutoff === undefined) return { rules: now, pruned: 0, durationMs: 0 };
    const archiveIn = now.mode === "archive" ? join(directory, now.directory ?? "") : undefined;
    const result = await pruning.prune({ before: cutoff, archiveIn, actor });
    return { ...result, rules: now, cutoff, durationMs: Math.round(clock.monotonic() - begun) };
  }

  /** @returns whether it is this yard's: no other has had one of late */
  async function takeTurn(): Promise<boolean> {
    let isOurs = false;
    await settings.change(turnKey, (before) => {
      const now = clock.now();
      // One from the future is of a clock that was wrong.
      isOurs = typeof before !== "number" || before > now || now - before >= intervalMs / 2;
      return isOurs ? now : before;
    });
    return isOurs;
  }

  const timer = every(intervalMs, async () => {
    try {
      if ((await rules()).mode === "forever" || !(await takeTurn())) return;
      const { pruned, archive } = await run(nobody);
      if (pruned > 0) log.info({ pruned, archive: archive?.path }, "old entries of the audit log were pruned");
    } catch (error) {
      log.error({ err: error }, "the audit log could not be pruned; it is tried again later");
    }
  });

  return {
    preview,
    run,
    async set(wanted) {
      requireSound(wanted);
      await settings.change(key, () => wanted);
      return preview();
    },
    [Symbol.asyncDispose]: () => timer[Symbol.asyncDispose](),
  };
}

function cutoffOf({ mode, days }: RetentionRules, clock: Clock): number | undefined {
  return mode === "forever" || days === undefined ? undefined : clock.now() - days * 24 * hourMs;
}

/** @throws {YardError} invalid */
function requireSound({ mode, days, directory }: RetentionRules): void {
  if (mode !== "forever" && (days === undefined || !Number.isInteger(days) || days < 1 || days > mostDays))
    throw new YardError("invalid", `is needed, from 1 to ${mostDays}: entries that are older are pruned`, {
      field: "days",
    });
  // Whoever may set this may not write wherever the yard may.
  const isBelow = directory === undefined || directory.split("/").every((part) => segment.test(part));
  if (!isBelow || (directory?.length ?? 0) > mostCharacters)
    throw new YardError("invalid", "is a directory below the one for archives, such as 2026/audit", {
      field: "directory",
    });
}
