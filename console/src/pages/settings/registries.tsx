/** Registries that want a password before they give out images. */
import { useState } from "react";
import { call } from "../../api/call.ts";
import type { Reply } from "../../api/operations.ts";
import { useRead } from "../../api/use-read.ts";
import { Button } from "../../components/button.tsx";
import { confirm } from "../../components/confirm.tsx";
import { Empty } from "../../components/empty.tsx";
import { Field } from "../../components/field.tsx";
import { FormDialog } from "../../components/form-dialog.tsx";
import { type MenuAction, MoreMenu } from "../../components/more-menu.tsx";
import { NameField } from "../../components/name-field.tsx";
import { Panel } from "../../components/page.tsx";
import { Status } from "../../components/status.tsx";
import type { Column } from "../../components/table/columns.ts";
import { Table } from "../../components/table/table.tsx";
import { tell, tellFailure } from "../../components/toasts.tsx";
import { useAction } from "../../components/use-action.ts";

type Registry = Reply<"GET /api/v1/settings/registries">[number];

export function Registries() {
  const registries = useRead("registries", (signal) => call("GET /api/v1/settings/registries", {}, { signal }));
  const [edited, setEdited] = useState<Registry | "new">();
  const make = <Button onClick={() => setEdited("new")}>New registry</Button>;
  const columns: readonly Column<Registry>[] = [
    { ...{ id: "name", title: "Name" }, cell: ({ name }) => <strong>{name}</strong>, sortBy: ({ name }) => name },
    { ...{ id: "url", title: "Address" }, cell: ({ url }) => <code>{url}</code> },
    { ...{ id: "user", title: "User", isSecondary: true }, cell: ({ username }) => username ?? "–" },
    { ...{ id: "test", title: "Sign-in", isSecondary: true }, cell: (registry) => <TestState registry={registry} /> },
    {
      ...{ id: "actions", title: "Actions", width: "6rem", isNumber: true },
      cell: (registry) => <RegistryActions registry={registry} changed={registries.reload} />,
    },
  ];
  return (
    <Panel title="Registries" isFlush actions={make}>
      <Table
        what="registries"
        columns={columns}
        rows={registries.data}
        rowId={({ id }) => String(id)}
        onOpen={setEdited}
        error={registries.error}
        onRetry={registries.reload}
        empty={
          <Empty title="Only public images can be fetched" actions={make}>
            With its name and password, images of a private registry can be pulled and deployed.
          </Empty>
        }
      />
      {edited && (
        <RegistryForm
          registry={edited === "new" ? undefined : edited}
          onDone={registries.reload}
          onClose={() => setEdited(undefined)}
        />
      )}
    </Panel>
  );
}

function TestState({ registry: { last_test_ok: ok, last_test_error: error } }: { registry: Registry }) {
  if (ok === undefined) return "not tried";
  return ok ? (
    <Status tone="good">worked</Status>
  ) : (
    <Status tone="bad" title={error}>
      failed
    </Status>
  );
}

function RegistryActions({ registry: { id, name }, changed }: { registry: Registry; changed: () => void }) {
  const [, run] = useAction();
  async function test(): Promise<void> {
    const { ok, status } = await call("POST /api/v1/settings/registries/{id}/test", { path: { id } });
    if (ok) tell(`Signed in at ${name}`);
    else tellFailure(`Could not sign in at ${name}`, new Error(status));
    changed();
  }
  async function remove(): Promise<void> {
    const isSure = await confirm({
      title: `Forget the registry ${name}?`,
      lost: "Its password is gone. Images that were fetched stay; further ones are asked for without it.",
      action: "Forget it",
    });
    if (!isSure) return;
    await call("DELETE /api/v1/settings/registries/{id}", { path: { id } });
    changed();
  }
  const actions: readonly MenuAction[] = [
    { title: "Sign in there", act: () => run(`Could not try ${name}`, test) },
    { title: "Forget it…", act: () => run(`Could not forget ${name}`, remove) },
  ];
  return <MoreMenu label={`More for ${name}`} actions={actions} />;
}

interface RegistryFormProps {
  readonly registry: Registry | undefined;
  onDone(): void;
  onClose(): void;
}

function RegistryForm({ registry, onDone, onClose }: RegistryFormProps) {
  const [name, setName] = useState(registry?.name ?? "");
  const [url, setUrl] = useState(registry?.url ?? "");
  const [username, setUsername] = useState(registry?.username ?? "");
  const [password, setPassword] = useState("");
  async function submit(): Promise<void> {
    const body = {
      ...{ name, url, username, scope_tags: [...(registry?.scope_tags ?? [])] },
      ...(password !== "" && { password }),
    };
    if (registry) await call("PUT /api/v1/settings/registries/{id}", { path: { id: registry.id }, body });
    else await call("POST /api/v1/settings/registries", { body });
    onDone();
  }
  return (
    <FormDialog
      title={registry ? `Change ${registry.name}` : "New registry"}
      action={registry ? "Write" : "Make it"}
      submit={submit}
      onClose={onClose}
    >
      <NameField value={name} onChange={setName} />
      <Field
        label="Address"
        hint="As in the names of images: ghcr.io, or registry.example:5000."
        required
        isMono
        value={url}
        onChange={(event) => setUrl(event.target.value)}
      />
      <Field label="User" autoComplete="off" value={username} onChange={(event) => setUsername(event.target.value)} />
      <Field
        label="Password"
        hint={registry?.has_password ? "Left empty, it stays, unless the address leads to another host." : undefined}
        type="password"
        autoComplete="off"
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
    </FormDialog>
  );
}
