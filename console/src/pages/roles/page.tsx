/** Roles: which there are, and what each of them permits. */
import { useState } from "react";
import { call } from "../../api/call.ts";
import type { Reply } from "../../api/operations.ts";
import { useRead } from "../../api/use-read.ts";
import { useMay } from "../../api/use-self.ts";
import { Button } from "../../components/button.tsx";
import { confirm } from "../../components/confirm.tsx";
import { Empty } from "../../components/empty.tsx";
import { type MenuAction, MoreMenu } from "../../components/more-menu.tsx";
import { Page, Panel } from "../../components/page.tsx";
import { Status } from "../../components/status.tsx";
import type { Column } from "../../components/table/columns.ts";
import { Table } from "../../components/table/table.tsx";
import { tell } from "../../components/toasts.tsx";
import { useAction } from "../../components/use-action.ts";
import { AllPermissions } from "./all-permissions.tsx";
import { RoleForm } from "./role-form.tsx";

export type Role = Reply<"GET /api/v1/roles">[number] & {
  /** By the names of all APIs; `*` is every one. */
  readonly all: readonly string[];
};

const usualColumns: readonly Column<Role>[] = [
  {
    ...{ id: "name", title: "Name", width: "minmax(7rem, 1fr)" },
    cell: ({ name, display }) => (
      <span>
        <strong>{display || name}</strong> {display && display !== name && <code>{name}</code>}
      </span>
    ),
    sortBy: ({ name }) => name,
  },
  {
    ...{ id: "kind", title: "Kind", width: "7rem" },
    cell: ({ builtin }) => (builtin ? <Status tone="calm">built in</Status> : <Status tone="info">own</Status>),
    sortBy: ({ builtin }) => Number(!builtin),
  },
  {
    ...{ id: "permissions", title: "Permits", width: "minmax(8rem, 3fr)", isSecondary: true },
    cell: ({ all }) => (all.includes("*") ? "everything" : all.join(", ")),
  },
];

async function readRoles(signal: AbortSignal): Promise<readonly Role[]> {
  const [roles, permissions] = await Promise.all([
    call("GET /api/v1/roles", {}, { signal }),
    call("GET /appmesh/roles", {}, { signal }),
  ]);
  return roles.map((role) => ({ ...role, all: permissions[role.name] ?? [] }));
}

export default function RolesPage() {
  const roles = useRead("roles with permissions", readRoles);
  const [edited, setEdited] = useState<Role | "new">();
  const [whole, setWhole] = useState<Role>();
  const mayWrite = useMay("roles.write");
  const columns: readonly Column<Role>[] = [
    ...usualColumns,
    {
      ...{ id: "actions", title: "Actions", width: "6rem", isNumber: true },
      cell: (role) => <RoleActions role={role} onAll={() => setWhole(role)} changed={roles.reload} />,
    },
  ];
  return (
    <Page
      title="Roles"
      subtitle="What users may do. A user may have several."
      actions={
        mayWrite && (
          <Button kind="primary" onClick={() => setEdited("new")}>
            New role
          </Button>
        )
      }
    >
      <Panel isFlush>
        <Table
          what="roles"
          columns={columns}
          rows={roles.data}
          rowId={({ name }) => name}
          onOpen={setEdited}
          error={roles.error}
          onRetry={roles.reload}
          empty={<Empty title="There are no roles" />}
        />
      </Panel>
      {edited && (
        <RoleForm
          role={edited === "new" ? undefined : edited}
          onClose={() => setEdited(undefined)}
          onDone={roles.reload}
        />
      )}
      {whole && <AllPermissions role={whole} onClose={() => setWhole(undefined)} onDone={roles.reload} />}
    </Page>
  );
}

interface RoleActionsProps {
  readonly role: Role;
  onAll(): void;
  changed(): void;
}

function RoleActions({ role: { name, builtin }, onAll, changed }: RoleActionsProps) {
  const [, run] = useAction();
  const mayDelete = useMay("roles.delete");
  async function remove(): Promise<void> {
    const isSure = await confirm({
      title: `Delete the role ${name}?`,
      lost: "Users who have it may no longer do what it permits.",
      action: "Delete",
    });
    if (!isSure) return;
    await call("DELETE /api/v1/roles/{name}", { path: { name } });
    tell(`${name} is deleted`);
    changed();
  }
  const actions: readonly MenuAction[] = [
    { title: "All permissions…", act: onAll },
    ...(mayDelete && !builtin ? [{ title: "Delete…", act: () => run(`Could not delete ${name}`, remove) }] : []),
  ];
  return <MoreMenu label={`More for ${name}`} actions={actions} />;
}
