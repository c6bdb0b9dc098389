/** Between mcp-v8's words and the domain's. */
import type { Static } from "typebox";
import type { Execution, ExecutionSummary } from "../../scripts/execution.ts";
import type { OutputPage, PageRequest } from "../../scripts/output-pages.ts";
import type { Submission } from "../../scripts/scripts.ts";
import type { ExecRequest, OutputQuery } from "./schemas.ts";

export function submissionFromWire(request: Static<typeof ExecRequest>): Submission {
  const seconds = request.execution_timeout_secs;
  return {
    source: request.code,
    heap: request.heap || undefined, // an empty one is none
    fs: request.fs || undefined,
    session: request.session || undefined,
    tags: request.tags ?? undefined,
    memoryMb: request.heap_memory_max_mb ?? undefined,
    timeoutMs: seconds == null ? undefined : seconds * 1_000,
  };
}

export function summaryToWire({ id, status, createdAt, endedAt }: ExecutionSummary) {
  return {
    execution_id: id,
    status,
    started_at: timeToWire(createdAt),
    completed_at: endedAt === null ? null : timeToWire(endedAt),
  };
}

export function executionToWire(execution: Execution) {
  const isCompleted = execution.status === "completed";
  return {
    ...summaryToWire(execution),
    result: isCompleted ? (execution.result ?? "") : null,
    result_lost: [...execution.lost],
    heap: execution.heapOut,
    fs: execution.fsOut,
    error: execution.error,
  };
}

const usualLines = 100;
const usualBytes = 4_096;

export function pageRequestFromWire(query: Static<typeof OutputQuery>): PageRequest {
  if (query.byte_offset !== undefined)
    return { unit: "bytes", offset: query.byte_offset, limit: query.byte_limit ?? usualBytes };
  return { unit: "lines", offset: query.line_offset ?? 0, limit: query.line_limit ?? usualLines };
}

export function outputToWire(id: string, page: OutputPage & Pick<Execution, "status">) {
  return {
    execution_id: id,
    data: page.text,
    start_line: page.startLine,
    end_line: page.endLine,
    next_line_offset: page.endLine,
    total_lines: page.totalLines,
    start_byte: page.startByte,
    end_byte: page.endByte,
    next_byte_offset: page.endByte,
    total_bytes: page.totalBytes,
    has_more: page.hasMore,
    status: page.status,
  };
}

/** RFC 3339 with a numeric offset, as clients know it. */
function timeToWire(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "+00:00");
}
