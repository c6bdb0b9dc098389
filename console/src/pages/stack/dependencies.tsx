/** The stacks that one depends on, which are deployed before it, and those that depend on it. */
import { useState } from "react";
import { Link } from "wouter";
import { call } from "../../api/call.ts";
import { useRead } from "../../api/use-read.ts";
import { Button } from "../../components/button.tsx";
import { Field } from "../../components/field.tsx";
import { FormDialog } from "../../components/form-dialog.tsx";
import { Facts, Panel } from "../../components/page.tsx";

export function Dependencies({ name }: { name: string }) {
  const read = useRead(
    `dependencies ${name}`,
    (signal) => call("GET /api/v1/stacks/{name}/dependencies", { path: { name } }, { signal }),
    { topics: ["stacks"] },
  );
  const [words, setWords] = useState<string>();
  if (!read.data) return null;
  const { depends_on: needs, dependents } = read.data;

  async function write(): Promise<void> {
    const body = { depends_on: (words ?? "").split(/[\s,]+/).filter(Boolean) };
    await call("PUT /api/v1/stacks/{name}/dependencies", { path: { name }, body });
    read.reload();
  }

  return (
    <Panel title="Dependencies" actions={<Button onClick={() => setWords(needs.join(", "))}>Change…</Button>}>
      <Facts
        facts={{ "Depends on": <StackLinks names={needs} />, "Is needed by": <StackLinks names={dependents} /> }}
      />
      {words !== undefined && (
        <FormDialog
          title={`What ${name} depends on`}
          description="These stacks are deployed first, in their order."
          action="Write"
          submit={write}
          onClose={() => setWords(undefined)}
        >
          <Field
            label="Stacks"
            hint="Names, with commas between."
            autoFocus
            value={words}
            onChange={(event) => setWords(event.target.value)}
          />
        </FormDialog>
      )}
    </Panel>
  );
}

function StackLinks({ names }: { names: readonly string[] }) {
  if (names.length === 0) return "none";
  return names.map((each, index) => (
    <span key={each}>
      {index > 0 && ", "}
      <Link href={`/stacks/${encodeURIComponent(each)}`}>{each}</Link>
    </span>
  ));
}
