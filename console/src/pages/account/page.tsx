/** One's own account: password, second factor, logins, and tokens for programs. */
import { call } from "../../api/call.ts";
import { useRead } from "../../api/use-read.ts";
import { useMay, useSelf } from "../../api/use-self.ts";
import { Facts, Page, Panel } from "../../components/page.tsx";
import { type Tab, Tabs } from "../../components/tabs.tsx";
import type { PageProps } from "../../routes.ts";
import { Password } from "./password.tsx";
import { SecondFactor } from "./second-factor.tsx";
import { Sessions } from "./sessions.tsx";
import { ApiTokens } from "./tokens.tsx";

export default function AccountPage({ params: { tab = "" } }: PageProps) {
  const { username, userId, roles, teams } = useSelf();
  const me = useRead("me", (signal) => call("GET /api/v1/me", {}, { signal }));
  const mayTokens = useMay("fleet.manage");
  const tabs: readonly Tab[] = [
    { id: "", title: "You" },
    { id: "logins", title: "Logins" },
    ...(mayTokens ? [{ id: "tokens", title: "API tokens" }] : []),
  ];
  return (
    <Page title="Your account" subtitle={username}>
      <Tabs label="Parts of your account" base="/account" tabs={tabs} active={tab} />
      {tab === "" && (
        <>
          <Panel title="Who you are">
            <Facts
              facts={{
                Name: username,
                "E-mail": me.data && "email" in me.data ? me.data.email : undefined,
                Roles: roles.join(", "),
                Teams: teams.map(({ name, role }) => `${name} (${role})`).join(", "),
                Id: <code>{userId}</code>,
              }}
            />
          </Panel>
          <Password userId={userId} />
          {me.data && <SecondFactor isOn={me.data.mfa_enabled} changed={me.reload} />}
        </>
      )}
      {tab === "logins" && <Sessions />}
      {tab === "tokens" && <ApiTokens />}
    </Page>
  );
}
