/** `ws/exec`: a command on a terminal. Bytes are what is typed and what is shown; text is control. */
import { Type } from "typebox";
import type { KeptTerminals } from "../../../containers/streams/kept-terminals.ts";
import { type ContainerTerminal, prepareTerminal } from "../../../containers/streams/terminal.ts";
import { principalOf } from "../../../identity/admission.ts";
import type { Trail } from "../../../identity/trail.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import type { SocketChannel } from "../../../platform/http/socket-channel.ts";
import { splitShellWords } from "../../../platform/shell-words.ts";
import { basePath } from "../schemas.ts";
import { passInput } from "./exec-input.ts";
import type { HoldOptions } from "./hold.ts";
import { slotOf, talkToKept } from "./kept-exec.ts";
import {
  aboutSocket,
  ContainerPath,
  ContainerQuery,
  type SocketTools,
  socketReplies,
  tellAsJson,
} from "./socket-routes.ts";

const ExecQuery = Type.Object({
  ...ContainerQuery.properties,
  cmd: Type.Optional(Type.String({ description: "A command line, `/bin/sh` if absent: no shell reads it" })),
  keep: Type.Optional(
    Type.String({
      pattern: "^[A-Za-z0-9_-]{16,64}$",
      description: "A name of one's own, that nobody guesses: whoever leaves can come back to the terminal by it",
    }),
  ),
  position: Type.Optional(
    Type.Integer({ minimum: 0, description: "With `keep`: how many of its bytes have been seen already" }),
  ),
});

export function registerExecSocket(
  app: ApiInstance,
  { guard, hold, engineOf }: SocketTools,
  trail: Trail,
  keptTerminals: KeptTerminals,
): void {
  app.get(
    `${basePath}/ws/exec/:id`,
    {
      onRequest: guard("container.exec"),
      schema: {
        ...aboutSocket,
        operationId: "ws.exec",
        summary: "Use a terminal in a container, over a WebSocket",
        description:
          'Binary messages are what is typed, and what is shown. Messages of text to the server are `{"type":"resize","cols":…,"rows":…}`. The command ends ' +
          "when the client leaves; the WebSocket is closed (1000) when the command ends. With `keep` it waits for two minutes instead, unless the client has " +
          'sent `{"type":"hangup"}`; the first message is then `{"type":"kept","isNew":…,"position":…,"missed":…}`: how many bytes follow that were printed ' +
          "before, and where they begin.",
        params: ContainerPath,
        querystring: ExecQuery,
        response: socketReplies,
      },
    },
    async (request, reply) => {
      const { params, query } = request;
      const engine = engineOf(request, query);
      const argv = argvOf(query.cmd);
      const record = (details: Readonly<Record<string, unknown>>) =>
        trail.recordSoon(request, principalOf(request), {
          ...{ action: "container.exec", target: params.id, outcome: "done" },
          details: { ...details, host: query.host ?? "local" },
        });
      const options: HoldOptions = { permission: "container.exec", tell: tellAsJson };
      const slot = slotOf(keptTerminals, request, params.id, query);
      const waiting = slot?.find();
      if (waiting) {
        return hold(request, reply, options, async (channel, gone) => {
          record({ resumed: true });
          await talkToKept(channel, gone, waiting, { isNew: false, position: query.position });
        });
      }
      const prepared = await prepareTerminal(engine, params.id, { argv });
      await hold(request, reply, options, async (channel, gone) => {
        const starting = prepared.start();
        record({ command: argv.join(" ") }); // while the engine is at work; should the command not start, somebody has tried to
        if (slot) return talkToKept(channel, gone, slot.keep(await starting), { isNew: true });
        await using terminal = await starting;
        await talkToTerminal(channel, gone, terminal);
      });
    },
  );
}

/** @throws {YardError} invalid (`cmd`) */
function argvOf(command: string | undefined): readonly string[] {
  const argv = splitShellWords(command ?? "");
  return argv.length > 0 ? argv : ["/bin/sh"];
}

/** Returns when the command has ended and all it has shown is on its way, or nobody is there any more: then it is ended. */
async function talkToTerminal(channel: SocketChannel, gone: AbortSignal, terminal: ContainerTerminal): Promise<void> {
  const leave = () => void terminal[Symbol.asyncDispose]().catch(() => {}); // whoever opened it hears of that, too
  gone.addEventListener("abort", leave, { once: true });
  if (gone.aborted) leave();
  void passInput(channel, gone, terminal);
  try {
    for await (const bytes of terminal.output) await channel.send(bytes);
  } catch (error) {
    if (!gone.aborted) throw error;
  }
}
