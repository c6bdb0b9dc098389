/** A new task: a command is enough. */
import { useState } from "react";
import { useLocation } from "wouter";
import { call } from "../../api/call.ts";
import { useSelf } from "../../api/use-self.ts";
import { Field } from "../../components/field.tsx";
import { FormDialog } from "../../components/form-dialog.tsx";
import { Select } from "../../components/select.tsx";
import styles from "./tasks.module.css";

/** By commas or spaces. */
const wordsOf = (text: string): string[] => text.split(/[\s,]+/).filter((word) => word !== "");

export function NewTask({ onClose }: { onClose: () => void }) {
  const { teams, username } = useSelf();
  const [command, setCommand] = useState("");
  const [team, setTeam] = useState(username);
  const [tags, setTags] = useState("");
  const [labels, setLabels] = useState("");
  const [timeout, setLimit] = useState("10m");
  const [priority, setPriority] = useState("0");
  const [, navigate] = useLocation();
  const mine = teams.filter(({ role }) => role !== "viewer");

  async function submit(): Promise<void> {
    const { uuid } = await call("POST /tasks", {
      body: {
        group_name: team,
        tags: wordsOf(tags),
        labels: wordsOf(labels),
        timeout,
        priority: Number(priority),
        // What it prints is kept: it is the first thing that one wants to see of it.
        task_spec: { args: ["/bin/sh", "-c", command], terminal_output: true },
      },
    });
    navigate(`/tasks/${uuid}`);
  }

  return (
    <FormDialog
      title="New task"
      description="It waits until a worker takes it. What it prints is kept."
      action="Submit"
      submit={submit}
      onClose={onClose}
    >
      <label className={styles.label}>
        Command, as in a shell
        <textarea
          className={styles.area}
          required
          spellCheck={false}
          value={command}
          onChange={(event) => setCommand(event.target.value)}
        />
      </label>
      <div className={styles.pair}>
        <Select
          label="Team"
          value={team}
          onChange={(event) => setTeam(event.target.value)}
          options={mine.map(({ name }) => ({ value: name, title: name }))}
        />
        <Field
          label="Time limit"
          hint="Such as 90s, 10m, 1h 30min"
          required
          value={timeout}
          onChange={(event) => setLimit(event.target.value)}
        />
        <Field
          label="Tags"
          hint="A worker must have all of them."
          autoComplete="off"
          value={tags}
          onChange={(event) => setTags(event.target.value)}
        />
        <Field
          label="Labels"
          hint="To find it by."
          autoComplete="off"
          value={labels}
          onChange={(event) => setLabels(event.target.value)}
        />
        <Field
          label="Priority"
          hint="The higher goes first."
          type="number"
          step={1}
          required
          value={priority}
          onChange={(event) => setPriority(event.target.value)}
        />
      </div>
    </FormDialog>
  );
}
