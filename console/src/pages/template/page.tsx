/** One template of stacks, to be looked at, changed, copied, or made. */
import { parse } from "yaml";
import { call } from "../../api/call.ts";
import { useRead } from "../../api/use-read.ts";
import { LinkButton } from "../../components/button.tsx";
import { Empty, Failed, Loading } from "../../components/empty.tsx";
import type { PageProps } from "../../routes.ts";
import { type Draft, freshDraft, TemplateEditor } from "./editor.tsx";

export default function TemplatePage({ params: { id = "" } }: PageProps) {
  const source = id === "new" ? new URLSearchParams(location.search).get("from") : id;
  if (source === null) return <TemplateEditor draft={freshDraft} />;
  return <KnownTemplate key={id} id={Number(source)} isCopy={id === "new"} />;
}

function KnownTemplate({ id, isCopy }: { id: number; isCopy: boolean }) {
  const read = useRead(`template ${id}`, (signal) => readTemplate(id, signal));
  if (!read.data)
    return read.error === undefined ? (
      <Loading what="the template" />
    ) : (
      <Failed isWholePage what="The template cannot be shown" error={read.error} retry={read.reload} />
    );
  const { template, draft } = read.data;
  if (!template)
    return (
      <Empty
        isWholePage
        title="There is no such template"
        actions={<LinkButton href="/stack-templates">All templates</LinkButton>}
      >
        It was deleted, or never made.
      </Empty>
    );
  if (!isCopy) return <TemplateEditor template={template} draft={draft} changed={read.reload} />;
  return <TemplateEditor draft={{ ...draft, name: `${draft.name} (copy)`, slug: `${draft.slug}-copy` }} />;
}

/** The list tells of places that the texts name, too; what was written of them besides is in the file alone. */
async function readTemplate(id: number, signal: AbortSignal) {
  const template = (await call("GET /api/v1/templates", {}, { signal })).find((each) => each.id === id);
  if (!template) return { template, draft: freshDraft };
  const file = await call("GET /api/v1/templates/{id}/export", { path: { id } }, { signal });
  return { template, draft: parse(file) as Draft };
}
