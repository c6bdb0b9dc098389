/** Who listens to what: each source is open as long as anybody listens to it and a little longer, once for all of them. */
import { after, every } from "../../../platform/timers.ts";
import type { Viewer } from "../access.ts";
import type { ConsoleParts } from "../console-parts.ts";
import { fleetSources } from "./fleet-sources.ts";
import { rowSources } from "./row-sources.ts";
import { type Changes, type Sources, type Topic, type TopicChange, topics } from "./topics.ts";

/** `lost`: all of it has to be read again. */
export type Told = readonly TopicChange[] | "lost";

export interface LiveHub extends AsyncDisposable {
  /** Tells of the rows of a topic that the viewer sees, until it is disposed of. */
  listen(topic: Topic, viewer: Viewer, tell: (told: Told) => void): Disposable;
}

interface Listener {
  readonly viewer: Viewer;
  tell(told: Told): void;
}

interface OpenTopic {
  readonly listeners: Set<Listener>;
  readonly source: Disposable;
  /** While nobody listens. */
  closing?: Disposable;
}

/** Opening a source takes a look at all its rows: whoever goes from page to page, or subscribes and thinks better of it a thousand times a second, has it done once. */
const usualLingerMs = 10_000;

export type HubParts = Parameters<typeof rowSources>[0] &
  Parameters<typeof fleetSources>[0] &
  Pick<ConsoleParts, "bus" | "rereadMs">;

export function openLiveHub(parts: HubParts, times?: HubTimes): LiveHub {
  return openHub({ ...rowSources(parts), ...fleetSources(parts) }, parts, times);
}

export interface HubTimes {
  /** How long a source stays open that nobody listens to any more, in milliseconds. */
  readonly lingerMs?: number;
}

export function openHub(
  sources: Sources,
  { bus, rereadMs }: Pick<ConsoleParts, "rereadMs"> & { readonly bus: Pick<ConsoleParts["bus"], "onResync"> },
  { lingerMs = usualLingerMs }: HubTimes = {},
): LiveHub {
  const open = new Map<Topic, OpenTopic>();
  const opened = new AsyncDisposableStack();

  function pass(topic: Topic, changes: Changes): void {
    for (const { viewer, tell } of open.get(topic)?.listeners ?? []) {
      if (changes === "lost") {
        tell("lost");
        continue;
      }
      const seen = changes.filter(({ isFor }) => isFor(viewer)).map(({ change }) => change);
      if (seen.length > 0) tell(seen);
    }
  }

  function openTopic(topic: Topic): OpenTopic {
    const made = { listeners: new Set<Listener>(), source: sources[topic]((changes) => pass(topic, changes)) };
    open.set(topic, made);
    return made;
  }

  function closeTopic(topic: Topic): void {
    open.get(topic)?.source[Symbol.dispose]();
    open.delete(topic);
  }

  const resetAll = () => {
    for (const topic of topics) pass(topic, "lost");
  };
  opened.use(bus.onResync(resetAll));
  if (rereadMs !== undefined) opened.use(every(rereadMs, async () => resetAll()));

  return {
    listen(topic, viewer, tell) {
      const one = open.get(topic) ?? openTopic(topic);
      one.closing?.[Symbol.dispose]();
      const listener = { viewer, tell };
      one.listeners.add(listener);
      return {
        [Symbol.dispose]() {
          if (!one.listeners.delete(listener) || one.listeners.size > 0 || open.get(topic) !== one) return;
          one.closing = after(lingerMs, () => closeTopic(topic));
        },
      };
    },
    async [Symbol.asyncDispose]() {
      for (const [topic, { closing }] of open) {
        closing?.[Symbol.dispose]();
        closeTopic(topic);
      }
      await opened.disposeAsync();
    },
  };
}
