/** `GET /yard/v1/tasks/{uuid}/output`: what a task prints while it runs. What it has printed when it has ended is an artifact of it. */
import { Type } from "typebox";
import type { ApiInstance } from "../../../platform/http/api.ts";
import type { OutputEnd } from "../../../tasks/live-outputs.ts";
import { errorReplies } from "../errors.ts";
import { bearer } from "../guard.ts";
import type { ListTools } from "../lists/list-tools.ts";

const position = (output: string) =>
  Type.Integer({
    ...{ minimum: 0, maximum: Number.MAX_SAFE_INTEGER, default: 0 },
    description: `Of the next byte of its ${output}: that of the last reply, and its bytes`,
  });

const End = Type.Object({
  position: Type.Integer({
    description: "Of the first byte: higher than asked for where some are gone, lower where the task has begun anew",
  }),
  bytes: Type.String({ description: "Base64" }),
});

export function registerTaskOutputRoute(app: ApiInstance, { sees, viewerOf, parts: { taskOutputs } }: ListTools): void {
  app.get(
    "/yard/v1/tasks/:uuid/output",
    {
      onRequest: sees("tasks"),
      schema: {
        operationId: "getTaskOutput",
        summary: "Read what a running task prints",
        description:
          "Its worker sends it from the first question on, until nobody has asked for 15 seconds: ask once a second. Of each output the last 64 KiB are there. " +
          "Workers of other coordinators' kind send none, and tasks that do not keep their output have none.",
        tags: ["Tasks"],
        security: bearer,
        params: Type.Object({ uuid: Type.String({ maxLength: 64 }) }),
        querystring: Type.Object({ stdout: position("standard output"), stderr: position("standard error") }),
        response: {
          200: Type.Object(
            {
              isRunning: Type.Boolean({
                description:
                  "Else there is no such task, as far as one sees, none that runs, or none that keeps its output",
              }),
              stdout: End,
              stderr: End,
            },
            { description: "What has not been seen yet" },
          ),
          ...errorReplies(400, 401, 403, 503),
        },
      },
    },
    async (request) => {
      const { uuid } = request.params;
      const { stdout, stderr } = request.query;
      const teams = [...(await viewerOf(request)).teams.values()];
      const ends = await taskOutputs.watch(teams, uuid, { stdout, stderr });
      const none = (at: number) => ({ position: at, bytes: "" });
      if (ends === undefined) return { isRunning: false, stdout: none(stdout), stderr: none(stderr) };
      return { isRunning: true, stdout: toWire(ends.stdout), stderr: toWire(ends.stderr) };
    },
  );
}

function toWire({ position, bytes }: OutputEnd) {
  return { position, bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64") };
}
