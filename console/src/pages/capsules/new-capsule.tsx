/** A new capsule: what it starts from, how big it is, and when it is paused. All of it has a usual value. */
import { useState } from "react";
import { useLocation } from "wouter";
import { type CallOptions, call } from "../../api/call.ts";
import { useRead } from "../../api/use-read.ts";
import { Field } from "../../components/field.tsx";
import { FormDialog } from "../../components/form-dialog.tsx";
import { bytesText } from "../../components/moments.tsx";
import { Select } from "../../components/select.tsx";
import { tell } from "../../components/toasts.tsx";
import styles from "./capsules.module.css";

/** It may have to be fetched to a host, or a machine be started. */
const creationMs = 300_000;

const pauses = [
  { value: "0", title: "Never by itself" },
  { value: "300", title: "After 5 minutes without use" },
  { value: "1800", title: "After 30 minutes without use" },
  { value: "14400", title: "After 4 hours without use" },
];

interface NewCapsuleProps {
  onClose(): void;
  /** To begin with. */
  readonly template?: string;
  /** Whose it will be; none: one's own. */
  readonly team?: string;
}

export function NewCapsule({ onClose, template: given = "minimal", team }: NewCapsuleProps) {
  const [template, setTemplate] = useState(given);
  const [vcpus, setVcpus] = useState("1");
  const [memory, setMemory] = useState("512");
  const [idle, setIdle] = useState("1800");
  const [, navigate] = useLocation();
  const options: CallOptions = { team };
  const templates = useRead(`templates ${team}`, (signal) => call("GET /v1/snapshots", {}, { ...options, signal }));
  const chosen = templates.data?.find(({ name }) => name === template);
  const isSized = chosen?.type === "snapshot";

  async function submit(): Promise<void> {
    const body = {
      template,
      ...(!isSized && { vcpus: Number(vcpus), memory_mb: Number(memory) }),
      timeout_sec: Number(idle),
    };
    const { id } = await call("POST /v1/capsules", { body }, { ...options, timeoutMs: creationMs });
    tell("The capsule runs");
    navigate(`/capsules/${id}`);
  }

  const names = templates.data ?? [{ name: template, type: "base" as const, size_bytes: 0 }];
  return (
    <FormDialog
      title="New capsule"
      description="A machine that runs in a few seconds."
      action="Make it"
      submit={submit}
      onClose={onClose}
    >
      <Select
        label="Template"
        value={template}
        onChange={(event) => setTemplate(event.target.value)}
        options={names.map(({ name, type, size_bytes }) => ({
          value: name,
          title: type === "snapshot" ? `${name} (snapshot, ${bytesText(size_bytes)})` : name,
        }))}
      />
      {isSized ? (
        <p>
          As big as the capsule that the snapshot is of: {chosen.vcpus ?? 1} CPUs, {chosen.memory_mb ?? 512} MiB.
        </p>
      ) : (
        <div className={styles.pair}>
          <Field
            label="CPUs"
            type="number"
            min={1}
            max={64}
            required
            value={vcpus}
            onChange={(event) => setVcpus(event.target.value)}
          />
          <Field
            label="Memory (MiB)"
            type="number"
            min={64}
            step={64}
            required
            value={memory}
            onChange={(event) => setMemory(event.target.value)}
          />
        </div>
      )}
      <Select
        label="Paused"
        hint="A paused capsule keeps its files, and uses no CPU."
        value={idle}
        onChange={(event) => setIdle(event.target.value)}
        options={pauses}
      />
    </FormDialog>
  );
}
