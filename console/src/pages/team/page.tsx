/** One team: who is in it, its keys, and where it is told what happens. */
import { useState } from "react";
import { useLocation } from "wouter";
import { call } from "../../api/call.ts";
import type { Reply } from "../../api/operations.ts";
import { useRead } from "../../api/use-read.ts";
import { useMay, useSelf } from "../../api/use-self.ts";
import { Button } from "../../components/button.tsx";
import { confirm } from "../../components/confirm.tsx";
import { Failed, Loading } from "../../components/empty.tsx";
import { FormDialog } from "../../components/form-dialog.tsx";
import { NameField } from "../../components/name-field.tsx";
import { Page } from "../../components/page.tsx";
import { type Tab, Tabs } from "../../components/tabs.tsx";
import { tell } from "../../components/toasts.tsx";
import { useAction } from "../../components/use-action.ts";
import type { PageProps } from "../../routes.ts";
import { TeamChannels } from "./channels.tsx";
import { TeamKeys } from "./keys.tsx";
import { Members } from "./members.tsx";
import { type Group, Usage } from "./usage.tsx";

export type TeamView = Reply<"GET /v1/teams/{id}">;

export default function TeamPage({ params: { id = "", tab = "" } }: PageProps) {
  const team = useRead(`team ${id}`, (signal) => call("GET /v1/teams/{id}", { path: { id } }, { signal, team: id }));
  const name = team.data?.team.name;
  const group = useRead(name === undefined ? undefined : `group ${name}`, (signal) =>
    call("GET /groups/{group_name}", { path: { group_name: name ?? "" } }, { signal }),
  );
  const { userId, username } = useSelf();
  const mayKeys = useMay("keys.view");
  const mayChannels = useMay("channels.view");
  if (!team.data)
    return team.error === undefined ? (
      <Loading what="the team" />
    ) : (
      <Failed isWholePage what="The team cannot be shown" error={team.error} retry={team.reload} />
    );
  const own = team.data.members.find((member) => member.user_id === userId || member.name === username);
  const isLeading = own?.role === "owner" || own?.role === "admin";
  const changed = (): void => {
    team.reload();
    group.reload();
  };
  const tabs: readonly Tab[] = [
    { id: "", title: "Members" },
    ...(mayKeys ? [{ id: "keys", title: "Keys" }] : []),
    ...(mayChannels ? [{ id: "channels", title: "Channels" }] : []),
  ];
  return (
    <Page
      title={team.data.team.name}
      subtitle={own ? `A team; you are its ${own.role}` : "A team"}
      actions={
        <TeamActions team={team.data} isOwner={own?.role === "owner"} isLeading={isLeading} changed={team.reload} />
      }
    >
      <Tabs
        label={`Parts of ${team.data.team.name}`}
        base={`/teams/${encodeURIComponent(id)}`}
        tabs={tabs}
        active={tab}
      />
      {tab === "" && (
        <>
          <Members team={team.data} viewers={viewersOf(group.data)} isLeading={isLeading} changed={changed} />
          {group.data && <Usage group={group.data} changed={group.reload} />}
        </>
      )}
      {tab === "keys" && <TeamKeys teamId={id} />}
      {tab === "channels" && <TeamChannels teamId={id} />}
    </Page>
  );
}

/** Only those who lead the team are told of. */
function viewersOf(group: Group | undefined): ReadonlySet<string> {
  const found = Object.entries(group?.users_in_group ?? {}).filter(([, role]) => role === "Read");
  return new Set(found.map(([name]) => name));
}

interface TeamActionsProps {
  readonly team: TeamView;
  readonly isOwner: boolean;
  readonly isLeading: boolean;
  changed(): void;
}

function TeamActions({ team: { team }, isOwner, isLeading, changed }: TeamActionsProps) {
  const [busy, run] = useAction();
  const [name, setName] = useState<string>();
  const [, navigate] = useLocation();
  const { id } = team;
  const at = { path: { id } };

  async function leave(): Promise<void> {
    const isSure = await confirm({
      title: `Leave the team ${team.name}?`,
      lost: "You no longer see what it has. Somebody of the team can bring you back in.",
      action: "Leave",
    });
    if (!isSure) return;
    await call("POST /v1/teams/{id}/leave", at, { team: id });
    navigate("/teams");
  }
  async function remove(): Promise<void> {
    const isSure = await confirm({
      title: `End the team ${team.name}?`,
      lost: "Its capsules are destroyed, and its tasks, templates, keys, channels and attachments are gone for good.",
      action: "End it",
    });
    if (!isSure) return;
    await call("DELETE /v1/teams/{id}", at, { team: id });
    tell(`${team.name} is no more`);
    navigate("/teams");
  }

  return (
    <>
      {isLeading && <Button onClick={() => setName(team.name)}>Rename…</Button>}
      {!isOwner && (
        <Button busy={busy} onClick={() => run("Could not leave", leave)}>
          Leave…
        </Button>
      )}
      {isOwner && (
        <Button busy={busy} onClick={() => run(`Could not end ${team.name}`, remove)}>
          End it…
        </Button>
      )}
      {name !== undefined && (
        <FormDialog
          title={`Rename ${team.name}`}
          action="Rename"
          submit={async () => {
            await call("PATCH /v1/teams/{id}", { ...at, body: { name } }, { team: id });
            changed();
          }}
          onClose={() => setName(undefined)}
        >
          <NameField value={name} onChange={setName} />
        </FormDialog>
      )}
    </>
  );
}
