/** News from the yard, on one socket for the whole page: that something has changed, upon which pages read again. Where the socket cannot be had (behind
 *  a proxy that passes none, say) they read every few seconds instead. @see docs/yard-api.md, "What changes, as it changes" */
import { noteSeen } from "./line.ts";
import { closeCodes, type LiveSocket, openLiveSocket, type Topic } from "./live-socket.ts";
import { createObservable } from "./observable.ts";
import { proveSession, session } from "./session.ts";

export type { Topic } from "./live-socket.ts";

interface Watcher {
  readonly topics: readonly Topic[];
  readonly changed: () => void;
}

const firstWaitMs = 1_000;
const longestWaitMs = 30_000;
/** How often pages read by themselves while there is no socket. */
const readEveryMs = 5_000;

export const live = createLive();

function createLive() {
  const isUp = createObservable(false);
  /** How often the yard has told that the caller may do more or less than before. */
  const rightsChanges = createObservable(0);
  const watchers = new Set<Watcher>();
  /** What the yard has confirmed: of these nothing is missed. */
  let told = new Set<string>();
  let socket: LiveSocket | undefined;
  let isOpening = false;
  let failures = 0;
  let retry: ReturnType<typeof setTimeout> | undefined;

  function tell(concerns: (topic: Topic) => boolean): void {
    for (const { topics, changed } of [...watchers]) if (topics.some(concerns)) changed();
  }

  function subscribe(): void {
    socket?.subscribe([...new Set([...watchers].flatMap(({ topics }) => topics))]);
  }

  async function connect(): Promise<void> {
    clearTimeout(retry);
    retry = undefined;
    if (socket || isOpening || !session.get() || watchers.size === 0) return;
    isOpening = true;
    try {
      socket = await openLiveSocket({
        seen: noteSeen,
        changed: (changed) => tell((topic) => topic === changed),
        subscribed(topics) {
          const before = told;
          told = new Set(topics);
          failures = 0;
          isUp.set(true);
          tell((topic) => told.has(topic) && !before.has(topic)); // what had changed until now, nobody has said
        },
        closed(code) {
          socket = undefined;
          told = new Set();
          isUp.set(false);
          if (code === closeCodes.rightsChanged) rightsChanges.set(rightsChanges.get() + 1);
          if (code === closeCodes.sessionEnded) void proveSession();
          connectLater();
        },
      });
      subscribe();
    } catch {
      connectLater(); // why is shown where the pages' own calls fail
    } finally {
      isOpening = false;
    }
  }

  /** Each time later than the time before, and the pages of a yard that was restarted not all at once. */
  function connectLater(): void {
    const waitMs = Math.min(longestWaitMs, firstWaitMs * 2 ** failures++) * (0.5 + Math.random() / 2);
    retry ??= setTimeout(() => void connect(), waitMs);
  }

  function connectNow(): void {
    failures = 0;
    if (!document.hidden) void connect();
  }

  setInterval(() => {
    if (!isUp.get() && !document.hidden && session.get()) tell(() => true);
  }, readEveryMs);
  window.addEventListener("online", connectNow);
  document.addEventListener("visibilitychange", connectNow);
  session.subscribe(() => (session.get() ? connectNow() : socket?.close()));

  return {
    ...{ isUp, rightsChanges },
    /** Calls `changed` whenever something of the topics may have. @returns what ends that */
    watch(topics: readonly Topic[], changed: () => void): () => void {
      const watcher = { topics, changed };
      watchers.add(watcher);
      if (socket) subscribe();
      else if (retry === undefined) void connect();
      return () => {
        watchers.delete(watcher);
        subscribe();
      };
    },
  };
}
