/** The logs of one container, or of several together, in the order of their times. */
import { useEffect, useState } from "react";
import { Button } from "../../components/button.tsx";
import { Empty } from "../../components/empty.tsx";
import { createLogStore, type LogStore } from "../../components/log/log-store.ts";
import { LogView } from "../../components/log/log-view.tsx";
import { Status } from "../../components/status.tsx";
import { type FollowState, followLog, type LogSource } from "./follow-log.ts";

export interface LabelledSource extends LogSource {
  /** Before each of its lines, where there are several. */
  readonly label?: string;
}

const shown = {
  loading: <Status tone="calm">loading</Status>,
  live: <Status tone="good">live</Status>,
  ended: <Status tone="calm">ended</Status>,
  away: <Status tone="warn">connection lost</Status>,
} as const satisfies Record<FollowState, unknown>;

const usualTail = "2000";

export function ContainerLogs({ name, sources }: { name: string; sources: readonly LabelledSource[] }) {
  const [tail, setTail] = useState(usualTail);
  const { store, state } = useLogs(sources, tail);
  return (
    <LogView
      name={name}
      store={store}
      state={
        <>
          {shown[state]}
          {tail !== "all" && <Button onClick={() => setTail("all")}>From the beginning</Button>}
        </>
      }
      empty={
        state === "loading" ? undefined : (
          <Empty title="Nothing was printed yet">What it prints will be here as it comes.</Empty>
        )
      }
    />
  );
}

function useLogs(sources: readonly LabelledSource[], tail: string): { store: LogStore; state: FollowState } {
  const [store] = useState(createLogStore);
  const [states, setStates] = useState<Readonly<Record<string, FollowState>>>({});
  const key = JSON.stringify(sources.map(({ id, hostId, label }) => ({ id, hostId, label })));
  useEffect(() => {
    const ending = new AbortController();
    const wanted = JSON.parse(key) as readonly LabelledSource[];
    const append = createOrder(store, wanted.some(({ label }) => label !== undefined) ? widthOf(wanted) : 0);
    store.clear();
    setStates(Object.fromEntries(wanted.map(({ id }) => [id, "loading"])));
    for (const source of wanted)
      void followLog(
        source,
        tail,
        {
          line: (time, text) => append(time, source.label, text),
          state: (state) => setStates((before) => ({ ...before, [source.id]: state })),
        },
        ending.signal,
      );
    return () => ending.abort();
  }, [key, tail, store]);
  return { store, state: together(Object.values(states)) };
}

const widthOf = (sources: readonly LabelledSource[]) => Math.max(...sources.map(({ label = "" }) => label.length));

/** The best that any of them is in. */
function together(states: readonly FollowState[]): FollowState {
  if (states.length === 0) return "ended";
  return (["live", "loading", "away", "ended"] as const).find((each) => states.includes(each)) ?? "ended";
}

/** What comes within this time is put in order. */
const togetherMs = 60;

/** Lines of several containers come as each of them is read. Those that come together are sorted by time. */
function createOrder(store: LogStore, width: number) {
  let pending: { readonly time: string; readonly text: string }[] = [];
  let isWaiting = false;
  function flush(): void {
    isWaiting = false;
    if (width > 0) pending.sort((a, b) => (a.time < b.time ? -1 : Number(a.time > b.time)));
    store.append(pending.map(({ text }) => `${text}\n`).join(""));
    pending = [];
  }
  return (time: string, label: string | undefined, text: string): void => {
    pending.push({ time, text: label === undefined ? text : `${label.padEnd(width)} | ${text}` });
    if (!isWaiting) setTimeout(flush, togetherMs);
    isWaiting = true;
  };
}
