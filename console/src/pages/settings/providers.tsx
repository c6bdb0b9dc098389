/** The OpenID providers that users may sign in by. */
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
import { ProviderForm } from "./provider-form.tsx";

export type Provider = Reply<"GET /api/v1/oidc/providers">[number];

export function Providers() {
  const providers = useRead("oidc providers", (signal) => call("GET /api/v1/oidc/providers", {}, { signal }));
  const [edited, setEdited] = useState<Provider | "new">();
  const make = <Button onClick={() => setEdited("new")}>New provider</Button>;
  const columns: readonly Column<Provider>[] = [
    { ...{ id: "name", title: "Name" }, cell: ({ display_name: name }) => <strong>{name}</strong> },
    {
      ...{ id: "on", title: "State", width: "6rem" },
      cell: ({ enabled }) => <Status tone={enabled ? "good" : "calm"}>{enabled ? "on" : "off"}</Status>,
    },
    { ...{ id: "issuer", title: "Issuer", isSecondary: true }, cell: ({ issuer_url: url }) => <code>{url}</code> },
    { ...{ id: "role", title: "Usual role", isSecondary: true }, cell: ({ default_role: role }) => role },
    {
      ...{ id: "actions", title: "Actions", width: "6.5rem", isNumber: true },
      cell: ({ id, display_name: name }) => (
        <RemoveButton
          verb="Delete"
          name={name}
          question={`Let nobody sign in by ${name} any more?`}
          lost="Users who came by it stay, with the sessions that they have; without a password they cannot sign in again."
          remove={async () => {
            await call("DELETE /api/v1/oidc/providers/{id}", { path: { id } });
            providers.reload();
          }}
        />
      ),
    },
  ];
  return (
    <Panel title="Sign-in providers" isFlush actions={make}>
      <Table
        what="providers"
        columns={columns}
        rows={providers.data}
        rowId={({ id }) => String(id)}
        onOpen={setEdited}
        error={providers.error}
        onRetry={providers.reload}
        empty={
          <Empty title="Users sign in by password" actions={make}>
            With an OpenID provider (Google, Keycloak, Authentik, …) they can sign in by an account they have there.
          </Empty>
        }
      />
      {edited && (
        <ProviderForm
          provider={edited === "new" ? undefined : edited}
          onDone={providers.reload}
          onClose={() => setEdited(undefined)}
        />
      )}
    </Panel>
  );
}
