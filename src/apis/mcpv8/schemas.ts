/** The shapes of mcp-v8's wire protocol. */
import { type TSchema, Type } from "typebox";

const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
const maybe = <T extends TSchema>(schema: T) => Type.Optional(nullable(schema));
const size = (description: string) => Type.Integer({ minimum: 0, description });

export const security: Record<string, string[]>[] = [{}, { Bearer: [] }];

export const ExecRequest = Type.Object(
  {
    code: Type.String({ description: "JavaScript or TypeScript, a module" }),
    heap: maybe(Type.String({ description: "The saved memory to resume; none that is known: a fresh start" })),
    fs: maybe(Type.String({ description: "The files to mount: a label, or the id of a snapshot" })),
    session: maybe(Type.String({ description: "Without `heap`, resume what this session's last run left" })),
    heap_memory_max_mb: maybe(size("Memory for the script, in MiB, within what the server grants")),
    execution_timeout_secs: maybe(size("Time for the script, in seconds, from 1 to 300")),
    tags: maybe(
      Type.Unsafe<Record<string, string>>({
        type: "object",
        additionalProperties: { type: "string" },
        description: "To find the memory by that the script leaves",
      }),
    ),
  },
  { description: "A script to run. With a Content-Type that is not JSON the body is the script itself" },
);

/** What goes with a script whose source is the whole body. */
export const RawQuery = Type.Object({
  heap: Type.Optional(Type.String({ description: "As in the JSON body, which is not looked at beside it" })),
  fs: Type.Optional(Type.String()),
  session: Type.Optional(Type.String()),
  heap_memory_max_mb: Type.Optional(Type.Integer({ minimum: 0 })),
  execution_timeout_secs: Type.Optional(Type.Integer({ minimum: 0 })),
});

export const ExecAccepted = Type.Object(
  { execution_id: Type.String({ description: "A UUID" }) },
  { description: "It is saved, and runs from now on by itself" },
);

const summary = {
  execution_id: Type.String(),
  status: Type.Enum(["running", "completed", "failed", "cancelled", "timed_out"]),
  started_at: Type.String({ description: "When it was submitted: RFC 3339 with an offset" }),
  completed_at: nullable(Type.String({ description: "When it ended; null until then" })),
};

export const ExecutionList = Type.Object(
  { executions: Type.Array(Type.Object(summary)) },
  { description: "The newest first" },
);

export const ExecutionInfo = Type.Object(
  {
    ...summary,
    result: nullable(
      Type.String({
        description: "JSON of the final value of a completed one; empty if it has none that JSON can express",
      }),
    ),
    result_lost: Type.Array(Type.String(), {
      description: "What of the final value JSON cannot express, each as path and kind",
    }),
    heap: nullable(Type.String({ description: "The memory that a completed one has left" })),
    fs: nullable(Type.String({ description: "The snapshot of its mounted files" })),
    error: nullable(Type.String({ description: "Why it did not complete" })),
  },
  { description: "The execution as it is now" },
);

export const ExecutionParams = Type.Object({ id: Type.String({ description: "The execution's id" }) });

export const OutputQuery = Type.Object({
  line_offset: Type.Optional(size("The first line, counted from 0")),
  line_limit: Type.Optional(size("Lines at most; without it 100")),
  byte_offset: Type.Optional(size("The first byte, counted from 0; the page is then one of bytes, not of lines")),
  byte_limit: Type.Optional(size("Bytes at most; without it 4096")),
});

export const ExecutionOutput = Type.Object(
  {
    execution_id: Type.String(),
    data: Type.String({ description: "A page of lines comes without its last line feed" }),
    start_line: size("The first line of the page"),
    end_line: size("The first line behind the page"),
    next_line_offset: size("Read on there"),
    total_lines: size("Lines that are complete"),
    start_byte: size("The first byte of the page"),
    end_byte: size("The first byte behind the page"),
    next_byte_offset: size("Read on there"),
    total_bytes: size("All that was printed so far"),
    has_more: Type.Boolean({ description: "Of what was printed so far" }),
    status: summary.status,
  },
  { description: "A page of what was printed" },
);

export const CancelResult = Type.Object(
  { ok: Type.Boolean(), error: maybe(Type.String()) },
  { description: "Whether it was ended by this request" },
);
