/** A stack of a template: its places are filled, and it is deployed at once. */
import { type FormEvent, useState } from "react";
import { useLocation } from "wouter";
import { call } from "../../api/call.ts";
import type { Reply } from "../../api/operations.ts";
import { Button } from "../../components/button.tsx";
import { Field } from "../../components/field.tsx";
import { Panel } from "../../components/page.tsx";
import { Select } from "../../components/select.tsx";
import { tell } from "../../components/toasts.tsx";
import { useAction } from "../../components/use-action.ts";
import { HostSelect } from "../fleet/host-select.tsx";
import { deployTimeoutMs } from "../stack/use-deployment.ts";
import styles from "./stacks.module.css";

type Template = Reply<"GET /api/v1/templates">[number];
type Parameter = Template["parameters"][number];

export function FromTemplate({ template }: { template: Template }) {
  const [name, setName] = useState("");
  const [host, setHost] = useState("local");
  const [values, setValues] = useState<Readonly<Record<string, string>>>({});
  const [busy, run] = useAction();
  const [, navigate] = useLocation();

  function submit(event: FormEvent): void {
    event.preventDefault();
    run(`Could not deploy ${name}`, async () => {
      const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ""));
      const body = { stack_name: name, host_id: host, values: given };
      const input = { path: { id: template.id }, body };
      await call("POST /api/v1/templates/{id}/deploy", input, { timeoutMs: deployTimeoutMs });
      tell(`${name} is deployed`);
      navigate(`/stacks/${encodeURIComponent(name)}`);
    });
  }

  return (
    <Panel title={template.name}>
      <form className={styles.form} onSubmit={submit}>
        <Field
          label="Name of the stack"
          required
          autoComplete="off"
          value={name}
          onChange={(event) => setName(event.target.value)}
        />
        <HostSelect label="On" value={host} onChange={setHost} />
        {template.parameters.map((parameter) => (
          <ParameterField
            key={parameter.name}
            parameter={parameter}
            value={values[parameter.name] ?? ""}
            onChange={(value) => setValues({ ...values, [parameter.name]: value })}
          />
        ))}
        <details>
          <summary>The file that is filled</summary>
          <pre className={styles.source}>{template.compose}</pre>
        </details>
        <div>
          <Button type="submit" kind="primary" busy={busy}>
            {busy ? "Deploying…" : "Make and deploy it"}
          </Button>
        </div>
      </form>
    </Panel>
  );
}

interface ParameterFieldProps {
  readonly parameter: Parameter;
  readonly value: string;
  onChange(value: string): void;
}

function ParameterField({ parameter, value, onChange }: ParameterFieldProps) {
  const isSecret = parameter.secret === true || parameter.type === "secret";
  const hint = [parameter.description, isSecret ? "Made up where nothing is given." : ""].filter(Boolean).join(" ");
  if (parameter.enum && parameter.enum.length > 0)
    return (
      <Select
        label={parameter.name}
        hint={hint || undefined}
        value={value || parameter.default}
        onChange={(event) => onChange(event.target.value)}
        options={parameter.enum.map((each) => ({ value: each, title: each }))}
      />
    );
  return (
    <Field
      label={parameter.name}
      hint={hint || undefined}
      type={isSecret ? "password" : "text"}
      autoComplete="off"
      required={parameter.required === true && parameter.default === undefined && !isSecret}
      placeholder={parameter.default}
      value={value}
      onChange={(event) => onChange(event.target.value)}
    />
  );
}
