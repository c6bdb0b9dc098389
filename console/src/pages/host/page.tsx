/** One host: what it has, how busy it was over the last hour, its tags, and what runs there. */
import { Suspense, useState } from "react";
import { Link, useLocation } from "wouter";
import { call } from "../../api/call.ts";
import { useRead } from "../../api/use-read.ts";
import { useMay } from "../../api/use-self.ts";
import { Button, LinkButton } from "../../components/button.tsx";
import { confirm } from "../../components/confirm.tsx";
import { Empty, Failed, Loading } from "../../components/empty.tsx";
import { Field } from "../../components/field.tsx";
import { FormDialog } from "../../components/form-dialog.tsx";
import { bytesText } from "../../components/moments.tsx";
import { Facts, Page, Panel } from "../../components/page.tsx";
import { tell } from "../../components/toasts.tsx";
import { useAction } from "../../components/use-action.ts";
import { lazyPart } from "../../lazy-part.ts";
import type { PageProps } from "../../routes.ts";
import { type Enrolment, EnrolmentShown } from "../hosts/enrol-host.tsx";
import { type Host, HostStatus, LastSeen } from "../hosts/host-state.tsx";
import { HostContainers } from "./containers.tsx";

const Plot = lazyPart(() => import("../../components/plot.tsx"));

const mebibyte = 1024 * 1024;

export default function HostPage({ params: { id = "" } }: PageProps) {
  const hosts = useRead(
    `host ${id}`,
    async (signal) => (await call("GET /yard/v1/hosts", { query: { limit: 500 } }, { signal })).items,
    { topics: ["hosts"], everyMs: 30_000 },
  );
  const host = hosts.data?.find((each) => each.id === id || each.engineId === id);
  if (!hosts.data)
    return hosts.error === undefined ? (
      <Loading what="the host" />
    ) : (
      <Failed isWholePage what="The host cannot be shown" error={hosts.error} retry={hosts.reload} />
    );
  if (!host)
    return (
      <Empty isWholePage title="There is no such host" actions={<LinkButton href="/hosts">All hosts</LinkButton>}>
        It was removed, or is not within your reach.
      </Empty>
    );
  return (
    <Page
      title={host.name}
      badge={<HostStatus host={host} />}
      subtitle={host.isLocal ? "The machine of this yard" : <code>{host.id}</code>}
      actions={<HostActions host={host} changed={hosts.reload} />}
    >
      <Panel title="What it is">
        <Facts
          facts={{
            "Last seen": <LastSeen host={host} />,
            System: [host.os, host.arch].filter(Boolean).join(" "),
            Cores: host.cpuCores ?? undefined,
            Memory: host.memoryMb === null ? undefined : bytesText(host.memoryMb * mebibyte),
            Disk: host.diskMb === null ? undefined : bytesText(host.diskMb * mebibyte),
            Agent: host.agentVersion ?? undefined,
            Docker: host.dockerVersion ?? undefined,
            Tags: host.tags.join(", ") || "none",
            Team: host.team ?? "everybody's",
            Findings: host.isLocal && <Link href="/doctor">What this machine can do</Link>,
          }}
        />
      </Panel>
      <Load host={host} />
      {host.status === "online" && <HostContainers engineId={host.engineId} />}
    </Page>
  );
}

function Load({ host: { id } }: { host: Host }) {
  const load = useRead(`load ${id}`, (signal) => call("GET /yard/v1/load", { query: { host: id } }, { signal }), {
    everyMs: 30_000,
  });
  const points = load.data?.points ?? [];
  if (points.length < 2) return null;
  const times = points.map(({ at }) => at);
  return (
    <Panel title="The last hour">
      <Suspense fallback={<Loading what="the plot" />}>
        <h3>CPU</h3>
        <Plot
          title="CPU"
          times={times}
          series={[{ name: "CPU", values: points.map(({ cpuPercent }) => cpuPercent) }]}
          format={percentText}
        />
        <h3>Memory</h3>
        <Plot
          title="Memory"
          times={times}
          series={[{ name: "Memory", values: points.map(({ memoryBytes }) => memoryBytes) }]}
          format={bytesText}
        />
      </Suspense>
    </Panel>
  );
}

const percentText = (value: number) => `${Math.round(value)} %`;

function HostActions({ host, changed }: { host: Host; changed: () => void }) {
  const [busy, run] = useAction();
  const [tags, setTags] = useState<string>();
  const [enrolment, setEnrolment] = useState<Enrolment>();
  const [, navigate] = useLocation();
  const mayManage = useMay("fleet.manage");
  if (!mayManage) return null;
  const path = { id: host.engineId };

  async function writeTags(): Promise<void> {
    const body = { tags: (tags ?? "").split(/[\s,]+/).filter(Boolean) };
    await call("PUT /api/v1/hosts/{id}/tags", { path, body });
    changed();
  }
  async function remove(): Promise<void> {
    const isSure = await confirm({
      title: `Remove the host ${host.name}?`,
      lost: "Its agent is let in no longer. What it runs of this yard ends when the agent hears of that; containers go on by themselves, out of the yard's sight.",
      action: "Remove",
    });
    if (!isSure) return;
    await call("DELETE /api/v1/agents/{id}", { path });
    tell(`${host.name} is removed`);
    navigate("/hosts");
  }
  async function again(): Promise<void> {
    if (host.status !== "pending") {
      const isSure = await confirm({
        title: `Another token for ${host.name}?`,
        lost: "The machine that enrols with it takes the place of the one before, which is let in no longer.",
        action: "Make a token",
      });
      if (!isSure) return;
    }
    setEnrolment(await call("POST /api/v1/agents/{id}/rotate-token", { path }));
    changed();
  }

  return (
    <>
      <Button onClick={() => setTags(host.tags.join(", "))}>Tags…</Button>
      {!host.isLocal && (
        <>
          <Button busy={busy} onClick={() => run("Could not make a token", again)}>
            Enrol again…
          </Button>
          <Button busy={busy} onClick={() => run(`Could not remove ${host.name}`, remove)}>
            Remove…
          </Button>
        </>
      )}
      {tags !== undefined && (
        <FormDialog
          title={`Tags of ${host.name}`}
          description="Users and registries can be held to hosts with certain tags."
          action="Write"
          submit={writeTags}
          onClose={() => setTags(undefined)}
        >
          <Field
            label="Tags"
            hint="Small letters, digits and hyphens, with commas between."
            autoFocus
            autoComplete="off"
            value={tags}
            onChange={(event) => setTags(event.target.value)}
          />
        </FormDialog>
      )}
      {enrolment && <EnrolmentShown enrolment={enrolment} onClose={() => setEnrolment(undefined)} />}
    </>
  );
}
