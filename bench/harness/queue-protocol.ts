/** What a queue under measurement is told over Node's message channel, one request at a time; see queue-process.ts and queue-program.ts for the two ends. */
export type QueueRequest =
  | { readonly do: "open"; readonly url: string; readonly token?: string }
  /** So many tasks wait from then on. */
  | { readonly do: "fill"; readonly count: number }
  /** So many are taken and ended, in a way that the program knows by name. */
  | { readonly do: "drain"; readonly count: number; readonly mode: string }
  /** One at a time: submitted, and started in a worker that waits. */
  | { readonly do: "start"; readonly count: number };

export interface QueueReply {
  /** Of a drain. */
  readonly seconds?: number;
  /** Milliseconds of each start. */
  readonly times?: readonly number[];
  readonly error?: string;
}
