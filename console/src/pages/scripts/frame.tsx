/** What the pages of scripts have in common: the way from one to the other. */
import type { ReactNode } from "react";
import { useMay } from "../../api/use-self.ts";
import { Page } from "../../components/page.tsx";
import { Tabs } from "../../components/tabs.tsx";

const tabs = [
  { id: "", title: "Editor", permission: "scripts.run" },
  { id: "runs", title: "Runs", permission: "scripts.view" },
  { id: "memory", title: "Memory", permission: "scripts.view" },
  { id: "files", title: "Files", permission: "labels.view" },
] as const;

export type ScriptsTab = (typeof tabs)[number]["id"];

export function ScriptsFrame({ tab, children }: { tab: ScriptsTab; children: ReactNode }) {
  const may = Object.fromEntries(tabs.map(({ permission }) => [permission, false]));
  may["scripts.run"] = useMay("scripts.run");
  may["scripts.view"] = useMay("scripts.view");
  may["labels.view"] = useMay("labels.view");
  return (
    <Page title="Scripts" subtitle="JavaScript that remembers: each run can go on where the one before has left off.">
      <Tabs
        label="Parts of Scripts"
        base="/scripts"
        tabs={tabs.filter(({ permission }) => may[permission])}
        active={tab}
      />
      {children}
    </Page>
  );
}
