/** A new channel for alerts, or a change of one. */
import { useState } from "react";
import { call } from "../../api/call.ts";
import { Check } from "../../components/check.tsx";
import { FormDialog } from "../../components/form-dialog.tsx";
import { NameField } from "../../components/name-field.tsx";
import {
  type ChannelConfig,
  ChannelFields,
  type ChannelKinds,
  commonKinds,
  filledConfig,
} from "../channels/channel-fields.tsx";
import type { Channel } from "./channels.tsx";

const kinds: ChannelKinds = {
  ...commonKinds,
  email: [
    { name: "host", title: "Mail server" },
    { name: "port", title: "Port", isOptional: true, placeholder: "587" },
    { name: "security", title: "Security: starttls, tls or none", isOptional: true, placeholder: "starttls" },
    { name: "username", title: "User", isOptional: true },
    { name: "password", title: "Password", isSecret: true, isOptional: true },
    { name: "from", title: "From" },
    { name: "to", title: "To, several by comma" },
  ],
  ntfy: [
    { name: "server_url", title: "Server", isOptional: true, placeholder: "https://ntfy.sh" },
    { name: "topic", title: "Topic" },
    { name: "token", title: "Token", isSecret: true, isOptional: true },
  ],
  gotify: [
    { name: "server_url", title: "Server" },
    { name: "token", title: "Token", isSecret: true },
  ],
  pagerduty: [
    { name: "routing_key", title: "Routing key", isSecret: true },
    { name: "url", title: "Address, for accounts in Europe", isOptional: true },
  ],
  pushover: [
    { name: "token", title: "Token of the application", isSecret: true },
    { name: "user", title: "Key of the user", isSecret: true },
  ],
};

interface ChannelFormProps {
  /** None: a new one. */
  readonly channel: Channel | undefined;
  onDone(): void;
  onClose(): void;
}

export function ChannelForm({ channel, onDone, onClose }: ChannelFormProps) {
  const [name, setName] = useState(channel?.name ?? "");
  const [kind, setKind] = useState<string>(channel?.type ?? "webhook");
  const [config, setConfig] = useState<ChannelConfig>(textsOf(channel?.config ?? {}));
  const [enabled, setEnabled] = useState(channel?.enabled ?? true);

  async function submit(): Promise<void> {
    const filled: Record<string, unknown> = filledConfig(kinds, kind, config);
    if (typeof filled.port === "string") filled.port = Number(filled.port);
    const body = { name, type: kind, config: filled, enabled };
    if (channel) await call("PUT /api/v1/notifications/channels/{id}", { path: { id: channel.id }, body });
    else await call("POST /api/v1/notifications/channels", { body });
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
      <ChannelFields
        kinds={kinds}
        kind={kind}
        config={config}
        isKept={channel !== undefined}
        onKind={setKind}
        onConfig={setConfig}
      />
      <Check checked={enabled} onChange={setEnabled}>
        It is on
      </Check>
    </FormDialog>
  );
}

/** What the yard tells of a channel: all but its secrets. */
function textsOf(config: Readonly<Record<string, unknown>>): ChannelConfig {
  const plain = Object.entries(config).filter(([, value]) => typeof value === "string" || typeof value === "number");
  return Object.fromEntries(plain.map(([name, value]) => [name, String(value)]));
}
