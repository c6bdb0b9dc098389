/** When somebody is told: the rules, each with what it watches. */
import { useState } from "react";
import { call } from "../../api/call.ts";
import type { Reply } from "../../api/operations.ts";
import { useRead } from "../../api/use-read.ts";
import { Button } from "../../components/button.tsx";
import { Empty } from "../../components/empty.tsx";
import { Panel } from "../../components/page.tsx";
import { RemoveButton } from "../../components/remove-button.tsx";
import { Status } from "../../components/status.tsx";
import type { Column } from "../../components/table/columns.ts";
import { Table } from "../../components/table/table.tsx";
import { metricNames, RuleForm } from "./rule-form.tsx";

export type Rule = Reply<"GET /api/v1/alerts/rules">[number];

const usualColumns: readonly Column<Rule>[] = [
  {
    ...{ id: "name", title: "Name", width: "minmax(8rem, 1.5fr)" },
    cell: ({ name }) => <strong>{name}</strong>,
    sortBy: ({ name }) => name,
  },
  { ...{ id: "state", title: "State", width: "7rem" }, cell: (rule) => <RuleState rule={rule} /> },
  {
    ...{ id: "when", title: "Fires when", width: "minmax(8rem, 2fr)", isSecondary: true },
    cell: (rule) => conditionText(rule),
  },
  { ...{ id: "of", title: "Containers", isSecondary: true }, cell: ({ container_filter: filter }) => filter || "*" },
  {
    ...{ id: "severity", title: "Severity", width: "6.5rem", isSecondary: true },
    cell: ({ severity }) => severity,
    sortBy: ({ severity }) => severity,
  },
];

export function AlertRules() {
  const rules = useRead("alert rules", (signal) => call("GET /api/v1/alerts/rules", {}, { signal }), {
    topics: ["alerts"],
    everyMs: 30_000,
  });
  const [edited, setEdited] = useState<Rule | "new">();
  const make = <Button onClick={() => setEdited("new")}>New rule</Button>;
  const columns: readonly Column<Rule>[] = [
    ...usualColumns,
    {
      ...{ id: "actions", title: "Actions", width: "6.5rem", isNumber: true },
      cell: (rule) => !rule.builtin && <DeleteRule rule={rule} changed={rules.reload} />,
    },
  ];
  return (
    <Panel title="Rules" isFlush actions={make}>
      <Table
        what="rules"
        columns={columns}
        rows={rules.data}
        rowId={({ id }) => String(id)}
        onOpen={setEdited}
        error={rules.error}
        onRetry={rules.reload}
        empty={<Empty title="There are no rules" actions={make} />}
      />
      {edited && (
        <RuleForm
          rule={edited === "new" ? undefined : edited}
          onClose={() => setEdited(undefined)}
          onDone={rules.reload}
        />
      )}
    </Panel>
  );
}

function RuleState({ rule: { enabled, firing_since: firing, muted_until: muted } }: { rule: Rule }) {
  if (!enabled) return <Status tone="calm">off</Status>;
  if (muted !== undefined && Date.parse(muted) > Date.now()) return <Status tone="info">muted</Status>;
  return firing === undefined ? <Status tone="good">quiet</Status> : <Status tone="bad">firing</Status>;
}

function conditionText({ metric, operator, threshold, duration_seconds: seconds }: Rule): string {
  const what =
    metric === "container_down"
      ? "it does not run"
      : `${metricNames[metric]} ${operator === "gt" ? "above" : "below"} ${threshold} %`;
  return seconds > 0 ? `${what} for ${seconds} s` : what;
}

function DeleteRule({ rule: { id, name }, changed }: { rule: Rule; changed: () => void }) {
  return (
    <RemoveButton
      verb="Delete"
      name={name}
      question={`Delete the rule ${name}?`}
      lost="Nobody is told any more by it. What it has told stays in the history."
      remove={async () => {
        await call("DELETE /api/v1/alerts/rules/{id}", { path: { id } });
        changed();
      }}
    />
  );
}
