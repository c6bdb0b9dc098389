/** What is done to a user now and then, and when one is locked out. */
import { useState } from "react";
import { call } from "../../api/call.ts";
import { useMay, useSelf } from "../../api/use-self.ts";
import { confirm } from "../../components/confirm.tsx";
import { Field } from "../../components/field.tsx";
import { FormDialog } from "../../components/form-dialog.tsx";
import { type MenuAction, MoreMenu } from "../../components/more-menu.tsx";
import { tell } from "../../components/toasts.tsx";
import { useAction } from "../../components/use-action.ts";
import type { User } from "./page.tsx";
import { TeamQuota } from "./team-quota.tsx";
import { UserRoles } from "./user-roles.tsx";

export function UserActions({
  user: { id, username, mfa_enabled: hasMfa },
  changed,
}: {
  user: User;
  changed: () => void;
}) {
  const [, run] = useAction();
  const [open, setOpen] = useState<"password" | "roles" | "teams">();
  const { username: own, isAdmin } = useSelf();
  const mayRoles = useMay("users.write");
  const mayDelete = useMay("users.delete");
  const mayUnlock = useMay("users.unlock");
  const mayPassword = useMay("password.change-any");
  const mayMfa = useMay("totp.disable");
  const path = { id };
  const close = (): void => setOpen(undefined);

  async function remove(): Promise<void> {
    const isSure = await confirm({
      title: `Delete the user ${username}?`,
      lost: "The account, its sessions, keys and tokens end at once. What the user's teams own stays.",
      action: "Delete",
    });
    if (!isSure) return;
    await call("DELETE /api/v1/users/{id}", { path });
    tell(`${username} is deleted`);
    changed();
  }
  async function unlock(): Promise<void> {
    await call("POST /api/v1/users/{id}/unlock", { path });
    tell(`${username} can log in again`);
  }
  async function dropMfa(): Promise<void> {
    const isSure = await confirm({
      title: `Take the second factor off ${username}?`,
      lost: "The password alone is enough then, until a new device is set up.",
      action: "Take it off",
    });
    if (!isSure) return;
    await call("DELETE /api/v1/users/{id}/mfa", { path });
    changed();
  }

  const actions: readonly MenuAction[] = [
    ...(mayRoles ? [{ title: "Roles…", act: () => setOpen("roles") }] : []),
    ...(isAdmin ? [{ title: "How many teams…", act: () => setOpen("teams") }] : []),
    ...(mayPassword && username !== own ? [{ title: "Set a password…", act: () => setOpen("password") }] : []),
    ...(mayUnlock ? [{ title: "Unlock", act: () => run(`Could not unlock ${username}`, unlock) }] : []),
    ...(mayMfa && hasMfa && username !== own
      ? [{ title: "Take second factor off…", act: () => run("Could not take it off", dropMfa) }]
      : []),
    ...(mayDelete && username !== own
      ? [{ title: "Delete…", act: () => run(`Could not delete ${username}`, remove) }]
      : []),
  ];
  if (actions.length === 0) return null;
  return (
    <>
      <MoreMenu label={`More for ${username}`} actions={actions} />
      {open === "password" && <SetPassword id={id} username={username} onClose={close} />}
      {open === "roles" && <UserRoles username={username} onClose={close} onDone={changed} />}
      {open === "teams" && <TeamQuota username={username} onClose={close} />}
    </>
  );
}

function SetPassword({ id, username, onClose }: { id: string; username: string; onClose: () => void }) {
  const [password, setPassword] = useState("");
  return (
    <FormDialog
      title={`A new password for ${username}`}
      description="The sessions of this user end, everywhere."
      action="Set it"
      submit={async () => {
        await call("PUT /api/v1/users/{id}/password", { path: { id }, body: { password } });
        tell(`${username} has a new password`);
      }}
      onClose={onClose}
    >
      <Field
        label="Password"
        type="password"
        required
        autoFocus
        autoComplete="new-password"
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
    </FormDialog>
  );
}
