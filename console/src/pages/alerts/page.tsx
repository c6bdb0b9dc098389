/** Rules that tell when containers are not well, what they have told, and whom. */
import { Page } from "../../components/page.tsx";
import { Tabs } from "../../components/tabs.tsx";
import type { PageProps } from "../../routes.ts";
import { AlertChannels } from "./channels.tsx";
import { AlertHistory } from "./history.tsx";
import { AlertRules } from "./rules.tsx";

const tabs = [
  { id: "", title: "Rules" },
  { id: "history", title: "History" },
  { id: "channels", title: "Channels" },
];

export default function AlertsPage({ params: { tab = "" } }: PageProps) {
  return (
    <Page title="Alerts" subtitle="Who is told when a container is not well">
      <Tabs label="Parts of the alerts" base="/alerts" tabs={tabs} active={tab} />
      {tab === "" && <AlertRules />}
      {tab === "history" && <AlertHistory />}
      {tab === "channels" && <AlertChannels />}
    </Page>
  );
}
