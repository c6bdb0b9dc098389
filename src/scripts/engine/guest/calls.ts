/** Calls to the host, as promises. Whether one is granted is decided outside, each time. */
import type { BeginOptions, GuestHost } from "./guest-host.ts";

export interface Answer {
  readonly value: unknown;
  readonly content: Uint8Array;
}

export interface GuestCalls {
  begin(options: BeginOptions): void;
  settle(id: number, ok: boolean, value: string, content?: Uint8Array): void;
  call(name: string, args: unknown, content?: Uint8Array): Promise<Answer>;
}

export function createCalls({ call }: GuestHost): GuestCalls {
  const { parse, stringify } = JSON;
  const pending = new Map<number, PromiseWithResolvers<Answer>>();
  let lastId = 0;
  let maxCalls = 0;
  return {
    begin(options) {
      maxCalls = options.maxCalls;
      pending.clear(); // of an execution that is over: nobody will answer
    },
    async call(name, args, content) {
      if (pending.size >= maxCalls)
        throw new RangeError(`Too many pending operations: at most ${maxCalls} may be under way at once.`);
      const id = ++lastId;
      const answer = Promise.withResolvers<Answer>();
      pending.set(id, answer);
      call(id, name, stringify(args), content);
      return answer.promise;
    },
    settle(id, ok, value, content = new Uint8Array()) {
      const waiting = pending.get(id);
      pending.delete(id);
      const parsed = parse(value);
      if (ok) waiting?.resolve({ value: parsed, content });
      else {
        const error = new Error(parsed.message);
        if (parsed.code !== undefined) Object.assign(error, { code: parsed.code });
        waiting?.reject(error);
      }
    },
  };
}
