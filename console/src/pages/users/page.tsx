/** The users of the yard: who there is, by which role, and what to do when one is locked out. */
import { useState } from "react";
import { call } from "../../api/call.ts";
import type { Reply } from "../../api/operations.ts";
import { useRead } from "../../api/use-read.ts";
import { useMay } from "../../api/use-self.ts";
import { Button } from "../../components/button.tsx";
import { Empty } from "../../components/empty.tsx";
import { Page, Panel } from "../../components/page.tsx";
import { SearchBox, useAskedWords } from "../../components/search-box.tsx";
import { Status } from "../../components/status.tsx";
import type { Column } from "../../components/table/columns.ts";
import { Table } from "../../components/table/table.tsx";
import { UserActions } from "./user-actions.tsx";
import { UserForm } from "./user-form.tsx";

export type User = Reply<"GET /api/v1/users">[number];

const searchText = ({ username, email, role }: User) => [username, email, role].join(" ");

const usualColumns: readonly Column<User>[] = [
  {
    ...{ id: "name", title: "Name", width: "minmax(7rem, 1.2fr)" },
    cell: ({ username }) => <strong>{username}</strong>,
    sortBy: ({ username }) => username,
  },
  {
    ...{ id: "email", title: "E-mail", width: "minmax(7rem, 1.5fr)", isSecondary: true },
    cell: ({ email }) => email ?? "–",
    sortBy: ({ email }) => email,
  },
  {
    ...{ id: "role", title: "Role", width: "minmax(5rem, 1fr)" },
    cell: ({ role }) => role,
    sortBy: ({ role }) => role,
  },
  {
    ...{ id: "tags", title: "Held to hosts", isSecondary: true },
    cell: ({ scope_tags: tags = [] }) => tags.join(", ") || "all of them",
  },
  {
    ...{ id: "mfa", title: "Second factor", width: "8rem", isSecondary: true },
    cell: ({ mfa_enabled: on }) => (on ? <Status tone="good">on</Status> : <Status tone="calm">off</Status>),
    sortBy: ({ mfa_enabled: on }) => Number(on),
  },
];

export default function UsersPage() {
  const users = useRead("users", (signal) => call("GET /api/v1/users", {}, { signal }), { everyMs: 30_000 });
  const [words, setWords] = useAskedWords();
  const [edited, setEdited] = useState<User | "new">();
  const mayWrite = useMay("users.write");
  const make = mayWrite && (
    <Button kind="primary" onClick={() => setEdited("new")}>
      New user
    </Button>
  );
  const columns: readonly Column<User>[] = [
    ...usualColumns,
    {
      ...{ id: "actions", title: "Actions", width: "6rem", isNumber: true },
      cell: (user) => <UserActions user={user} changed={users.reload} />,
    },
  ];
  return (
    <Page title="Users" subtitle={users.data && `${users.data.length} in all`} actions={make}>
      <Panel isFlush>
        <SearchBox label="Search users" value={words} onChange={setWords} />
        <Table
          what="users"
          columns={columns}
          rows={users.data}
          rowId={({ id }) => id}
          onOpen={mayWrite ? setEdited : undefined}
          search={{ words, textOf: searchText }}
          order={{ column: "name", isDescending: false }}
          error={users.error}
          onRetry={users.reload}
          empty={<Empty title="There are no users" actions={make} />}
        />
      </Panel>
      {edited && (
        <UserForm
          user={edited === "new" ? undefined : edited}
          onClose={() => setEdited(undefined)}
          onDone={users.reload}
        />
      )}
    </Page>
  );
}
