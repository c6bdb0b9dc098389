/** An execution in lists. */
import type { Reply } from "../../api/operations.ts";

export type ExecutionRow = Reply<"GET /yard/v1/executions">["items"][number];
