/** A new channel of a team, which can be tried before it is made; or what one that there is tells of. */
import { useState } from "react";
import { call } from "../../api/call.ts";
import type { Input } from "../../api/operations.ts";
import { Button } from "../../components/button.tsx";
import { Check } from "../../components/check.tsx";
import { CheckGroup } from "../../components/check-group.tsx";
import { FormDialog } from "../../components/form-dialog.tsx";
import { NameField } from "../../components/name-field.tsx";
import { tell } from "../../components/toasts.tsx";
import { useAction } from "../../components/use-action.ts";
import {
  type ChannelConfig,
  ChannelFields,
  chatFields,
  commonKinds,
  filledConfig,
} from "../channels/channel-fields.tsx";
import type { Channel } from "./channels.tsx";

type NewChannel = Input<"POST /v1/channels">["body"];
type Provider = NewChannel["provider"];
type ChannelEvent = NewChannel["events"][number];

const kinds = {
  ...commonKinds,
  googlechat: chatFields,
  telegram: [
    { name: "bot_token", title: "Token of the bot", isSecret: true },
    { name: "chat_id", title: "Id of the chat" },
  ],
  matrix: [
    { name: "homeserver_url", title: "Home server" },
    { name: "access_token", title: "Access token", isSecret: true },
    { name: "room_id", title: "Id of the room" },
  ],
} as const satisfies Record<Provider, unknown>;

const events: readonly ChannelEvent[] = [
  "capsule.created",
  "capsule.running",
  "capsule.paused",
  "capsule.destroyed",
  "template.snapshot.created",
  "template.snapshot.deleted",
  "host.up",
  "host.down",
];

interface ChannelFormProps {
  readonly teamId: string;
  /** None: a new one. */
  readonly channel: Channel | undefined;
  onSecret(secret: string | undefined): void;
  onDone(): void;
  onClose(): void;
}

export function ChannelForm({ teamId, channel, onSecret, onDone, onClose }: ChannelFormProps) {
  const [name, setName] = useState(channel?.name ?? "");
  const [kind, setKind] = useState<string>("webhook");
  const [config, setConfig] = useState<ChannelConfig>({});
  const [chosen, setChosen] = useState<readonly string[]>(channel?.events ?? events);
  const [busy, run] = useAction();
  const team = { team: teamId };
  const provider = kind as Provider;
  const wanted = () => events.filter((each) => chosen.includes(each));

  const test = (): void =>
    run("The test did not arrive", async () => {
      const body = { provider, config: filledConfig(kinds, kind, config) };
      await call("POST /v1/channels/test", { body }, team);
      tell("The test has arrived");
    });
  async function submit(): Promise<void> {
    if (channel) {
      await call("PATCH /v1/channels/{id}", { path: { id: channel.id }, body: { name, events: wanted() } }, team);
    } else {
      const body = { name, provider, config: filledConfig(kinds, kind, config), events: wanted() };
      const made = await call("POST /v1/channels", { body }, team);
      if (config.secret === undefined || config.secret === "") onSecret(made.secret);
    }
    onDone();
  }

  return (
    <FormDialog
      title={channel ? `Change ${channel.name}` : "New channel"}
      action={channel ? "Write" : "Make it"}
      submit={submit}
      onClose={onClose}
    >
      <NameField value={name} onChange={setName} />
      {!channel && (
        <>
          <ChannelFields kinds={kinds} kind={kind} config={config} onKind={setKind} onConfig={setConfig} />
          <div>
            <Button busy={busy} onClick={test}>
              Send a test
            </Button>
          </div>
        </>
      )}
      <CheckGroup title="It tells of">
        {events.map((each) => (
          <Check
            key={each}
            checked={chosen.includes(each)}
            onChange={(on) => setChosen(on ? [...chosen, each] : chosen.filter((other) => other !== each))}
          >
            {each}
          </Check>
        ))}
      </CheckGroup>
    </FormDialog>
  );
}
