/** Where alerts go. */
import { useState } from "react";
import { call } from "../../api/call.ts";
import type { Reply } from "../../api/operations.ts";
import { useRead } from "../../api/use-read.ts";
import { Button } from "../../components/button.tsx";
import { confirm } from "../../components/confirm.tsx";
import { Empty } from "../../components/empty.tsx";
import { type MenuAction, MoreMenu } from "../../components/more-menu.tsx";
import { Panel } from "../../components/page.tsx";
import { Status } from "../../components/status.tsx";
import type { Column } from "../../components/table/columns.ts";
import { Table } from "../../components/table/table.tsx";
import { tell } from "../../components/toasts.tsx";
import { useAction } from "../../components/use-action.ts";
import { DeliveryState } from "../channels/delivery-state.tsx";
import { ChannelForm } from "./channel-form.tsx";

export type Channel = Reply<"GET /api/v1/notifications/channels">[number];

export function AlertChannels() {
  const channels = useRead("alert channels", (signal) => call("GET /api/v1/notifications/channels", {}, { signal }), {
    everyMs: 30_000,
  });
  const [edited, setEdited] = useState<Channel | "new">();
  const make = <Button onClick={() => setEdited("new")}>New channel</Button>;
  const columns: readonly Column<Channel>[] = [
    { ...{ id: "name", title: "Name" }, cell: ({ name }) => <strong>{name}</strong>, sortBy: ({ name }) => name },
    { ...{ id: "type", title: "Kind", width: "7rem" }, cell: ({ type }) => type, sortBy: ({ type }) => type },
    {
      ...{ id: "on", title: "State", width: "6rem", isSecondary: true },
      cell: ({ enabled }) => <Status tone={enabled ? "good" : "calm"}>{enabled ? "on" : "off"}</Status>,
    },
    {
      ...{ id: "last", title: "Last delivery", width: "minmax(8rem, 2fr)", isSecondary: true },
      cell: (channel) => <DeliveryState channel={channel} />,
    },
    {
      ...{ id: "actions", title: "Actions", width: "6rem", isNumber: true },
      cell: (channel) => <ChannelActions channel={channel} changed={channels.reload} />,
    },
  ];
  return (
    <Panel title="Channels" isFlush actions={make}>
      <Table
        what="channels"
        columns={columns}
        rows={channels.data}
        rowId={({ id }) => String(id)}
        onOpen={setEdited}
        error={channels.error}
        onRetry={channels.reload}
        empty={
          <Empty title="Nobody is told yet" actions={make}>
            A channel is a chat, a mail address, a phone or a webhook. Rules name the channels that they tell.
          </Empty>
        }
      />
      {edited && (
        <ChannelForm
          channel={edited === "new" ? undefined : edited}
          onDone={channels.reload}
          onClose={() => setEdited(undefined)}
        />
      )}
    </Panel>
  );
}

function ChannelActions({ channel: { id, name }, changed }: { channel: Channel; changed: () => void }) {
  const [, run] = useAction();
  async function test(): Promise<void> {
    await call("POST /api/v1/notifications/channels/{id}/test", { path: { id } });
    tell("The test has arrived");
    changed();
  }
  async function remove(): Promise<void> {
    const isSure = await confirm({
      title: `Delete the channel ${name}?`,
      lost: "Rules that name it go on without it.",
      action: "Delete",
    });
    if (!isSure) return;
    await call("DELETE /api/v1/notifications/channels/{id}", { path: { id } });
    changed();
  }
  const actions: readonly MenuAction[] = [
    { title: "Send a test", act: () => run("The test did not arrive", test) },
    { title: "Delete…", act: () => run(`Could not delete ${name}`, remove) },
  ];
  return <MoreMenu label={`More for ${name}`} actions={actions} />;
}
