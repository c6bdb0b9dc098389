/** Structured logs: one JSON object per line, by pino. What looks like a secret is hidden by its field's name, at any depth
 *  that a log line should have. */
import pino, { type DestinationStream, type Logger } from "pino";

export type Log = Logger;

export const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

const hidden = "[hidden]";
const maxDepth = 8;

/** Field names whose value is never written: `authorization`, `set-cookie`, `new_password`, `accessToken`, `X-API-Key`, `process_key`, … */
const secretName =
  /authorization|cookie|passw(?:or)?d|passphrase|secret|token|ticket|credential|api[-_]?key|private[-_]?key|process[-_]?key|totp/i;

export function isSecretName(name: string): boolean {
  return secretName.test(name);
}

/** Writes to standard error unless told otherwise, so that a command's standard output stays its own. */
export function createLog(options: { level: LogLevel; destination?: DestinationStream }): Log {
  return pino(
    {
      level: options.level,
      base: null, // the service manager knows the pid and the host
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }), log: (fields) => hideSecrets(fields, 0) },
      serializers: { err: describeError, error: describeError },
    },
    // Synchronous: a line that was written is not lost with the process, and at level `info` there are few.
    options.destination ?? pino.destination({ fd: 2, sync: true }),
  );
}

function hideSecrets(fields: Record<string, unknown>, depth: number): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields))
    shown[name] = isSecretName(name) ? hidden : hideInside(value, depth + 1);
  return shown;
}

function hideInside(value: unknown, depth: number): unknown {
  if (typeof value !== "object" || value === null || value instanceof Error || value instanceof Date) return value;
  if (depth > maxDepth) return "[too deep]";
  if (Array.isArray(value)) return value.map((item) => hideInside(item, depth + 1));
  return hideSecrets(value as Record<string, unknown>, depth);
}

/** Name, code, message, stack and causes: not whatever else a library hangs on its errors (requests with their headers, rows with their values). */
function describeError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return error;
  return {
    type: error.name,
    code: "code" in error && typeof error.code === "string" ? error.code : undefined,
    message: error.message,
    stack: error.stack,
    cause: error.cause === undefined || depth >= maxDepth ? undefined : describeError(error.cause, depth + 1),
  };
}
