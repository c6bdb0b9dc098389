/** What a command in a capsule prints, as it prints it. */
import { useEffect, useState } from "react";
import { Empty } from "../../components/empty.tsx";
import { createLogStore } from "../../components/log/log-store.ts";
import { LogView } from "../../components/log/log-view.tsx";
import { Panel } from "../../components/page.tsx";
import { Status } from "../../components/status.tsx";
import styles from "./capsule.module.css";
import { type CommandParts, type CommandState, openCommand } from "./command-socket.ts";

interface CommandOutputProps extends Pick<CommandParts, "capsuleId" | "team" | "command"> {
  /** Something has begun or ended. */
  changed(): void;
}

export function CommandOutput({ capsuleId, team, command, changed }: CommandOutputProps) {
  const [store] = useState(createLogStore);
  const [state, setState] = useState<CommandState>({ kind: "connecting" });
  useEffect(
    () =>
      openCommand({
        ...{ capsuleId, team, command, store },
        onState(next) {
          setState(next);
          changed();
        },
      }),
    [capsuleId, team, command, store, changed],
  );
  const isNew = typeof command === "string";
  const name = isNew ? command : `process ${command}`;
  return (
    <div className={styles.output}>
      <Panel title={isNew ? `Output of ${command}` : `Output of process ${command}, from now on`} isFlush>
        <LogView
          name={name}
          store={store}
          state={<State state={state} />}
          empty={
            <Empty title={state.kind === "failed" ? "It could not be heard" : "Nothing was printed"}>
              {state.kind === "failed" ? state.why : "What it prints will be here as it comes."}
            </Empty>
          }
        />
      </Panel>
    </div>
  );
}

function State({ state }: { state: CommandState }) {
  if (state.kind === "connecting") return <Status tone="info">connecting</Status>;
  if (state.kind === "running") return <Status tone="good">running</Status>;
  if (state.kind === "failed")
    return (
      <Status tone="bad" title={state.why}>
        lost
      </Status>
    );
  return <Status tone={state.exitCode === 0 ? "calm" : "bad"}>{`ended with ${state.exitCode}`}</Status>;
}
