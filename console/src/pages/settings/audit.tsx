/** How long the audit log is kept, and where its entries are sent. */
import { useState } from "react";
import { call } from "../../api/call.ts";
import type { Reply } from "../../api/operations.ts";
import { useRead } from "../../api/use-read.ts";
import { Button } from "../../components/button.tsx";
import { Failed, Loading } from "../../components/empty.tsx";
import { Field } from "../../components/field.tsx";
import { countText } from "../../components/moments.tsx";
import { Select } from "../../components/select.tsx";
import { tell } from "../../components/toasts.tsx";
import { useAction } from "../../components/use-action.ts";
import { SettingForm } from "./setting-form.tsx";

type Retention = Reply<"GET /api/v1/audit/retention">;
type Webhook = Reply<"GET /api/v1/audit/webhook">;

export function AuditSettings() {
  const read = useRead("audit settings", async (signal) => {
    const [retention, webhook] = await Promise.all([
      call("GET /api/v1/audit/retention", {}, { signal }),
      call("GET /api/v1/audit/webhook", {}, { signal }),
    ]);
    return { retention, webhook };
  });
  if (!read.data)
    return read.error === undefined ? (
      <Loading what="the settings" />
    ) : (
      <Failed what="The settings cannot be shown" error={read.error} retry={read.reload} />
    );
  return (
    <>
      <RetentionForm retention={read.data.retention} changed={read.reload} />
      <WebhookForm webhook={read.data.webhook} changed={read.reload} />
    </>
  );
}

const modes = [
  { value: "forever", title: "For good" },
  { value: "days", title: "For some days, then deleted" },
  { value: "archive_local", title: "For some days, then moved to an archive on the yard's disk" },
];

function RetentionForm({ retention: { config, preview }, changed }: { retention: Retention; changed: () => void }) {
  const [mode, setMode] = useState<string>(config.mode);
  const [days, setDays] = useState(String(config.days ?? 365));
  return (
    <SettingForm
      title="Retention"
      submit={async () => {
        const kept = mode as Retention["config"]["mode"];
        const body = { mode: kept, ...(kept !== "forever" && { days: Number(days) }) };
        await call("PUT /api/v1/audit/retention", { body });
        changed();
      }}
    >
      <Select
        label="Entries are kept"
        hint={`There are ${countText(preview.total_rows)}; ${countText(preview.would_prune)} are too old now.`}
        value={mode}
        onChange={(event) => setMode(event.target.value)}
        options={modes}
      />
      {mode !== "forever" && (
        <Field
          label="Days"
          type="number"
          min={1}
          required
          value={days}
          onChange={(event) => setDays(event.target.value)}
        />
      )}
    </SettingForm>
  );
}

function WebhookForm({ webhook, changed }: { webhook: Webhook; changed: () => void }) {
  const [url, setUrl] = useState(webhook.url);
  const [secret, setSecret] = useState("");
  const [actions, setActions] = useState(webhook.filter_actions.join(", "));
  const [busy, run] = useAction();
  const test = (): void =>
    run("The test did not arrive", async () => {
      await call("POST /api/v1/audit/webhook/test");
      tell("The test has arrived");
    });
  return (
    <SettingForm
      title="Webhook"
      submit={async () => {
        const filter_actions = actions.split(/[\s,]+/).filter(Boolean);
        const body = { url, filter_actions, ...(secret !== "" && { secret }) };
        await call("PUT /api/v1/audit/webhook", { body });
        setSecret("");
        changed();
      }}
      more={
        webhook.url !== "" && (
          <Button busy={busy} onClick={test}>
            Send a test
          </Button>
        )
      }
    >
      <Field
        label="Address"
        hint="Each new entry is sent there, in order, until it arrives. Empty: nowhere."
        type="url"
        value={url}
        onChange={(event) => setUrl(event.target.value)}
      />
      <Field
        label="Secret"
        hint={webhook.has_secret ? "Left empty, it stays." : "Entries are signed with it."}
        type="password"
        autoComplete="off"
        value={secret}
        onChange={(event) => setSecret(event.target.value)}
      />
      <Field
        label="Only these actions"
        hint="With commas between, as stack.deploy; none: all."
        value={actions}
        onChange={(event) => setActions(event.target.value)}
      />
    </SettingForm>
  );
}
