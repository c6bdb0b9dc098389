/** Listens to a command: both its outputs as they come, then its end. */
import { Readable } from "node:stream";
import type { Sandbox } from "../../sandboxes/sandbox.ts";
import type { Attendance, Place } from "./attendance.ts";
import type { Attachment, CommandEvent } from "./commands.ts";
import { exitCodeOf } from "./exit-code.ts";
import type { Recognised } from "./recognise.ts";

/** Pieces that wait for the listener, of up to a mebibyte each; the host holds back the rest. */
const mostWaiting = 2;

export interface Listening {
  readonly sandbox: Pick<Sandbox, "forget">;
  readonly attendance: Attendance;
}

/** @param from `start`: its first byte. `now`: where the last listener left off, or else what it prints from now on */
export async function attach(
  { process, command }: Recognised,
  from: "start" | "now",
  { sandbox, attendance }: Listening,
): Promise<Attachment> {
  const isAlone = !attendance.isListenedTo(process.id);
  const leftOff = attendance.join(process.id);
  let place: { output: number; errors: number };
  try {
    place = from === "start" ? { output: 0, errors: 0 } : { ...(leftOff ?? (await placeOf(process, { isAlone }))) };
  } catch (error) {
    attendance.leave(process.id, leftOff);
    throw error;
  }
  const events = merge(process, place);
  let hasEnded = false;
  let isGone = false;

  async function* listen(): AsyncGenerator<CommandEvent, void, undefined> {
    try {
      for await (const event of events as AsyncIterable<CommandEvent>) {
        yield event;
        // When the next one is asked for, this one has been taken.
        if (event.type === "exit") hasEnded = true;
        else place[event.type === "stdout" ? "output" : "errors"] += event.bytes.length;
      }
    } catch (error) {
      if (!isGone) throw error;
    }
  }

  return {
    command,
    [Symbol.asyncIterator]: listen,
    async [Symbol.asyncDispose]() {
      if (isGone) return;
      isGone = true;
      events.destroy();
      const wasLast = attendance.leave(process.id, hasEnded ? undefined : place);
      if (wasLast && hasEnded) await sandbox.forget(process.id).catch(() => {}); // its host forgets it by itself, a little later
    },
  };
}

/** Its end; for the first listener of this yard, where that of an earlier yard was cut off. */
async function placeOf(
  { output, errors, leftOff = {} }: Recognised["process"],
  { isAlone }: { isAlone: boolean },
): Promise<Place> {
  const known = isAlone ? leftOff : {};
  const [outputAt, errorsAt] = await Promise.all([known.output ?? output.size(), known.errors ?? errors?.size() ?? 0]);
  return { output: outputAt, errors: errorsAt };
}

/** One stream of events out of two of bytes. No promise is waited for again and again here: one of an output that stays silent would keep a callback for
 *  each piece of the other. */
function merge(process: Recognised["process"], from: Place): Readable {
  const output = process.output.follow({ position: from.output });
  const errors = process.errors?.follow({ position: from.errors });
  const streams = errors ? [output, errors] : [output];
  let open = streams.length;

  const events = new Readable({
    objectMode: true,
    highWaterMark: mostWaiting,
    read() {
      for (const stream of streams) stream.resume();
    },
    destroy(error, done) {
      for (const stream of streams) stream.destroy();
      done(error);
    },
  });

  function finish(): void {
    process.exited.then(
      (exit) => {
        try {
          events.push({ type: "exit", exitCode: exitCodeOf(exit) } satisfies CommandEvent);
          events.push(null);
        } catch (error) {
          events.destroy(error as Error);
        }
      },
      (error: Error) => events.destroy(error),
    );
  }

  for (const stream of streams) {
    const type = stream === errors ? "stderr" : "stdout";
    stream.on("data", (bytes: Buffer) => {
      if (!events.push({ type, bytes } satisfies CommandEvent)) for (const one of streams) one.pause();
    });
    stream.once("end", () => {
      open -= 1;
      if (open === 0) finish();
    });
    stream.on("error", (error) => events.destroy(error));
  }
  return events;
}
