/** Addresses of the yard, and all other settings as they are in force. */
import { useState } from "react";
import { call } from "../../api/call.ts";
import { useRead } from "../../api/use-read.ts";
import { Failed, Loading } from "../../components/empty.tsx";
import { Field } from "../../components/field.tsx";
import { Facts, Panel } from "../../components/page.tsx";
import { SettingForm } from "./setting-form.tsx";

/** The keys that are set here; the others have a place of their own, or are kept for other clients. */
const editable = [
  {
    key: "base_url",
    title: "Address of this yard",
    hint: "What commands and links for people begin with, as https://yard.example.",
  },
  {
    key: "agent_public_url",
    title: "Address for agents",
    hint: "Where new hosts connect to, in place of what the yard finds out by itself.",
  },
] as const;

export function General() {
  const settings = useRead("settings", (signal) => call("GET /api/v1/settings", {}, { signal }));
  if (!settings.data)
    return settings.error === undefined ? (
      <Loading what="the settings" />
    ) : (
      <Failed what="The settings cannot be shown" error={settings.error} retry={settings.reload} />
    );
  const values = Object.fromEntries(settings.data.map(({ key, value }) => [key, value]));
  const others = settings.data.filter(({ key }) => !editable.some((each) => each.key === key));
  return (
    <>
      <Addresses values={values} changed={settings.reload} />
      <Panel title="In force">
        <Facts
          facts={Object.fromEntries(others.map(({ key, value }) => [key, <code key={key}>{value || "–"}</code>]))}
        />
      </Panel>
    </>
  );
}

function Addresses({ values, changed }: { values: Readonly<Record<string, string>>; changed: () => void }) {
  const [drafts, setDrafts] = useState<Readonly<Record<string, string>>>({});
  return (
    <SettingForm
      title="Addresses"
      submit={async () => {
        await call("PUT /api/v1/settings", { body: { ...drafts } });
        changed();
      }}
    >
      {editable.map(({ key, title, hint }) => (
        <Field
          key={key}
          label={title}
          hint={hint}
          type="url"
          value={drafts[key] ?? values[key] ?? ""}
          onChange={(event) => setDrafts({ ...drafts, [key]: event.target.value })}
        />
      ))}
    </SettingForm>
  );
}
