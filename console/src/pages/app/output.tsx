/** What an app prints, as it prints it. */
import { Empty } from "../../components/empty.tsx";
import { LogView } from "../../components/log/log-view.tsx";
import { Status } from "../../components/status.tsx";
import { type OutputState, useAppOutput } from "./use-app-output.ts";

const shown = {
  loading: <Status tone="calm">loading</Status>,
  live: <Status tone="good">live</Status>,
  away: <Status tone="warn">connection lost</Status>,
  ended: <Status tone="calm">ended</Status>,
  none: <Status tone="calm">nothing yet</Status>,
} as const satisfies Record<OutputState, unknown>;

export function AppOutput({ name, run }: { name: string; run: number }) {
  const { store, state } = useAppOutput(name, run);
  const empty =
    state === "loading" ? undefined : (
      <Empty title="Nothing was printed yet">What the app prints will be here as it comes.</Empty>
    );
  return <LogView name={name} store={store} state={shown[state]} empty={empty} />;
}
