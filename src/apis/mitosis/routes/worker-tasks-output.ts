/** `POST /workers/tasks/{uuid}/output`, an extension: what a task prints while it runs, for who looks at it. */
import { Type } from "typebox";
import type { ApiInstance } from "../../../platform/http/api.ts";
import { workerOf } from "../callers.ts";
import { bodyStatuses, errorReplies } from "../errors.ts";
import type { MitosisParts } from "../parts.ts";
import { Uuid, uuidFromWire, workerSecurity } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";
import { PrintedReply, PrintedRequest } from "../worker-schemas.ts";

export function registerWorkerOutput(
  app: ApiInstance,
  { workers }: Pick<MitosisParts, "workers">,
  { guards }: Toolbox,
): void {
  app.post(
    "/workers/tasks/:uuid/output",
    {
      onRequest: guards.worker(),
      schema: {
        operationId: "sendTaskOutput",
        summary: "Send what a task prints, while somebody looks at it",
        description:
          "Extension. A heartbeat that is held tells of which tasks. The last 64 KiB of each output are kept, until nobody looks any more or the task has ended.",
        tags: ["Workers"],
        security: workerSecurity,
        params: Type.Object({ uuid: Uuid }),
        body: PrintedRequest,
        response: { 200: PrintedReply, ...errorReplies(...bodyStatuses, 401, 503) },
      },
    },
    async (request) => {
      const { stdout, stderr } = request.body;
      const printed = { ...(stdout && { stdout: endOf(stdout) }), ...(stderr && { stderr: endOf(stderr) }) };
      return { watched: await workers.sendOutput(workerOf(request), uuidFromWire(request.params.uuid), printed) };
    },
  );
}

function endOf({ position, bytes }: { readonly position: number; readonly bytes: string }) {
  return { position, bytes: Buffer.from(bytes, "base64") };
}
