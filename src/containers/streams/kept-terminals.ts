/** Terminals that wait for whoever has left them to come back: a page that is reloaded, a line that broke. Meanwhile they run on, and the end of what they print
 *  is kept. Positions count the bytes that a terminal has printed, so that who comes back misses none and sees none twice.
 *
 *  They live in this process: who comes back to another yard begins anew, and so does everybody after a restart. */
import { after } from "../../platform/timers.ts";
import type { ContainerTerminal } from "./terminal.ts";

export interface TerminalViewer {
  /** What is printed from now on. The terminal is held back until it resolves. */
  show(bytes: Buffer): Promise<void>;
  /** Somebody else looks at it from now on. */
  replaced(): void;
}

/** Disposing it lets the terminal wait. */
export interface TerminalView extends Disposable {
  /** Of the first byte of `missed`. */
  readonly position: number;
  /** To be shown before anything else. */
  readonly missed: Buffer;
}

export interface KeptTerminal extends Pick<ContainerTerminal, "write" | "resize"> {
  /** In place of whoever looked at it before. @param position the first byte that has not been seen yet */
  view(position: number, viewer: TerminalViewer): TerminalView;
  /** Settles when its command has ended and all that it has printed is shown. @throws {YardError} unavailable */
  readonly ended: Promise<void>;
  end(): Promise<void>;
}

export interface KeptTerminals extends AsyncDisposable {
  find(owner: string, key: string): KeptTerminal | undefined;
  keep(owner: string, key: string, terminal: ContainerTerminal): KeptTerminal;
}

export interface KeptTerminalLimits {
  /** How long one waits, in milliseconds. */
  readonly waitMs: number;
  /** Of its output, at least; the oldest goes first. */
  readonly mostBytes: number;
  /** That wait for one owner; the one that has waited longest ends first. */
  readonly mostWaiting: number;
}

export const usualKeptTerminalLimits: KeptTerminalLimits = { waitMs: 120_000, mostBytes: 128 * 1024, mostWaiting: 10 };

interface Entry {
  readonly owner: string;
  readonly kept: KeptTerminal;
}

export function createKeptTerminals(limits: KeptTerminalLimits = usualKeptTerminalLimits): KeptTerminals {
  const entries = new Map<string, Entry>();
  /** In the order in which they were left. */
  const waiting = new Set<Entry>();
  const nameOf = (owner: string, key: string) => JSON.stringify([owner, key]);

  return {
    find: (owner, key) => entries.get(nameOf(owner, key))?.kept,

    keep(owner, key, terminal) {
      const name = nameOf(owner, key);
      const kept = keepTerminal(terminal, limits, {
        isViewed: () => void waiting.delete(entry),
        isLeft() {
          waiting.add(entry);
          const others = [...waiting].filter((each) => each.owner === owner);
          if (others.length > limits.mostWaiting) void others[0]?.kept.end();
        },
        isOver() {
          waiting.delete(entry);
          if (entries.get(name) === entry) entries.delete(name);
        },
      });
      const entry = { owner, kept };
      entries.set(name, entry);
      return kept;
    },

    async [Symbol.asyncDispose]() {
      await Promise.all([...entries.values()].map(({ kept }) => kept.end()));
    },
  };
}

interface Tidings {
  isViewed(): void;
  isLeft(): void;
  /** There is nothing to come back to. */
  isOver(): void;
}

function keepTerminal(
  terminal: ContainerTerminal,
  { waitMs, mostBytes }: KeptTerminalLimits,
  tell: Tidings,
): KeptTerminal {
  const tail = createTail(mostBytes);
  let viewer: { readonly show: TerminalViewer["show"]; readonly left: Promise<void>; leave(): void } | undefined;
  let wait: Disposable | undefined;
  let isOver = false;

  async function print(): Promise<void> {
    try {
      for await (const bytes of terminal.output) {
        tail.push(bytes);
        await Promise.race([viewer?.show(bytes), viewer?.left]);
      }
    } finally {
      await release(); // what it has printed last is there for who comes back
    }
  }

  async function release(): Promise<void> {
    isOver = true;
    await terminal[Symbol.asyncDispose]().catch(() => {}); // its engine is away, and so is the terminal
  }

  function end(): Promise<void> {
    wait?.[Symbol.dispose]();
    tell.isOver();
    return release();
  }

  const ended = print();
  ended.catch(() => {}); // who looks at it hears of it
  return {
    ended,
    end,
    write: terminal.write,
    resize: terminal.resize,
    view(position, { show, replaced }) {
      viewer?.leave();
      wait?.[Symbol.dispose]();
      tell.isViewed();
      const { promise: left, resolve } = Promise.withResolvers<void>();
      const own = {
        ...{ show, left },
        leave() {
          resolve();
          replaced();
        },
      };
      viewer = own;
      return {
        ...tail.from(position),
        [Symbol.dispose]() {
          resolve();
          if (viewer !== own) return;
          viewer = undefined;
          if (isOver) return tell.isOver();
          wait = after(waitMs, () => void end());
          tell.isLeft();
        },
      };
    },
  };
}

/** The last bytes that were printed. */
function createTail(mostBytes: number) {
  const pieces: Buffer[] = [];
  let first = 0;
  let next = 0;
  return {
    push(bytes: Buffer): void {
      pieces.push(bytes);
      next += bytes.length;
      for (let [oldest] = pieces; oldest && next - first - oldest.length >= mostBytes; [oldest] = pieces) {
        first += oldest.length;
        pieces.shift();
      }
    },
    /** A position beyond the end is of another terminal: then it is all. */
    from(position: number): { position: number; missed: Buffer } {
      const start = position > next ? first : Math.max(position, first);
      return { position: start, missed: Buffer.concat(pieces).subarray(start - first) };
    },
  };
}
