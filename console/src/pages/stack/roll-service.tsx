/** Replacing a service's containers a few at a time, so that some of them run all the while. */
import { useState } from "react";
import { call } from "../../api/call.ts";
import { Field } from "../../components/field.tsx";
import { FormDialog } from "../../components/form-dialog.tsx";
import { Select } from "../../components/select.tsx";
import { tell } from "../../components/toasts.tsx";
import { deployTimeoutMs } from "./use-deployment.ts";

interface RollServiceProps {
  readonly name: string;
  readonly service: string;
  readonly host: string | undefined;
  onClose(): void;
  onRolled(): void;
}

const asTheFileSays = { value: "", title: "As the file says" } as const;
const orders = [
  asTheFileSays,
  { value: "start-first", title: "The new one first: two run for a moment" },
  { value: "stop-first", title: "The old one goes first: for what has a port or a file to itself" },
] as const;
const failures = [
  asTheFileSays,
  { value: "rollback", title: "All of them go back to what they were" },
  { value: "pause", title: "The others stay as they are" },
  { value: "continue", title: "The others are replaced all the same" },
] as const;
type Order = (typeof orders)[number]["value"];
type Failure = (typeof failures)[number]["value"];

export function RollService({ name, service, host, onClose, onRolled }: RollServiceProps) {
  const [parallelism, setParallelism] = useState("");
  const [delay, setDelay] = useState("");
  const [order, setOrder] = useState<Order>("");
  const [failure, setFailure] = useState<Failure>("");

  async function roll(): Promise<void> {
    const body = {
      ...(parallelism !== "" && { parallelism: Number(parallelism) }),
      ...(delay !== "" && { delay_seconds: Number(delay) }),
      ...(order !== "" && { order }),
      ...(failure !== "" && { failure_action: failure }),
    };
    const input = { path: { name, service }, query: { host }, body };
    try {
      const done = await call("POST /api/v1/stacks/{name}/services/{service}/rolling-update", input, {
        timeoutMs: deployTimeoutMs,
      });
      tell(`${service}: ${done.updated} of ${done.total_replicas} are new`, `They run ${done.new_image}.`);
    } finally {
      onRolled(); // also of one that has failed something may be left
    }
  }

  return (
    <FormDialog
      title={`Replace ${service} in turn`}
      description="Each of its containers is made anew, as the file says now. What they have written outside of volumes is lost."
      action="Replace"
      submit={roll}
      onClose={onClose}
    >
      <Field
        label="At a time"
        hint="Empty: as the file says (deploy.update_config), or else one."
        type="number"
        min={1}
        max={100}
        autoFocus
        value={parallelism}
        onChange={(event) => setParallelism(event.target.value)}
      />
      <Field
        label="Seconds between"
        type="number"
        min={0}
        max={3_600}
        value={delay}
        onChange={(event) => setDelay(event.target.value)}
      />
      <Select
        label="Order"
        value={order}
        onChange={(event) => setOrder(event.target.value as Order)}
        options={orders}
      />
      <Select
        label="When one does not come up"
        value={failure}
        onChange={(event) => setFailure(event.target.value as Failure)}
        options={failures}
      />
    </FormDialog>
  );
}
