/** Templates of stacks: those that came with the yard, and those of one's own. */
import { useState } from "react";
import { useLocation } from "wouter";
import { call } from "../../api/call.ts";
import type { Reply } from "../../api/operations.ts";
import { useRead } from "../../api/use-read.ts";
import { useMay } from "../../api/use-self.ts";
import { LinkButton } from "../../components/button.tsx";
import { Empty } from "../../components/empty.tsx";
import { Page, Panel } from "../../components/page.tsx";
import { RemoveButton } from "../../components/remove-button.tsx";
import { SearchBox } from "../../components/search-box.tsx";
import { Status } from "../../components/status.tsx";
import type { Column } from "../../components/table/columns.ts";
import { Table } from "../../components/table/table.tsx";
import { tell } from "../../components/toasts.tsx";

type Template = Reply<"GET /api/v1/templates">[number];

const searchText = ({ name, slug, description, author }: Template) => [name, slug, description, author].join(" ");

const usualColumns: readonly Column<Template>[] = [
  {
    ...{ id: "name", title: "Name", width: "minmax(8rem, 1.2fr)" },
    cell: ({ name }) => <strong>{name}</strong>,
    sortBy: ({ name }) => name,
  },
  {
    ...{ id: "what", title: "What it is", width: "minmax(8rem, 2.5fr)", isSecondary: true },
    cell: ({ description = "–" }) => <span title={description}>{description}</span>,
  },
  {
    ...{ id: "places", title: "Asks for", width: "minmax(6rem, 1.2fr)", isSecondary: true },
    cell: ({ parameters }) => parameters.map(({ name }) => name).join(", ") || "nothing",
  },
  {
    ...{ id: "kind", title: "Kind", width: "7rem" },
    cell: ({ builtin }) => (builtin ? <Status tone="calm">built in</Status> : <Status tone="info">own</Status>),
    sortBy: ({ builtin }) => Number(!builtin),
  },
];

export default function TemplatesPage() {
  const templates = useRead("templates", (signal) => call("GET /api/v1/templates", {}, { signal }));
  const [words, setWords] = useState("");
  const [, navigate] = useLocation();
  const mayWrite = useMay("stacks.adopt");
  const columns: readonly Column<Template>[] = [
    ...usualColumns,
    {
      ...{ id: "actions", title: "Actions", width: "6.5rem", isNumber: true },
      cell: (template) =>
        mayWrite && !template.builtin && <DeleteTemplate template={template} changed={templates.reload} />,
    },
  ];
  const make = mayWrite && (
    <LinkButton href="/stack-templates/new" kind="primary">
      New template
    </LinkButton>
  );
  return (
    <Page title="Templates" subtitle="Compose files with places to fill, from which stacks are made" actions={make}>
      <Panel isFlush>
        <SearchBox label="Search templates" value={words} onChange={setWords} />
        <Table
          what="templates"
          columns={columns}
          rows={templates.data}
          rowId={({ id }) => String(id)}
          onOpen={({ id }) => navigate(`/stack-templates/${id}`)}
          search={{ words, textOf: searchText }}
          order={{ column: "name", isDescending: false }}
          error={templates.error}
          onRetry={templates.reload}
          empty={<Empty title="There are no templates" actions={make} />}
        />
      </Panel>
    </Page>
  );
}

function DeleteTemplate({ template: { id, name }, changed }: { template: Template; changed: () => void }) {
  return (
    <RemoveButton
      verb="Delete"
      name={name}
      question={`Delete the template ${name}?`}
      lost="Stacks that were made of it stay as they are."
      remove={async () => {
        await call("DELETE /api/v1/templates/{id}", { path: { id } });
        tell(`${name} is deleted`);
        changed();
      }}
    />
  );
}
