/** Where a team is told what becomes of its capsules, templates and hosts. */
import { useState } from "react";
import { call } from "../../api/call.ts";
import type { Reply } from "../../api/operations.ts";
import { useRead } from "../../api/use-read.ts";
import { useMay } from "../../api/use-self.ts";
import { Button } from "../../components/button.tsx";
import { Empty } from "../../components/empty.tsx";
import { Panel } from "../../components/page.tsx";
import { RemoveButton } from "../../components/remove-button.tsx";
import { ShownOnce } from "../../components/shown-once.tsx";
import type { Column } from "../../components/table/columns.ts";
import { Table } from "../../components/table/table.tsx";
import { DeliveryState } from "../channels/delivery-state.tsx";
import { ChannelForm } from "./channel-form.tsx";

export type Channel = Reply<"GET /v1/channels">[number];

export function TeamChannels({ teamId }: { teamId: string }) {
  const channels = useRead(
    `channels of ${teamId}`,
    (signal) => call("GET /v1/channels", {}, { signal, team: teamId }),
    {
      everyMs: 30_000,
    },
  );
  const [edited, setEdited] = useState<Channel | "new">();
  const [secret, setSecret] = useState<string>();
  const mayWrite = useMay("channels.write");
  const make = mayWrite && <Button onClick={() => setEdited("new")}>New channel</Button>;
  const columns: readonly Column<Channel>[] = [
    { ...{ id: "name", title: "Name" }, cell: ({ name }) => <strong>{name}</strong>, sortBy: ({ name }) => name },
    { ...{ id: "kind", title: "Kind", width: "7rem" }, cell: ({ provider }) => provider },
    {
      ...{ id: "state", title: "Last delivery", isSecondary: true },
      cell: (channel) => <DeliveryState channel={channel} />,
    },
    { ...{ id: "events", title: "Events", isSecondary: true }, cell: (channel) => channel.events.join(", ") },
    {
      ...{ id: "actions", title: "Actions", width: "6.5rem", isNumber: true },
      cell: ({ id, name }) =>
        mayWrite && (
          <RemoveButton
            name={name}
            question={`Remove the channel ${name}?`}
            lost="What is on its way there is dropped."
            remove={async () => {
              await call("DELETE /v1/channels/{id}", { path: { id } }, { team: teamId });
              channels.reload();
            }}
          />
        ),
    },
  ];
  return (
    <Panel title="Channels" isFlush actions={make}>
      <Table
        what="channels"
        columns={columns}
        rows={channels.data}
        rowId={({ id }) => id}
        onOpen={mayWrite ? setEdited : undefined}
        error={channels.error}
        onRetry={channels.reload}
        empty={
          <Empty title="There are no channels yet" actions={make}>
            A channel tells the team in a chat, or a program by a webhook, what happens.
          </Empty>
        }
      />
      {edited && (
        <ChannelForm
          teamId={teamId}
          channel={edited === "new" ? undefined : edited}
          onSecret={setSecret}
          onDone={channels.reload}
          onClose={() => setEdited(undefined)}
        />
      )}
      {secret !== undefined && (
        <ShownOnce title="The secret of the webhook" text={secret} onClose={() => setSecret(undefined)} />
      )}
    </Panel>
  );
}
