/** How many containers a service has, with what speaks against several of them. */
import { useEffect, useState } from "react";
import { call } from "../../api/call.ts";
import type { Reply } from "../../api/operations.ts";
import { useRead } from "../../api/use-read.ts";
import { Check } from "../../components/check.tsx";
import { Field } from "../../components/field.tsx";
import { FormDialog } from "../../components/form-dialog.tsx";
import { tell } from "../../components/toasts.tsx";
import styles from "./stack.module.css";

type Facts = Reply<"GET /api/v1/stacks/{name}/services/{service}/scale">;

interface ScaleServiceProps {
  readonly name: string;
  readonly service: string;
  readonly host: string | undefined;
  onClose(): void;
  onScaled(): void;
}

export function ScaleService({ name, service, host, onClose, onScaled }: ScaleServiceProps) {
  const [replicas, setReplicas] = useState("");
  const [force, setForce] = useState(false);
  const path = { name, service };
  const { data } = useRead(`scale ${name} ${service}`, (signal) =>
    call("GET /api/v1/stacks/{name}/services/{service}/scale", { path, query: { host } }, { signal }),
  );
  const current = data?.current_replicas;
  useEffect(() => {
    if (current !== undefined) setReplicas(String(current));
  }, [current]);
  const warnings = data ? warningsOf(data) : [];

  async function scale(): Promise<void> {
    const body = { replicas: Number(replicas), force };
    const input = { path, query: { host }, body };
    const done = await call("POST /api/v1/stacks/{name}/services/{service}/scale", input, { timeoutMs: 300_000 });
    tell(`${service}: ${done.previous} ran, ${done.current} run now`);
    onScaled();
  }

  return (
    <FormDialog
      title={`Scale ${service}`}
      description="Until the next deployment; what the file says counts then again."
      action="Scale"
      submit={scale}
      onClose={onClose}
    >
      <Field
        label="Containers"
        type="number"
        min={0}
        max={100}
        required
        autoFocus
        value={replicas}
        onChange={(event) => setReplicas(event.target.value)}
      />
      {warnings.length > 0 && (
        <>
          <ul className={styles.warnings}>
            {warnings.map((each) => (
              <li key={each}>{each}</li>
            ))}
          </ul>
          <Check checked={force} onChange={setForce}>
            Do it all the same
          </Check>
        </>
      )}
    </FormDialog>
  );
}

function warningsOf(facts: Facts): readonly string[] {
  return [
    facts.has_container_name && "The file gives its container a name, which only one can have.",
    facts.has_hard_port && `It has a port of the host to itself (${facts.hard_port_detail ?? "fixed"}).`,
    facts.is_stateful &&
      `${facts.stateful_image ?? "Its image"} keeps state: several of it do not share it by themselves.`,
    facts.has_volumes && "All of its containers would write to the same volumes.",
  ].filter((each): each is string => typeof each === "string");
}
