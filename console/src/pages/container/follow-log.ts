/** What a container prints, line by line. Each line has a time, by which a line that broke, or a container that was started again, is read on from where it was. */
import { call } from "../../api/call.ts";
import { CallError } from "../../api/call-error.ts";
import { live } from "../../api/live.ts";
import { openTicketSocket } from "../../api/ticket-socket.ts";
import { fieldsOf, textOf } from "./seen-container.ts";

export interface LogSource {
  readonly id: string;
  readonly hostId: string;
}

export type FollowState = "loading" | "live" | "ended" | "away";

export interface FollowEvents {
  /** @param time RFC 3339 with nanoseconds: sorts as text */
  line(time: string, text: string): void;
  state(state: FollowState): void;
}

const stamped = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z) /;
const retryMs = 1_500;

/** @param tail lines of the past; `all`. Resolves when the container is gone, or the signal is aborted. */
export async function followLog(
  { id, hostId }: LogSource,
  tail: string,
  events: FollowEvents,
  signal: AbortSignal,
): Promise<void> {
  const place = createPlace();
  while (!signal.aborted) {
    try {
      const query = { host: hostId, follow: "1", tail, ...place.since() };
      const socket = await openTicketSocket(`/api/v1/ws/logs/${encodeURIComponent(id)}`, query, signal);
      events.state("live");
      await readLines(socket, (time, text) => {
        if (place.isNew(time)) events.line(time, text);
      });
      await pause(retryMs, signal);
      if (await isRunning({ id, hostId }, signal)) continue;
      events.state("ended");
      await untilChanged(signal);
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof CallError && error.status === 404) return events.state("ended");
      events.state("away");
      await pause(retryMs, signal);
    }
  }
}

function readLines(socket: WebSocket, line: (time: string, text: string) => void): Promise<void> {
  return new Promise((resolve) => {
    socket.onclose = () => resolve();
    socket.onmessage = ({ data }) => {
      const message = String(data);
      const time = stamped.exec(message)?.[1];
      if (time === undefined) line("", message);
      else line(time, message.slice(time.length + 1));
    };
  });
}

async function isRunning({ id, hostId }: LogSource, signal: AbortSignal): Promise<boolean> {
  const whole = await call("GET /api/v1/containers/{id}", { path: { id }, query: { host: hostId } }, { signal });
  return textOf(fieldsOf(fieldsOf(whole).State).Status) === "running";
}

/** Until something has become of any container: perhaps it was this one that was started. */
function untilChanged(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = live.watch(["containers"], resolve);
  signal.addEventListener("abort", () => resolve(), { once: true });
  return promise.finally(end);
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

/** Where the reader is. Lines may share a time: those of the last one that were read already are counted, and come again first. */
function createPlace() {
  let last = "";
  let read = 0;
  let toSkip = 0;
  return {
    since(): { tail?: string; since?: string } {
      toSkip = read;
      return last === "" ? {} : { tail: "all", since: secondsOf(last) };
    },
    isNew(time: string): boolean {
      if (time !== "" && time === last && toSkip > 0) {
        toSkip -= 1;
        return false;
      }
      [read, toSkip] = [time === last ? read + 1 : 1, 0];
      last = time === "" ? last : time;
      return true;
    },
  };
}

/** As the yard takes it: seconds since 1970 with all decimals, of which a number has not enough. */
function secondsOf(time: string): string {
  const [whole = "", decimals = "0"] = time.replace("Z", "").split(".");
  return `${Date.parse(`${whole}Z`) / 1_000}.${decimals}`;
}
