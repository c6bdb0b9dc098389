/** Commands in a capsule: waited for, or left in the background. */
import { type Static, Type } from "typebox";
import type { Inside } from "../../../capsules/capsule.ts";
import type { CommandSpec } from "../../../capsules/commands/commands.ts";
import type { ApiInstance, ApiReply } from "../../../platform/http/api.ts";
import { commandErrors, commandFromWire, commandProperties, ExecReply, finishedToWire } from "../command-words.ts";
import { bodyStatuses, errorReplies } from "../errors.ts";
import { principalOf } from "../guards.ts";
import { enterFirst, insideOf, insideStatuses } from "../inside.ts";
import type { CapsuleParts } from "../parts.ts";
import { createReplyRoom, type ReplyRoom } from "../reply-room.ts";
import { IdPath, Int32, maybe, teamSecurity } from "../schemas.ts";
import type { Toolbox } from "../toolbox.ts";

const defaultTimeoutSeconds = 30;
const longestTag = 256;
/** Of outputs that are answered at a time, by all capsules together. */
const mostHeldBytes = 128 * 1024 * 1024;

const ExecBody = Type.Object({
  cmd: Type.String({ minLength: 1, description: "Looked up on the PATH; no shell" }),
  ...commandProperties,
  timeout_sec: maybe(
    Int32({ default: defaultTimeoutSeconds, description: "Then it is killed; not in the background. 0 or less: 30" }),
  ),
  background: maybe(Type.Boolean({ default: false, description: "Answer as soon as it has started" })),
  tag: maybe(Type.String({ maxLength: longestTag, description: "In the background: what to find it by" })),
});

const BackgroundReply = Type.Object(
  { sandbox_id: Type.String(), cmd: Type.String(), pid: Type.Integer(), tag: Type.String() },
  { description: "It has started" },
);

export function registerExecRoutes(app: ApiInstance, { capsules }: CapsuleParts, { guards, trail }: Toolbox): void {
  const room = createReplyRoom(mostHeldBytes);
  app.post(
    "/v1/capsules/:id/exec",
    {
      onRequest: enterFirst(guards.team("capsules.run"), capsules),
      schema: {
        operationId: "execCommand",
        summary: "Run a command and wait for its end, or start one in the background",
        description:
          "One that is waited for is killed when its time has passed (502), not when the client leaves. Of each output 16 MiB are answered; " +
          "more is 413: stream it, or have it written to a file.",
        tags: ["Commands"],
        security: teamSecurity,
        params: IdPath,
        body: ExecBody,
        response: { 200: ExecReply, 202: BackgroundReply, ...errorReplies(...bodyStatuses, ...insideStatuses) },
      },
    },
    async (request, reply) => {
      const { body, params } = request;
      const inside = insideOf(request);
      const about = { sandbox_id: params.id, cmd: body.cmd };
      const command = commandFromWire(body.cmd, body, inside);
      const details = { command: body.cmd, background: body.background ?? false };
      trail.recordSoon(request, principalOf(request), {
        ...{ action: "capsule.exec", target: params.id, outcome: "done", details },
      });
      if (!body.background) return { ...about, ...(await wait(inside, command, { body, reply, room })) };
      const { pid, tag = "" } = await inside.commands
        .start(command, { tag: body.tag || undefined })
        .catch(commandErrors);
      return reply.code(202).send({ ...about, pid, tag });
    },
  );
}

interface Waiting {
  readonly body: Static<typeof ExecBody>;
  readonly reply: ApiReply;
  readonly room: ReplyRoom;
}

async function wait({ commands }: Inside, command: CommandSpec, { body, reply, room }: Waiting) {
  const seconds = body.timeout_sec && body.timeout_sec > 0 ? body.timeout_sec : defaultTimeoutSeconds;
  const held = new DisposableStack();
  const admit = async (bytes: number) => {
    const one = await room.take(bytes);
    if (held.disposed)
      one[Symbol.dispose](); // it was given up meanwhile
    else held.use(one);
  };
  try {
    return finishedToWire(await commands.run(command, { timeoutMs: seconds * 1_000, admit }).catch(commandErrors));
  } finally {
    if (reply.raw.closed) held.dispose();
    else reply.raw.once("close", () => held.dispose()); // sent, or nobody is there any more
  }
}
