/** What holds for the whole yard, and is set while it runs. */
import { Page } from "../../components/page.tsx";
import { Tabs } from "../../components/tabs.tsx";
import type { PageProps } from "../../routes.ts";
import { AuditSettings } from "./audit.tsx";
import { General } from "./general.tsx";
import { PasswordPolicy } from "./policy.tsx";
import { Providers } from "./providers.tsx";
import { Registries } from "./registries.tsx";
import { Variables } from "./variables.tsx";

const tabs = [
  { id: "", title: "General" },
  { id: "passwords", title: "Passwords" },
  { id: "sign-in", title: "Sign-in providers" },
  { id: "registries", title: "Registries" },
  { id: "variables", title: "Variables" },
  { id: "audit", title: "Audit" },
];

export default function SettingsPage({ params: { tab = "" } }: PageProps) {
  return (
    <Page title="Settings" subtitle="Each counts at once, for the whole yard">
      <Tabs label="Parts of the settings" base="/settings" tabs={tabs} active={tab} />
      {tab === "" && <General />}
      {tab === "passwords" && <PasswordPolicy />}
      {tab === "sign-in" && <Providers />}
      {tab === "registries" && <Registries />}
      {tab === "variables" && <Variables />}
      {tab === "audit" && <AuditSettings />}
    </Page>
  );
}
