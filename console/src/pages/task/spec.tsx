/** What a task is: its command, what it needs, and by which words it is found. */
import { useState } from "react";
import { call } from "../../api/call.ts";
import { useMay } from "../../api/use-self.ts";
import { Button } from "../../components/button.tsx";
import { CopyBox } from "../../components/copy-box.tsx";
import { Field } from "../../components/field.tsx";
import { FormDialog } from "../../components/form-dialog.tsx";
import { Facts, Panel } from "../../components/page.tsx";
import { Words } from "../tasks/words.tsx";
import styles from "./task.module.css";
import type { Task } from "./use-task.ts";

export function TaskSpec({ task, changed }: { task: Task; changed: () => void }) {
  const { info } = task;
  const { spec } = info;
  const mayControl = useMay("tasks.control");
  const [isEditing, setEditing] = useState(false);
  const edit = mayControl && (
    <Button kind="quiet" onClick={() => setEditing(true)}>
      Edit labels
    </Button>
  );
  const variables = Object.entries(spec.envs);
  return (
    <Panel title="What it is" actions={edit}>
      <div className={styles.spec}>
        <Facts
          facts={{
            Team: info.group_name,
            "Time limit": `${info.timeout} s`,
            Priority: info.priority,
            Tags: info.tags.length === 0 ? undefined : <Words words={info.tags} />,
            Labels: info.labels.length === 0 ? undefined : <Words words={info.labels} />,
            "What it prints": spec.terminal_output ? "is kept" : "is not kept",
            Id: <code>{info.uuid}</code>,
          }}
        />
        <CopyBox label="Arguments" text={spec.args.map(quoted).join(" ")} />
        {variables.length > 0 && (
          <CopyBox label="Environment" text={variables.map(([name, value]) => `${name}=${value}`).join("\n")} />
        )}
        {spec.resources.length > 0 && (
          <CopyBox label="Files it gets" text={spec.resources.map(resourceText).join("\n")} />
        )}
      </div>
      {isEditing && <EditLabels task={task} changed={changed} onClose={() => setEditing(false)} />}
    </Panel>
  );
}

/** As a shell would take it for one word. */
function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function resourceText({ remote_file: file, local_path }: Task["info"]["spec"]["resources"][number]): string {
  if ("Attachment" in file) return `${local_path}  ←  attachment ${file.Attachment.key}`;
  return `${local_path}  ←  ${file.Artifact.content_type} of task ${file.Artifact.uuid}`;
}

function EditLabels({ task, changed, onClose }: { task: Task; changed: () => void; onClose: () => void }) {
  const { uuid, labels } = task.info;
  const [text, setText] = useState(labels.join(" "));
  async function submit(): Promise<void> {
    const words = text.split(/[\s,]+/).filter((word) => word !== "");
    await call("PUT /tasks/{uuid}/labels", { path: { uuid }, body: { labels: words } });
    changed();
  }
  return (
    <FormDialog title="Labels" action="Save" submit={submit} onClose={onClose}>
      <Field
        label="Labels"
        hint="Divided by spaces."
        autoFocus
        autoComplete="off"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
    </FormDialog>
  );
}
