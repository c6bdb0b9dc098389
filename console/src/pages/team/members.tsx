/** Who is in a team. */
import { useState } from "react";
import { call } from "../../api/call.ts";
import { Button } from "../../components/button.tsx";
import { confirm } from "../../components/confirm.tsx";
import { Empty } from "../../components/empty.tsx";
import { Field } from "../../components/field.tsx";
import { FormDialog } from "../../components/form-dialog.tsx";
import { Ago } from "../../components/moments.tsx";
import { type MenuAction, MoreMenu } from "../../components/more-menu.tsx";
import { Panel } from "../../components/page.tsx";
import { Select } from "../../components/select.tsx";
import type { Column } from "../../components/table/columns.ts";
import { Table } from "../../components/table/table.tsx";
import { tell } from "../../components/toasts.tsx";
import { useAction } from "../../components/use-action.ts";
import type { TeamView } from "./page.tsx";

type Member = TeamView["members"][number];

/** What members may be, and what the API calls it by which that is set. */
const roles = {
  viewer: { wire: "Read", title: "Viewer: looks at everything" },
  member: { wire: "Write", title: "Member: uses everything" },
  admin: { wire: "Admin", title: "Admin: brings others in, too" },
} as const;
type GivenRole = keyof typeof roles;

const givenRoles = Object.keys(roles) as GivenRole[];

interface MembersProps {
  readonly team: TeamView;
  /** Of those who may only look: their names. */
  readonly viewers: ReadonlySet<string>;
  /** May bring others in, and change what they are. */
  readonly isLeading: boolean;
  changed(): void;
}

export function Members({ team, viewers, isLeading, changed }: MembersProps) {
  const [isAdding, setAdding] = useState(false);
  const roleOf = ({ name, role }: Member) => (viewers.has(name) ? "viewer" : role);
  const columns: readonly Column<Member>[] = [
    { ...{ id: "name", title: "Name" }, cell: ({ name }) => <strong>{name}</strong>, sortBy: ({ name }) => name },
    { ...{ id: "email", title: "E-mail", isSecondary: true }, cell: ({ email }) => email ?? "–" },
    { ...{ id: "role", title: "Role", width: "7rem" }, cell: roleOf, sortBy: roleOf },
    {
      ...{ id: "joined", title: "Joined", width: "7rem", isSecondary: true },
      cell: ({ joined_at: at }) => <Ago at={Date.parse(at)} />,
      sortBy: ({ joined_at: at }) => Date.parse(at),
    },
    {
      ...{ id: "actions", title: "Actions", width: "6rem", isNumber: true },
      cell: (member) =>
        isLeading && <MemberActions team={team.team} member={member} role={roleOf(member)} changed={changed} />,
    },
  ];
  return (
    <Panel
      title="Members"
      isFlush
      actions={isLeading && <Button onClick={() => setAdding(true)}>Bring somebody in…</Button>}
    >
      <Table
        what="members"
        columns={columns}
        rows={team.members}
        rowId={({ user_id: user }) => user}
        empty={<Empty title="Nobody is in this team" />}
      />
      {isAdding && <NewMember team={team.team} onDone={changed} onClose={() => setAdding(false)} />}
    </Panel>
  );
}

interface NewMemberProps {
  readonly team: TeamView["team"];
  onDone(): void;
  onClose(): void;
}

function NewMember({ team, onDone, onClose }: NewMemberProps) {
  const [who, setWho] = useState("");
  const [role, setRole] = useState<GivenRole>("member");
  async function bringIn(): Promise<void> {
    const { id } = team;
    const isAddress = who.includes("@");
    const name = isAddress
      ? (await call("POST /v1/teams/{id}/members", { path: { id }, body: { email: who } }, { team: id })).name
      : who;
    await setRoleOf(team, name, role);
    onDone();
  }
  return (
    <FormDialog title="Bring somebody in" action="Bring in" submit={bringIn} onClose={onClose}>
      <Field
        label="User name, or e-mail address of the account"
        required
        autoFocus
        autoComplete="off"
        autoCapitalize="none"
        value={who}
        onChange={(event) => setWho(event.target.value)}
      />
      <Select
        label="As"
        value={role}
        onChange={(event) => setRole(event.target.value as GivenRole)}
        options={givenRoles.map((value) => ({ value, title: roles[value].title }))}
      />
    </FormDialog>
  );
}

async function setRoleOf({ name: group }: TeamView["team"], username: string, role: GivenRole): Promise<void> {
  const relations = { [username]: roles[role].wire };
  await call("PUT /groups/{group_name}/users", { path: { group_name: group }, body: { relations } });
}

interface MemberActionsProps {
  readonly team: TeamView["team"];
  readonly member: Member;
  readonly role: Member["role"] | "viewer";
  changed(): void;
}

function MemberActions({ team, member: { user_id: uid, name }, role, changed }: MemberActionsProps) {
  const [, run] = useAction();
  if (role === "owner") return null;

  async function change(other: GivenRole): Promise<void> {
    await setRoleOf(team, name, other);
    tell(`${name} is ${other} now`);
    changed();
  }
  async function remove(): Promise<void> {
    const isSure = await confirm({
      title: `Take ${name} out of the team?`,
      lost: "What the user has made for the team stays with it.",
      action: "Take out",
    });
    if (!isSure) return;
    await call("DELETE /v1/teams/{id}/members/{uid}", { path: { id: team.id, uid } }, { team: team.id });
    changed();
  }

  const actions: readonly MenuAction[] = [
    ...givenRoles
      .filter((other) => other !== role)
      .map((other) => ({ title: `Make ${other}`, act: () => run("Could not change the role", () => change(other)) })),
    { title: "Take out…", act: () => run(`Could not take ${name} out`, remove) },
  ];
  return <MoreMenu label={`More for ${name}`} actions={actions} />;
}
