/** What an execution prints, what came of it, and what can be done with it. */
import { Link } from "wouter";
import { call } from "../../api/call.ts";
import { useMay } from "../../api/use-self.ts";
import { Button, LinkButton } from "../../components/button.tsx";
import { CopyBox } from "../../components/copy-box.tsx";
import { Empty, Failed, Loading } from "../../components/empty.tsx";
import { LogView } from "../../components/log/log-view.tsx";
import { Ago } from "../../components/moments.tsx";
import { Facts, Panel } from "../../components/page.tsx";
import { Status } from "../../components/status.tsx";
import { useAction } from "../../components/use-action.ts";
import { type Execution, shortId, statusText, toneOf } from "./execution.ts";
import styles from "./scripts.module.css";
import { useExecution, useExecutionOutput } from "./use-execution.ts";

export function ExecutionView({ id }: { id: string }) {
  const execution = useExecution(id);
  const store = useExecutionOutput(id, execution.reload);
  const { data } = execution;
  if (!data)
    return execution.error === undefined ? (
      <Loading what="the run" />
    ) : (
      <Failed what="The run cannot be shown" error={execution.error} retry={execution.reload} />
    );
  return (
    <div className={styles.execution}>
      {data.status !== "running" && (
        <Panel title={data.error === null ? "Result" : "Error"}>
          <Outcome execution={data} />
        </Panel>
      )}
      <Panel title="Console" isFlush actions={<Cancel execution={data} changed={execution.reload} />}>
        <LogView
          name={`script-${shortId(id)}`}
          store={store}
          state={<Status tone={toneOf[data.status]}>{statusText(data.status)}</Status>}
          empty={
            <Empty title={data.status === "running" ? "It runs" : "It has printed nothing"}>
              {data.status === "running" && "What it prints will be here as it comes."}
            </Empty>
          }
        />
      </Panel>
    </div>
  );
}

function Outcome({ execution }: { execution: Execution }) {
  const { error, result, result_lost: lost, heap, fs, started_at, completed_at } = execution;
  return (
    <div className={styles.outcome}>
      {error === null ? (
        <CopyBox label="Final value" text={pretty(result ?? "")} />
      ) : (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
        <section className={styles.error} aria-label="What went wrong" tabIndex={0}>
          {error}
        </section>
      )}
      {lost.length > 0 && <p className={styles.note}>JSON cannot express {lost.join(", ")}.</p>}
      <Facts
        facts={{
          Began: <Ago at={Date.parse(started_at)} />,
          Ended: completed_at === null ? undefined : <Ago at={Date.parse(completed_at)} />,
          Memory: heap === null ? undefined : <code title={heap}>{shortId(heap)}</code>,
          Files:
            fs === null ? undefined : (
              <Link href={`/scripts/files?to=${fs}`}>
                <code title={fs}>{shortId(fs)}</code>
              </Link>
            ),
        }}
      />
      {heap !== null && (
        <div>
          <LinkButton href={`/scripts?heap=${heap}`}>Go on from its memory</LinkButton>
        </div>
      )}
    </div>
  );
}

/** As people read JSON; as it is where it is none. */
function pretty(result: string): string {
  if (result === "") return "nothing";
  try {
    return JSON.stringify(JSON.parse(result), undefined, 2);
  } catch {
    return result;
  }
}

function Cancel({ execution: { execution_id: id, status }, changed }: { execution: Execution; changed: () => void }) {
  const [busy, run] = useAction();
  const mayRun = useMay("scripts.run");
  if (!mayRun || status !== "running") return null;
  const cancel = async (): Promise<void> => {
    await call("POST /api/executions/{id}/cancel", { path: { id } });
    changed();
  };
  return (
    <Button busy={busy} onClick={() => run("Could not stop the run", cancel)}>
      Stop
    </Button>
  );
}
