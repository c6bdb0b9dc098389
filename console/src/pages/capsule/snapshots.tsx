/** Snapshots: one of this capsule, and what can be started from those that there are. */
import { type FormEvent, useState } from "react";
import { call } from "../../api/call.ts";
import type { Reply } from "../../api/operations.ts";
import { useRead } from "../../api/use-read.ts";
import { useMay, useSelf } from "../../api/use-self.ts";
import { Button } from "../../components/button.tsx";
import { confirm } from "../../components/confirm.tsx";
import { Empty } from "../../components/empty.tsx";
import { Field } from "../../components/field.tsx";
import { Ago, bytesText } from "../../components/moments.tsx";
import { MoreMenu } from "../../components/more-menu.tsx";
import { Panel } from "../../components/page.tsx";
import type { Column } from "../../components/table/columns.ts";
import { Table } from "../../components/table/table.tsx";
import { tell } from "../../components/toasts.tsx";
import { useAction } from "../../components/use-action.ts";
import { type Capsule, inTeam, teamOf } from "../capsules/capsule.ts";
import { NewCapsule } from "../capsules/new-capsule.tsx";
import styles from "./capsule.module.css";

type Template = Reply<"GET /v1/snapshots">[number];

/** All files of the capsule are read. */
const captureMs = 600_000;

export function CapsuleSnapshots({ capsule, changed }: { capsule: Capsule; changed: () => void }) {
  const self = useSelf();
  const mayWrite = useMay("templates.write");
  const [from, setFrom] = useState<string>();
  const templates = useRead(`snapshots ${capsule.teamId}`, (signal) =>
    call("GET /v1/snapshots", {}, inTeam(capsule, self, { signal })),
  );
  const isThere = capsule.status === "running" || capsule.status === "paused";
  const columns: readonly Column<Template>[] = [
    {
      ...{ id: "name", title: "Name", width: "minmax(8rem, 2fr)" },
      cell: ({ name }) => name,
      sortBy: ({ name }) => name,
    },
    { ...{ id: "type", title: "Kind", isSecondary: true }, cell: kindText, sortBy: kindText },
    {
      ...{ id: "size", title: "Size", width: "6rem", isNumber: true, isSecondary: true },
      cell: ({ size_bytes }) => (size_bytes > 0 ? bytesText(size_bytes) : null),
      sortBy: ({ size_bytes }) => size_bytes,
    },
    {
      ...{ id: "made", title: "Made", width: "6.5rem", isNumber: true, isSecondary: true },
      cell: ({ created_at }) => <Ago at={Date.parse(created_at)} />,
      sortBy: ({ created_at }) => Date.parse(created_at),
    },
    {
      ...{ id: "actions", title: "Actions", width: "6.5rem" },
      cell: (template) => (
        <TemplateActions capsule={capsule} template={template} onStart={setFrom} changed={templates.reload} />
      ),
    },
  ];
  return (
    <>
      {mayWrite && isThere && (
        <Panel title="Snapshot of this capsule">
          <NewSnapshot
            capsule={capsule}
            changed={() => {
              templates.reload();
              changed();
            }}
          />
        </Panel>
      )}
      <Panel title={`What capsules of ${capsule.team} can start from`} isFlush>
        <Table
          what="snapshots"
          columns={columns}
          rows={templates.data}
          rowId={({ name }) => name}
          error={templates.error}
          onRetry={templates.reload}
          empty={<Empty title="There are no snapshots" />}
        />
      </Panel>
      {from !== undefined && (
        <NewCapsule template={from} team={teamOf(capsule, self)} onClose={() => setFrom(undefined)} />
      )}
    </>
  );
}

function kindText({ type, platform }: Template): string {
  if (type === "snapshot") return "snapshot";
  return platform ? "everybody's" : "template";
}

function NewSnapshot({ capsule, changed }: { capsule: Capsule; changed: () => void }) {
  const self = useSelf();
  const [name, setName] = useState("");
  const [busy, run] = useAction();
  function submit(event: FormEvent): void {
    event.preventDefault();
    run("Could not make the snapshot", async () => {
      const body = { sandbox_id: capsule.id, name: name || undefined };
      const made = await call("POST /v1/snapshots", { body }, inTeam(capsule, self, { timeoutMs: captureMs }));
      tell(`The snapshot ${made.name} is made`, "The capsule is paused: resume it to go on.");
      setName("");
      changed();
    });
  }
  return (
    <form className={styles.form} onSubmit={submit}>
      <Field
        className={styles.grow}
        label="Name"
        hint="Made up if there is none. The capsule is paused by it."
        autoComplete="off"
        pattern="[A-Za-z0-9][A-Za-z0-9._\-]{0,63}"
        value={name}
        onChange={(event) => setName(event.target.value)}
      />
      <Button type="submit" kind="primary" busy={busy}>
        Make a snapshot
      </Button>
    </form>
  );
}

interface TemplateActionsProps {
  readonly capsule: Capsule;
  readonly template: Template;
  onStart(name: string): void;
  changed(): void;
}

function TemplateActions({ capsule, template: { name, platform }, onStart, changed }: TemplateActionsProps) {
  const self = useSelf();
  const mayWrite = useMay("templates.write");
  const [, run] = useAction();
  async function remove(): Promise<void> {
    const lost = "Nothing can be started from it any more. Capsules that were made of it stay.";
    if (!(await confirm({ title: `Delete the snapshot ${name}?`, lost, action: "Delete" }))) return;
    await call("DELETE /v1/snapshots/{name}", { path: { name } }, inTeam(capsule, self));
    tell(`Deleted ${name}`);
    changed();
  }
  const start = { title: "New capsule", act: () => onStart(name) };
  const end = { title: "Delete…", act: () => run(`Could not delete ${name}`, remove) };
  return <MoreMenu label={`More for ${name}`} actions={mayWrite && !platform ? [start, end] : [start]} />;
}
