/** `ws/command`: a command in a container, with its outputs apart, an input that ends, and its exit code: what `ws/exec`, which always is a terminal, has no
 *  words for. */
import { type Static, Type } from "typebox";
import { Compile } from "typebox/compile";
import { type Printed, readApart } from "../../../containers/streams/apart.ts";
import { requireMayBe } from "../../../containers/streams/exec-user.ts";
import { type ContainerTerminal, prepareTerminal } from "../../../containers/streams/terminal.ts";
import { principalOf } from "../../../identity/admission.ts";
import type { Trail } from "../../../identity/trail.ts";
import { YardError } from "../../../platform/errors.ts";
import type { ApiInstance } from "../../../platform/http/api.ts";
import type { SocketChannel } from "../../../platform/http/socket-channel.ts";
import { splitShellWords } from "../../../platform/shell-words.ts";
import { basePath, Flag, isSet } from "../schemas.ts";
import { callerOf } from "../stack-caller.ts";
import { VariablesHeader, variablesIn } from "./exec-variables.ts";
import {
  aboutSocket,
  ContainerPath,
  ContainerQuery,
  type SocketTools,
  socketReplies,
  tellAsJson,
} from "./socket-routes.ts";
import { readResize } from "./words.ts";

const CommandQuery = Type.Object({
  ...ContainerQuery.properties,
  cmd: Type.String({ minLength: 1, description: "A command line; no shell reads it" }),
  tty: Flag,
  stdin: Flag,
  cwd: Type.Optional(
    Type.String({ pattern: "^/[^\\0]*$", description: "Where it runs; where the container does, if absent" }),
  ),
  user: Type.Optional(
    Type.String({
      pattern: "^[A-Za-z0-9_][A-Za-z0-9_.:-]*$",
      maxLength: 100,
      description:
        "A name or number, and perhaps a group: `www-data`, `1000:1000`. In a container that does not run as root, another user takes `containers.host-access`",
    }),
  ),
});

/** The first byte of each binary message to the client. */
const streamNumber = { stdout: 1, stderr: 2 } as const satisfies Record<Printed["to"], number>;
const end = Compile(Type.Object({ type: Type.Literal("end") }));

export function registerCommandSocket(app: ApiInstance, { guard, hold, engineOf }: SocketTools, trail: Trail): void {
  app.get(
    `${basePath}/ws/command/:id`,
    {
      onRequest: guard("container.exec"),
      schema: {
        ...aboutSocket,
        operationId: "ws.command",
        summary: "Run a command in a container, over a WebSocket",
        description:
          "Binary messages to the client begin with the number of the stream, 1 for standard output and 2 for standard error; those to the server are the " +
          'command\'s input (`stdin`), which `{"type":"end"}` ends. On a terminal (`tty`) all is standard output, and `{"type":"resize","cols":…,"rows":…}` is ' +
          'heeded. The last message is `{"type":"exit","code":…}`, or `{"error":…}`. The command ends when the client leaves.',
        params: ContainerPath,
        querystring: CommandQuery,
        headers: VariablesHeader,
        response: socketReplies,
      },
    },
    async (request, reply) => {
      const { params, query } = request;
      const wanted = { ...wantedBy(query), variables: variablesIn(request.headers) };
      const engine = engineOf(request, query);
      if (wanted.user !== undefined) await requireMayBe(engine, params.id, wanted.user, callerOf(request));
      const prepared = await prepareTerminal(engine, params.id, wanted);
      trail.recordSoon(request, principalOf(request), {
        ...{ action: "container.exec", target: params.id, outcome: "done" },
        details: {
          ...{ command: wanted.argv.join(" "), host: query.host ?? "local" },
          ...(wanted.user !== undefined && { user: wanted.user }),
        },
      });
      await hold(request, reply, { permission: "container.exec", tell: tellAsJson }, async (channel, gone) => {
        await using command = await prepared.start();
        await talk(channel, gone, command, wanted);
      });
    },
  );
}

/** @throws {YardError} invalid (`cmd`) */
function wantedBy({ cmd, tty, stdin, cwd: directory, user }: Static<typeof CommandQuery>) {
  const argv = splitShellWords(cmd);
  if (argv.length === 0) throw new YardError("invalid", "names no program", { field: "cmd" });
  return {
    ...{ argv, isTerminal: isSet(tty), hasInput: isSet(stdin) },
    ...(directory !== undefined && { directory }),
    ...(user !== undefined && { user }),
  };
}

async function talk(
  channel: SocketChannel,
  gone: AbortSignal,
  command: ContainerTerminal,
  { isTerminal }: { readonly isTerminal: boolean },
): Promise<void> {
  const leave = () => void command[Symbol.asyncDispose]().catch(() => {}); // whoever opened it hears of that, too
  gone.addEventListener("abort", leave, { once: true });
  if (gone.aborted) leave();
  void passInput(channel, gone, command);
  try {
    if (isTerminal) for await (const bytes of command.output) await channel.send(marked("stdout", bytes));
    else for await (const { to, bytes } of readApart(command.output)) await channel.send(marked(to, bytes));
    if (!gone.aborted) await channel.send(JSON.stringify({ type: "exit", code: await command.exitCode() }));
  } catch (error) {
    if (!gone.aborted) throw error;
  }
}

function marked(to: Printed["to"], bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.of(streamNumber[to]), bytes]);
}

/** In order, and no faster than the command takes it. */
async function passInput(channel: SocketChannel, gone: AbortSignal, command: ContainerTerminal): Promise<void> {
  for await (const message of channel) {
    if (gone.aborted) continue;
    if (typeof message !== "string") await command.write(message);
    else if (endsInput(message)) command.endInput();
    else {
      const size = readResize(message);
      if (size) await command.resize(size).catch(() => {}); // it may have ended meanwhile, which the last message tells
    }
  }
}

function endsInput(message: string): boolean {
  try {
    return end.Check(JSON.parse(message));
  } catch {
    return false;
  }
}
