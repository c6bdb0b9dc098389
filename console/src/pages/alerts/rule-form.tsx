/** A new rule, or a change of one. */
import { useState } from "react";
import { call } from "../../api/call.ts";
import { useRead } from "../../api/use-read.ts";
import { Check } from "../../components/check.tsx";
import { CheckGroup } from "../../components/check-group.tsx";
import { Field } from "../../components/field.tsx";
import { FormDialog } from "../../components/form-dialog.tsx";
import { NameField } from "../../components/name-field.tsx";
import { Select } from "../../components/select.tsx";
import { tell } from "../../components/toasts.tsx";
import type { Rule } from "./rules.tsx";

export const metricNames = {
  cpu_percent: "CPU",
  mem_percent: "memory",
  container_down: "does not run",
} as const;

const metricOptions = [
  { value: "cpu_percent", title: "CPU, in percent of one core" },
  { value: "mem_percent", title: "Memory, in percent of its limit" },
  { value: "container_down", title: "It does not run" },
];
const severities = ["info", "warning", "critical"].map((value) => ({ value, title: value }));
const operators = [
  { value: "gt", title: "above" },
  { value: "lt", title: "below" },
];

type Draft = Pick<
  Rule,
  | "name"
  | "metric"
  | "operator"
  | "threshold"
  | "container_filter"
  | "duration_seconds"
  | "cooldown_seconds"
  | "channel_ids"
  | "severity"
  | "enabled"
>;

const fresh: Draft = {
  ...{ name: "", metric: "container_down", operator: "gt", threshold: 0.5, container_filter: "*" },
  ...{ duration_seconds: 60, cooldown_seconds: 300, channel_ids: [], severity: "warning", enabled: true },
};

interface RuleFormProps {
  readonly rule: Rule | undefined;
  onClose(): void;
  onDone(): void;
}

export function RuleForm({ rule, onClose, onDone }: RuleFormProps) {
  const [draft, setDraft] = useState<Draft>(rule ?? fresh);
  const set = (change: Partial<Draft>): void => setDraft({ ...draft, ...change });
  const { data: channels = [] } = useRead("alert channels", (signal) =>
    call("GET /api/v1/notifications/channels", {}, { signal }),
  );
  const isDown = draft.metric === "container_down";

  async function submit(): Promise<void> {
    const { name, metric, container_filter, duration_seconds, cooldown_seconds, severity, enabled } = draft;
    const { operator, threshold } = isDown ? { operator: "gt" as const, threshold: 0.5 } : draft;
    const body = {
      ...{ name, metric, operator, threshold, container_filter, duration_seconds, cooldown_seconds, severity, enabled },
      channel_ids: [...draft.channel_ids],
      muted_until: rule?.muted_until ?? null,
    };
    if (rule) await call("PUT /api/v1/alerts/rules/{id}", { path: { id: rule.id }, body });
    else await call("POST /api/v1/alerts/rules", { body });
    tell(`The rule ${name} is ${rule ? "changed" : "there"}`);
    onDone();
  }

  return (
    <FormDialog
      title={rule ? `Change ${rule.name}` : "New rule"}
      action={rule ? "Write" : "Make it"}
      submit={submit}
      onClose={onClose}
    >
      <NameField value={draft.name} onChange={(name) => set({ name })} />
      <Select
        label="What it watches"
        value={draft.metric}
        onChange={(event) => set({ metric: event.target.value as Draft["metric"] })}
        options={metricOptions}
      />
      {!isDown && (
        <>
          <Select
            label="Fires"
            value={draft.operator}
            onChange={(event) => set({ operator: event.target.value as Draft["operator"] })}
            options={operators}
          />
          <NumberField label="Percent" value={draft.threshold} onChange={(threshold) => set({ threshold })} />
        </>
      )}
      <Field
        label="Containers"
        hint="A name; * stands for any text."
        required
        isMono
        autoComplete="off"
        value={draft.container_filter}
        onChange={(event) => set({ container_filter: event.target.value })}
      />
      <NumberField
        label="Once it has been so for (seconds)"
        value={draft.duration_seconds}
        onChange={(seconds) => set({ duration_seconds: seconds })}
      />
      <NumberField
        label="Not again for (seconds)"
        value={draft.cooldown_seconds}
        onChange={(seconds) => set({ cooldown_seconds: seconds })}
      />
      <Select
        label="Severity"
        value={draft.severity}
        onChange={(event) => set({ severity: event.target.value as Draft["severity"] })}
        options={severities}
      />
      {channels.length > 0 && (
        <CheckGroup title="Whom it tells">
          {channels.map(({ id, name, type }) => (
            <Check
              key={id}
              checked={draft.channel_ids.includes(id)}
              onChange={(on) =>
                set({ channel_ids: on ? [...draft.channel_ids, id] : draft.channel_ids.filter((each) => each !== id) })
              }
            >
              {name} ({type})
            </Check>
          ))}
        </CheckGroup>
      )}
      <Check checked={draft.enabled} onChange={(enabled) => set({ enabled })}>
        It is on
      </Check>
    </FormDialog>
  );
}

function NumberField(props: { label: string; value: number; onChange: (value: number) => void }) {
  return (
    <Field
      label={props.label}
      type="number"
      min={0}
      step="any"
      required
      value={String(props.value)}
      onChange={(event) => props.onChange(Number(event.target.value))}
    />
  );
}
