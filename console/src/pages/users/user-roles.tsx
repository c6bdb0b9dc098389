/** All roles of a user, of which there may be several: what each of them permits, the user may. */
import { useState } from "react";
import { call } from "../../api/call.ts";
import type { Reply } from "../../api/operations.ts";
import { useRead } from "../../api/use-read.ts";
import { Check } from "../../components/check.tsx";
import { CheckGroup } from "../../components/check-group.tsx";
import { Failed, Loading } from "../../components/empty.tsx";
import { FormDialog } from "../../components/form-dialog.tsx";
import { tell } from "../../components/toasts.tsx";

type AppMeshUser = Extract<Reply<"GET /appmesh/users">, readonly unknown[]>[number];

interface UserRolesProps {
  readonly username: string;
  onClose(): void;
  onDone(): void;
}

export function UserRoles({ username, onClose, onDone }: UserRolesProps) {
  const read = useRead(`roles of ${username}`, async (signal) => {
    const [users, roles] = await Promise.all([
      call("GET /appmesh/users", {}, { signal }),
      call("GET /appmesh/roles", {}, { signal }),
    ]);
    return { user: userIn(users, username), names: Object.keys(roles).sort() };
  });
  const [changed, setChanged] = useState<readonly string[]>();
  const held = changed ?? read.data?.user?.roles ?? [];

  async function submit(): Promise<void> {
    const user = read.data?.user;
    if (!user || changed === undefined) return;
    // The whole user goes back as it was read: what is left out would become empty.
    await call("PUT /appmesh/user/{user_name}", {
      path: { user_name: username },
      body: { ...user, roles: [...changed] },
    });
    tell(`${username} has ${changed.join(", ") || "no role"} now`);
    onDone();
  }

  return (
    <FormDialog title={`Roles of ${username}`} action="Write" submit={submit} onClose={onClose}>
      {!read.data && read.error === undefined && <Loading what="the roles" />}
      {read.error !== undefined && <Failed what="The roles cannot be shown" error={read.error} retry={read.reload} />}
      {read.data && (
        <CheckGroup title="The user has">
          {read.data.names.map((name) => (
            <Check
              key={name}
              checked={held.includes(name)}
              onChange={(on) => setChanged(on ? [...held, name] : held.filter((each) => each !== name))}
            >
              {name}
            </Check>
          ))}
        </CheckGroup>
      )}
    </FormDialog>
  );
}

function userIn(users: Reply<"GET /appmesh/users">, username: string): AppMeshUser | undefined {
  return Object.values(users).find(({ name }) => name === username);
}
