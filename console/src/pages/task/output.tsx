/** What a task prints: while it runs, as it comes; then what its worker has left. */
import { useEffect, useState } from "react";
import { useRead } from "../../api/use-read.ts";
import { untar } from "../../archives/untar.ts";
import { Empty, Failed, Loading } from "../../components/empty.tsx";
import { createLogStore } from "../../components/log/log-store.ts";
import { LogView } from "../../components/log/log-view.tsx";
import { Panel } from "../../components/page.tsx";
import { readArtifact } from "./artifact-calls.ts";
import { LiveOutput } from "./live-output.tsx";
import { asErrors } from "./printed.ts";
import styles from "./task.module.css";
import { hasEnded, stateOf, type Task } from "./use-task.ts";

/** More would be slow to take apart. */
const mostBytes = 256 * 1024 * 1024;

export function TaskOutput({ task }: { task: Task }) {
  const { spec, uuid } = task.info;
  const kept = task.artifacts.find(({ content_type: type }) => type === "std-log");
  return (
    <Panel title="What it printed" isFlush>
      {kept && hasEnded(task) ? (
        <Output key={kept.updated_at} uuid={uuid} number={task.info.task_id} />
      ) : spec.terminal_output && stateOf(task) === "running" ? (
        <LiveOutput uuid={uuid} number={task.info.task_id} />
      ) : (
        <Empty title={spec.terminal_output ? "Nothing is there yet" : "It is not kept"}>
          {spec.terminal_output
            ? "What it prints is here as soon as it runs."
            : "The task was submitted without asking for what it prints."}
        </Empty>
      )}
    </Panel>
  );
}

function Output({ uuid, number }: { uuid: string; number: number }) {
  const [store] = useState(createLogStore);
  const output = useRead(`output ${uuid}`, async () => {
    const files = await untar(await readArtifact(uuid, "std-log"), { isZipped: true, mostBytes });
    const textOf = (name: string) => new TextDecoder().decode(files.find(({ path }) => path.endsWith(name))?.content);
    return { out: textOf("stdout.log"), err: textOf("stderr.log") };
  });
  const { data } = output;
  useEffect(() => {
    if (!data) return;
    store.clear();
    store.append(data.out);
    if (data.err === "") return;
    const isOpen = data.out !== "" && !data.out.endsWith("\n");
    store.append(`${isOpen ? "\n" : ""}\x1b[2m── errors ──\x1b[0m\n`);
    store.append(asErrors(data.err));
  }, [data, store]);
  if (!data && output.error === undefined) return <Loading what="what it printed" />;
  if (!data) return <Failed what="What it printed cannot be shown" error={output.error} retry={output.reload} />;
  return (
    <div className={styles.output}>
      <LogView name={`task-${number}`} store={store} empty={<Empty title="It has printed nothing" />} />
    </div>
  );
}
