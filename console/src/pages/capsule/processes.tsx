/** What runs in a capsule: listed, begun, heard and ended. */
import { type FormEvent, useState } from "react";
import { call } from "../../api/call.ts";
import type { Reply } from "../../api/operations.ts";
import { useRead } from "../../api/use-read.ts";
import { useSelf } from "../../api/use-self.ts";
import { Button } from "../../components/button.tsx";
import { confirm } from "../../components/confirm.tsx";
import { Empty } from "../../components/empty.tsx";
import { Field } from "../../components/field.tsx";
import { MoreMenu } from "../../components/more-menu.tsx";
import { Panel } from "../../components/page.tsx";
import type { Column } from "../../components/table/columns.ts";
import { Table } from "../../components/table/table.tsx";
import { useAction } from "../../components/use-action.ts";
import { type Capsule, inTeam, teamOf } from "../capsules/capsule.ts";
import styles from "./capsule.module.css";
import { CommandOutput } from "./command-output.tsx";

type Process = Reply<"GET /v1/capsules/{id}/processes">["processes"][number];

/** Looking counts as use: a capsule that is paused when nobody uses it would never be, with a page that looks by itself. */
const readEveryMs = 3_000;

interface Heard {
  /** What to run, or the pid of what runs. */
  readonly command: string | number;
  /** Another one for each time that something is begun. */
  readonly turn: number;
}

export function CapsuleProcesses({ capsule }: { capsule: Capsule }) {
  const self = useSelf();
  const { id, idleTimeoutSeconds } = capsule;
  const [command, setCommand] = useState("");
  const [heard, setHeard] = useState<Heard>();
  const processes = useRead(
    `processes ${id}`,
    (signal) => call("GET /v1/capsules/{id}/processes", { path: { id } }, inTeam(capsule, self, { signal })),
    { everyMs: idleTimeoutSeconds === 0 ? readEveryMs : undefined },
  );
  const hear = (what: string | number): void =>
    setHeard((before) => ({ command: what, turn: (before?.turn ?? 0) + 1 }));

  function run(event: FormEvent): void {
    event.preventDefault();
    hear(command);
  }

  const columns: readonly Column<Process>[] = [
    { ...{ id: "pid", title: "PID", width: "5rem", isNumber: true }, cell: ({ pid }) => pid, sortBy: ({ pid }) => pid },
    {
      ...{ id: "command", title: "Command", width: "minmax(8rem, 3fr)" },
      cell: (process) => <code title={commandText(process)}>{commandText(process)}</code>,
      sortBy: commandText,
    },
    { ...{ id: "tag", title: "Tag", isSecondary: true }, cell: ({ tag }) => tag, sortBy: ({ tag }) => tag },
    {
      ...{ id: "actions", title: "Actions", width: "6.5rem" },
      cell: (process) => <ProcessActions capsule={capsule} process={process} changed={processes.reload} />,
    },
  ];
  return (
    <>
      <Panel title="Run a command">
        <form className={styles.form} onSubmit={run}>
          <Field
            className={styles.grow}
            label="Command, as in a shell"
            isMono
            required
            autoComplete="off"
            placeholder="uname -a"
            value={command}
            onChange={(event) => setCommand(event.target.value)}
          />
          <Button type="submit" kind="primary">
            Run
          </Button>
        </form>
      </Panel>
      {heard && (
        <CommandOutput
          key={heard.turn}
          capsuleId={id}
          team={teamOf(capsule, self)}
          command={heard.command}
          changed={processes.reload}
        />
      )}
      <Panel
        title="What runs"
        isFlush
        actions={
          <Button kind="quiet" onClick={processes.reload}>
            Look again
          </Button>
        }
      >
        <Table
          what="processes"
          columns={columns}
          rows={processes.data?.processes}
          rowId={({ pid }) => String(pid)}
          onOpen={({ pid }) => hear(pid)}
          order={{ column: "pid", isDescending: true }}
          error={processes.error}
          onRetry={processes.reload}
          empty={<Empty title="Nothing runs">What is begun here, in a terminal or by a program, is listed.</Empty>}
        />
      </Panel>
    </>
  );
}

const commandText = ({ cmd, args = [] }: Process): string => [cmd, ...args].join(" ");

interface ProcessActionsProps {
  readonly capsule: Capsule;
  readonly process: Process;
  changed(): void;
}

function ProcessActions({ capsule, process, changed }: ProcessActionsProps) {
  const self = useSelf();
  const [, run] = useAction();
  const { pid } = process;
  async function signal(name: "SIGTERM" | "SIGKILL"): Promise<void> {
    const input = { path: { id: capsule.id, selector: String(pid) }, query: { signal: name } };
    await call("DELETE /v1/capsules/{id}/processes/{selector}", input, inTeam(capsule, self));
    changed();
  }
  async function kill(): Promise<void> {
    const lost = "It has no chance to finish what it does, or to save anything.";
    if (await confirm({ title: `Kill process ${pid}?`, lost, action: "Kill" })) await signal("SIGKILL");
  }
  return (
    <MoreMenu
      label={`More for process ${pid}`}
      actions={[
        { title: "Terminate", act: () => run(`Could not terminate process ${pid}`, () => signal("SIGTERM")) },
        { title: "Kill…", act: () => run(`Could not kill process ${pid}`, kill) },
      ]}
    />
  );
}
